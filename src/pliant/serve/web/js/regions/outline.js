// @ts-check
/** @import {Patch} from "../types.js" */

import { SELECTED } from "./patch.js";

// Moving right, down, left, up; the selected pixel is always on the right hand. For each direction the step and the
// pixels ahead, on the left and on the right hand, counted from the corner that was reached.
const WAYS = [
  { step: [1, 0], left: [0, -1], right: [0, 0] },
  { step: [0, 1], left: [0, 0], right: [-1, 0] },
  { step: [-1, 0], left: [-1, 0], right: [-1, -1] },
  { step: [0, -1], left: [-1, -1], right: [0, -1] },
];

/**
 * The closed lines around what is selected, along the edges of its pixels; around holes as well. Pixels that touch
 * at a corner belong together.
 *
 * @param {Patch} patch
 * @returns {Float32Array[]}  for each line the x, y of its corners, in pixels of the photo
 */
export function outlines({ box, data }) {
  const [width, height] = [box[2] - box[0], box[3] - box[1]];
  /** @param {number} x @param {number} y */
  const at = (x, y) => x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] > 0;
  const seen = new Uint8Array(data.length);
  /** @type {Float32Array[]} */
  const lines = [];
  for (const [x, y] of ceilings(data, width, height)) {
    if (seen[y * width + x]) continue;
    const corners = traced(x, y, at, (cx, cy) => (seen[cy * width + cx] = 1));
    lines.push(Float32Array.from(corners, (value, k) => value + box[k % 2] - 0.5));
  }
  return lines;
}

/**
 * The selected pixels with none above them: every line has one, over which it runs to the right.
 *
 * @param {Uint8Array} data
 * @param {number} width
 * @param {number} height
 * @returns {Generator<[number, number]>}
 */
function* ceilings(data, width, height) {
  const nothing = new Uint8Array(width);
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * width, (y + 1) * width);
    const above = y ? data.subarray((y - 1) * width, y * width) : nothing;
    // Whole runs are skipped by indexOf, many times faster than pixel by pixel.
    for (let x = row.indexOf(SELECTED); x >= 0; x = row.indexOf(SELECTED, x)) {
      const end = row.indexOf(0, x);
      for (
        let open = above.indexOf(0, x);
        open >= 0 && open < (end < 0 ? width : end);
        open = above.indexOf(0, open)
      ) {
        const shut = above.indexOf(SELECTED, open);
        const last = Math.min(shut < 0 ? width : shut, end < 0 ? width : end);
        while (open < last) yield [open++, y];
      }
      if (end < 0) break;
      x = end;
    }
  }
}

/**
 * @param {number} startX
 * @param {number} startY
 * @param {(x: number, y: number) => boolean} at
 * @param {(x: number, y: number) => void} pass  is told of each edge that runs to the right
 * @returns {number[]}  x, y of each corner, counted from the box's
 */
function traced(startX, startY, at, pass) {
  const corners = [];
  let [x, y, way] = [startX, startY, 0];
  do {
    if (way === 0) pass(x, y);
    const { step, left, right } = WAYS[way];
    x += step[0];
    y += step[1];
    const turn = at(x + left[0], y + left[1]) ? 3 : at(x + right[0], y + right[1]) ? 0 : 1;
    if (turn) corners.push(x, y);
    way = (way + turn) % 4;
  } while (x !== startX || y !== startY || way !== 0);
  return corners;
}
