// @ts-check
/**
 * Regions as pixels. A mark costs its own box and is drawn onto what the marks before it selected, which is
 * remembered; a stroke that goes on costs what was added to it.
 *
 * Patches are shared: nobody may write into one. The same marks give the same patch, so that a patch can stand for
 * what was made of it.
 *
 * @import {Box, Mark, Mask, Patch, Size, StrokeMark} from "./types.js"
 */

import { createMemo } from "./regions/memo.js";
import { brush, polygon, reach } from "./regions/draw.js";
import { grown } from "./regions/distance.js";
import { outlines } from "./regions/outline.js";
import { copied, hasArea, joined, NOTHING, SELECTED, whole, within } from "./regions/patch.js";
import { smoothed } from "./regions/smooth.js";

export { boxOf, isEmpty, isSelected, patched } from "./regions/patch.js";

const memo = createMemo(256 * 2 ** 20);

/** @type {WeakMap<Patch, Float32Array[]>} */
const drawn = new WeakMap();

/**
 * What `marks` select of a photo of `size`.
 *
 * @param {Mark[]} marks
 * @param {Size} size
 * @returns {Patch}
 */
export function patchOf(marks, size) {
  const known = memo.get(marks, size);
  if (known) return known;
  const mark = marks.at(-1);
  if (!mark) return NOTHING;
  const patch =
    (mark.kind === "stroke" && goneOn(marks, mark, size)) ||
    applied(standsAlone(mark) ? NOTHING : patchOf(marks.slice(0, -1), size), mark, size);
  memo.set(marks, size, patch);
  return patch;
}

/**
 * The same as a mask of the whole photo.
 *
 * @param {Mark[]} marks
 * @param {Size} size
 * @returns {Mask}
 */
export const maskOf = (marks, size) => whole(patchOf(marks, size), size);

/**
 * The closed lines around a patch, each as x, y of its corners in pixels of the photo.
 *
 * @param {Patch} patch
 * @returns {Float32Array[]}
 */
export function outlinesOf(patch) {
  const known = drawn.get(patch) ?? outlines(patch);
  drawn.set(patch, known);
  return known;
}

/**
 * `marks` by what `stroke`, their last, adds to a shorter one that is known; null: none is.
 *
 * @param {Mark[]} marks
 * @param {StrokeMark} stroke
 * @param {Size} size
 */
function goneOn(marks, stroke, size) {
  const shorter = memo.shorter(marks, stroke, size);
  return shorter && painted(shorter.patch, { ...stroke, points: stroke.points.slice(shorter.points - 1) }, size);
}

/**
 * @param {Mark} mark
 */
const standsAlone = (mark) => mark.kind === "mask" && mark.replace;

/**
 * @param {Patch} before
 * @param {Mark} mark
 * @param {Size} size
 * @returns {Patch}
 */
function applied(before, mark, size) {
  switch (mark.kind) {
    case "stroke":
      return painted(before, mark, size);
    case "polygon":
      return changed(before, reach(mark.points, 0, size), mark.erase, (patch, value) =>
        polygon(patch, mark.points, value),
      );
    case "box":
      return changed(before, within(mark.box, size), mark.erase, (patch, value, box) => fill(patch, box, value));
    case "mask":
      return combined(before, mark.mask, mark.erase, size);
    case "grow":
      return mark.radius ? grown(before, mark.radius, size) : before;
    case "smooth":
      return mark.radius > 0 ? smoothed(before, mark.radius, size) : before;
    case "invert":
      return inverted(before, size);
  }
}

/**
 * @param {Patch} before
 * @param {StrokeMark} stroke
 * @param {Size} size
 */
function painted(before, { points, radius, erase }, size) {
  return changed(before, reach(points, radius, size), erase, (patch, value) =>
    brush(patch, points, radius, value),
  );
}

/**
 * A copy of `before` onto which `draw` has drawn; what takes away does not need more room.
 *
 * @param {Patch} before
 * @param {Box} box
 * @param {boolean} erase
 * @param {(patch: Patch, value: number, box: Box) => void} draw
 * @returns {Patch}
 */
function changed(before, box, erase, draw) {
  if (!hasArea(box)) return before;
  const patch = copied(before, erase ? before.box : joined(before.box, box));
  draw(patch, erase ? 0 : SELECTED, box);
  return patch;
}

/**
 * @param {Patch} patch
 * @param {Box} box
 * @param {number} value
 */
function fill({ box: [left, top, right, bottom], data }, box, value) {
  const [x0, x1] = [Math.max(box[0], left), Math.min(box[2], right)];
  for (let y = Math.max(box[1], top); y < Math.min(box[3], bottom); y++) {
    const row = (y - top) * (right - left) - left;
    if (x1 > x0) data.fill(value, row + x0, row + x1);
  }
}

/**
 * @param {Patch} before
 * @param {Patch} other
 * @param {boolean} erase
 * @param {Size} size
 */
function combined(before, other, erase, size) {
  return changed(before, within(other.box, size), erase, (patch, value) => {
    const { data } = copied(other, patch.box);
    for (let i = 0; i < data.length; i++) if (data[i]) patch.data[i] = value;
  });
}

/**
 * @param {Patch} before
 * @param {Size} size
 */
function inverted(before, { width, height }) {
  const patch = copied(before, [0, 0, width, height]);
  for (let i = 0; i < patch.data.length; i++) patch.data[i] = patch.data[i] ? 0 : SELECTED;
  return patch;
}
