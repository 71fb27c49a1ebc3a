// @ts-check
/**
 * @import {Box, Point, Size} from "../../types.js"
 * @import {Bench, Tool, Touch} from "./tool.js"
 */

import { canSelect, select, takesAway } from "./selecting.js";
import { strayed } from "./tool.js";

/**
 * Selects a rectangle; with Shift a square.
 *
 * @param {Bench} bench
 * @returns {Tool}
 */
export function box({ app, sketch }) {
  /** @type {Touch | null} */
  let start = null;
  let erase = false;

  function end() {
    start = null;
    sketch({ frame: null });
  }

  return {
    cursor: () => "crosshair",
    down(touch) {
      erase = takesAway(app, touch);
      if (canSelect(app, erase)) start = touch;
    },
    move(touch) {
      if (start) sketch({ frame: [start.at, corner(start, touch)] });
    },
    up(touch) {
      const photo = app.photo();
      const found = start && photo && strayed(start, touch) && boxBetween(start.at, corner(start, touch), photo.size);
      end();
      if (found) select(app, { kind: "box", box: found, erase }, "Box");
    },
    cancel: end,
  };
}

/**
 * @param {Touch} start
 * @param {Touch} touch
 * @returns {Point}
 */
function corner({ at: [x, y] }, { at, shift }) {
  if (!shift) return at;
  const side = Math.max(Math.abs(at[0] - x), Math.abs(at[1] - y));
  return [x + Math.sign(at[0] - x) * side, y + Math.sign(at[1] - y) * side];
}

/**
 * The pixels whose centres lie between two points, inside the photo.
 *
 * @param {Point} a
 * @param {Point} b
 * @param {Size} size
 * @returns {Box | null}  null: there are none
 */
export function boxBetween(a, b, { width, height }) {
  const x0 = Math.max(Math.ceil(Math.min(a[0], b[0])), 0);
  const y0 = Math.max(Math.ceil(Math.min(a[1], b[1])), 0);
  const x1 = Math.min(Math.floor(Math.max(a[0], b[0])) + 1, width);
  const y1 = Math.min(Math.floor(Math.max(a[1], b[1])) + 1, height);
  return x1 > x0 && y1 > y0 ? [x0, y0, x1, y1] : null;
}
