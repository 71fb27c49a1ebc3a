// @ts-check
/**
 * Moving grips so that the server can use what comes of it. Pure.
 *
 * @import {Doc, Grip, Point, Size} from "../types.js"
 */

import { partOf } from "../document.js";
import { gripPoint, setGrip } from "../grips.js";
import { isSelected, patchOf } from "../regions.js";
import { rounded } from "./thin.js";

const HALVINGS = 12;

/**
 * Moves grips, each as far as it may go: the start of an arrow and a pin stay inside their part.
 *
 * @param {Doc} doc
 * @param {Size} size  of the photo
 * @param {Grip[]} grips
 * @param {Point} by
 * @returns {Doc}
 */
export function moved(doc, size, grips, by) {
  return grips.reduce((now, grip) => {
    const from = gripPoint(now, grip);
    return from ? setGrip(now, grip, rounded(reached(doc, size, grip, from, by))) : now;
  }, doc);
}

/**
 * @param {Doc} doc
 * @param {Size} size
 * @param {Grip} grip
 * @param {Point} from
 * @param {Point} by
 * @returns {Point}
 */
function reached(doc, size, grip, [x, y], [dx, dy]) {
  const part = partOf(doc, grip.part);
  if (part?.kind !== "drag" || grip.end === "to") return [x + dx, y + dy];
  const patch = patchOf(part.region, size);
  /** @param {number} share @returns {Point} */
  const at = (share) => [x + share * dx, y + share * dy];
  if (isSelected(patch, at(1))) return at(1);
  let [low, high] = [0, 1];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (isSelected(patch, at(middle))) low = middle;
    else high = middle;
  }
  return at(low);
}

/**
 * Where an arrow must end for its start to be seen at `at`, when only a share of it is followed.
 *
 * @param {Point} from
 * @param {Point} at
 * @param {number} strength  0 to 1
 * @returns {Point}
 */
export function aim(from, at, strength) {
  const share = strength || 1;
  return rounded([from[0] + (at[0] - from[0]) / share, from[1] + (at[1] - from[1]) / share]);
}

/**
 * What moving these grips is called.
 *
 * @param {Grip[]} grips
 */
export function moveLabel(grips) {
  if (grips.length > 1) return `Move ${grips.length} handles`;
  return grips[0]?.end === "pin" ? "Move pin" : "Move handle";
}
