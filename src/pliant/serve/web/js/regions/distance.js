// @ts-check
/**
 * Growing and shrinking by exact Euclidean distance, in linear time: Felzenszwalb and Huttenlocher, "Distance
 * Transforms of Sampled Functions", Theory of Computing 8 (2012), algorithm 1.
 *
 * @import {Patch, Size} from "../types.js"
 */

import { SELECTED, boxOf, copied, NOTHING, widened, within } from "./patch.js";

/**
 * `patch` grown by `radius` pixels with a round element; a negative number shrinks it. The photo's border is no
 * edge: what touches it is not shrunk there.
 *
 * @param {Patch} patch
 * @param {number} radius
 * @param {Size} size  of the photo
 * @returns {Patch}
 */
export function grown(patch, radius, size) {
  const tight = boxOf(patch);
  if (!tight) return NOTHING;
  const margin = radius > 0 ? Math.ceil(radius) : 1; // one pixel of background is what shrinking measures from
  const { box, data } = copied(patch, within(widened(tight, margin), size));
  const [width, height] = [box[2] - box[0], box[3] - box[1]];
  const away = squaredDistances(data, width, height, radius > 0);
  const limit = radius * radius;
  // The sums are whole numbers: a radius such as sqrt(2) must not fail by rounding.
  const slack = 1e-9 * limit;
  for (let i = 0; i < data.length; i++) data[i] = away[i] <= limit + slack === radius > 0 ? SELECTED : 0;
  return { box, data };
}

/**
 * From each pixel the squared distance to the nearest one that is selected (`wanted`) or not selected.
 *
 * @param {Uint8Array} data
 * @param {number} width
 * @param {number} height
 * @param {boolean} wanted
 * @returns {Float64Array}  Infinity everywhere where there is none
 */
export function squaredDistances(data, width, height, wanted) {
  const found = columnDistances(data, width, height, wanted);
  const row = new Float64Array(width);
  const hull = { at: new Int32Array(width), from: new Float64Array(width + 1) };
  for (let y = 0; y < height; y++) {
    row.set(found.subarray(y * width, (y + 1) * width));
    lowerEnvelope(row, hull, found.subarray(y * width, (y + 1) * width));
  }
  return found;
}

/**
 * The squared distances within each column.
 *
 * @param {Uint8Array} data
 * @param {number} width
 * @param {number} height
 * @param {boolean} wanted
 */
function columnDistances(data, width, height, wanted) {
  const away = new Float64Array(width * height);
  for (let i = 0; i < away.length; i++) {
    away[i] = data[i] > 0 === wanted ? 0 : i < width ? Infinity : away[i - width] + 1;
  }
  for (let i = away.length - width - 1; i >= 0; i--) away[i] = Math.min(away[i], away[i + width] + 1);
  for (let i = 0; i < away.length; i++) away[i] *= away[i];
  return away;
}

/**
 * At each x the least of the parabolas `heights[at] + (x - at)^2`.
 *
 * @param {Float64Array} heights
 * @param {{at: Int32Array, from: Float64Array}} hull  room to work in: the lowest parabolas, and where each
 *   begins to be
 * @param {Float64Array} out
 */
function lowerEnvelope(heights, { at, from }, out) {
  let last = -1;
  for (let x = 0; x < heights.length; x++) {
    if (heights[x] === Infinity) continue;
    let meet = -Infinity;
    while (last >= 0) {
      const other = at[last];
      meet = (heights[x] + x * x - heights[other] - other * other) / (2 * (x - other));
      if (meet > from[last]) break;
      last--;
    }
    at[++last] = x;
    from[last] = last ? meet : -Infinity;
  }
  if (last < 0) return void out.fill(Infinity);
  from[last + 1] = Infinity;
  for (let x = 0, i = 0; x < out.length; x++) {
    while (from[i + 1] < x) i++;
    out[x] = heights[at[i]] + (x - at[i]) ** 2;
  }
}
