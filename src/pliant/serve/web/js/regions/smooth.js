// @ts-check
/** @import {Patch, Size} from "../types.js" */

import { SELECTED, boxOf, copied, NOTHING, widened, within } from "./patch.js";

const PASSES = 3; // of a box: close to a Gaussian

/**
 * `patch` with its corners rounded: blurred by a Gaussian of `radius` pixels, then cut at half. A straight border
 * stays where it is, and so does the photo's.
 *
 * @param {Patch} patch
 * @param {number} radius  the Gaussian's standard deviation
 * @param {Size} size  of the photo
 * @returns {Patch}
 */
export function smoothed(patch, radius, size) {
  const tight = boxOf(patch);
  if (!tight) return NOTHING;
  // A box of 2r + 1 has the variance ((2r + 1)^2 - 1) / 12.
  const reach = Math.max(Math.round((Math.sqrt((12 * radius ** 2) / PASSES + 1) - 1) / 2), 1);
  const { box, data } = copied(patch, within(widened(tight, PASSES * reach), size));
  const [width, height] = [box[2] - box[0], box[3] - box[1]];
  const values = Float32Array.from(data);
  for (let pass = 0; pass < PASSES; pass++) {
    blurRows(values, width, height, reach);
    blurColumns(values, width, height, reach);
  }
  for (let i = 0; i < data.length; i++) data[i] = values[i] > SELECTED / 2 ? SELECTED : 0;
  return { box, data };
}

/**
 * Means over `2 reach + 1` pixels along the rows; the last pixel goes on beyond the border.
 *
 * @param {Float32Array} values  is changed
 * @param {number} width
 * @param {number} height
 * @param {number} reach
 */
function blurRows(values, width, height, reach) {
  const line = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    line.set(values.subarray(y * width, (y + 1) * width));
    let sum = line[0] * (reach + 1);
    for (let x = 1; x <= reach; x++) sum += line[Math.min(x, width - 1)];
    for (let x = 0; x < width; x++) {
      values[y * width + x] = sum / (2 * reach + 1);
      sum += line[Math.min(x + reach + 1, width - 1)] - line[Math.max(x - reach, 0)];
    }
  }
}

/**
 * The same down the columns, row after row, as memory lies.
 *
 * @param {Float32Array} values  is changed
 * @param {number} width
 * @param {number} height
 * @param {number} reach
 */
function blurColumns(values, width, height, reach) {
  const before = values.slice();
  /** @param {number} y */
  const rowAt = (y) => before.subarray(Math.min(Math.max(y, 0), height - 1) * width).subarray(0, width);
  const sums = new Float32Array(width);
  for (let y = -reach; y <= reach; y++) rowAt(y).forEach((value, x) => (sums[x] += value));
  for (let y = 0; y < height; y++) {
    const [next, last] = [rowAt(y + reach + 1), rowAt(y - reach)];
    for (let x = 0; x < width; x++) {
      values[y * width + x] = sums[x] / (2 * reach + 1);
      sums[x] += next[x] - last[x];
    }
  }
}
