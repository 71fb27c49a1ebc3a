// @ts-check
/**
 * Masks on a box: what they cost grows with what is selected, not with the photo.
 *
 * @import {Box, Mask, Patch, Point, Size} from "../types.js"
 */

export const SELECTED = 255;

/** @type {Patch} */
export const NOTHING = { box: [0, 0, 0, 0], data: new Uint8Array(0) };

/**
 * @param {Box} box
 * @returns {Box}  what of it lies in a photo of `size`; without area where nothing does
 * @param {Size} size
 */
export function within([x0, y0, x1, y1], { width, height }) {
  const left = Math.min(Math.max(x0, 0), width);
  const top = Math.min(Math.max(y0, 0), height);
  return [left, top, Math.max(Math.min(x1, width), left), Math.max(Math.min(y1, height), top)];
}

/**
 * @param {Box} box
 */
export const hasArea = ([x0, y0, x1, y1]) => x1 > x0 && y1 > y0;

/**
 * @param {Box} a
 * @param {Box} b
 * @returns {Box}  the smallest box around both
 */
export function joined(a, b) {
  if (!hasArea(a)) return b;
  if (!hasArea(b)) return a;
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}

/**
 * @param {Box} box
 * @param {number} by
 * @returns {Box}
 */
export const widened = ([x0, y0, x1, y1], by) => [x0 - by, y0 - by, x1 + by, y1 + by];

/**
 * A copy of `patch` on `box`: cut where the box is smaller, nothing selected where it is larger.
 *
 * @param {Patch} patch
 * @param {Box} box
 * @returns {Patch}
 */
export function copied({ box: from, data }, box) {
  const [width, old] = [box[2] - box[0], from[2] - from[0]];
  const copy = new Uint8Array(width * (box[3] - box[1]));
  const left = Math.max(box[0], from[0]);
  const right = Math.min(box[2], from[2]);
  const bottom = right > left ? Math.min(box[3], from[3]) : box[1];
  for (let y = Math.max(box[1], from[1]); y < bottom; y++) {
    const start = (y - from[1]) * old - from[0];
    copy.set(data.subarray(start + left, start + right), (y - box[1]) * width + left - box[0]);
  }
  return { box, data: copy };
}

/**
 * @param {Patch} patch
 * @returns {Box | null}  the smallest box that holds all that is selected; null: nothing is
 */
export function boxOf({ box, data }) {
  const [width, height] = [box[2] - box[0], box[3] - box[1]];
  let [left, right, top, bottom] = [width, -1, -1, -1];
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * width, (y + 1) * width);
    const first = row.indexOf(SELECTED);
    if (first < 0) continue;
    if (top < 0) top = y;
    bottom = y;
    left = Math.min(left, first);
    right = Math.max(right, row.lastIndexOf(SELECTED));
  }
  return top < 0 ? null : [box[0] + left, box[1] + top, box[0] + right + 1, box[1] + bottom + 1];
}

/**
 * @param {Patch} patch
 */
export const isEmpty = ({ data }) => !data.includes(SELECTED);

/**
 * Whether the pixel under `point` is selected.
 *
 * @param {Patch} patch
 * @param {Point} point
 */
export function isSelected({ box, data }, point) {
  const [x, y] = point.map(Math.round);
  if (x < box[0] || y < box[1] || x >= box[2] || y >= box[3]) return false;
  return data[(y - box[1]) * (box[2] - box[0]) + x - box[0]] > 0;
}

/**
 * @param {Patch} patch
 * @param {Size} size
 * @returns {Mask}
 */
export function whole(patch, { width, height }) {
  return { width, height, data: copied(patch, [0, 0, width, height]).data };
}

/**
 * @param {Mask} mask
 * @returns {Patch}  on no larger a box than it needs
 */
export function patched(mask) {
  /** @type {Patch} */
  const patch = { box: [0, 0, mask.width, mask.height], data: mask.data };
  const box = boxOf(patch);
  return box ? copied(patch, box) : NOTHING;
}
