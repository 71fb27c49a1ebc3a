// @ts-check
/** @import {Point} from "../types.js" */

/** A second finger that comes this soon, or while the first is this near to where it came down, means a pinch. */
const SOON = 250; // milliseconds
const NEAR = 12; // CSS pixels

/**
 * Whether a second finger makes a pinch of what the first one has begun.
 *
 * @param {number} waited  milliseconds between the two
 * @param {number} strayed  how far the first has come, in CSS pixels
 */
export const isPinch = (waited, strayed) => waited <= SOON || strayed <= NEAR;

/**
 * What two fingers did to the view: they hold on to what they touch.
 *
 * @param {[Point, Point]} before
 * @param {[Point, Point]} after
 * @returns {{ratio: number, by: Point, at: Point}}  move by `by`, then zoom by `ratio` at `at`
 */
export function pinched(before, after) {
  const [from, to] = [middle(before), middle(after)];
  const apart = span(before);
  return { ratio: apart ? span(after) / apart : 1, by: [to[0] - from[0], to[1] - from[1]], at: to };
}

/** @param {[Point, Point]} points @returns {Point} */
const middle = ([a, b]) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];

/** @param {[Point, Point]} points */
const span = ([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]);
