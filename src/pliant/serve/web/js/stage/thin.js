// @ts-check
/** @import {Point} from "../types.js" */

/**
 * As few of the points of a line as tell where it runs: Ramer (1972), Douglas and Peucker (1973).
 *
 * @param {Point[]} points
 * @param {number} tolerance  how far a point that is left out may lie from the line
 * @returns {Point[]}
 */
export function thinned(points, tolerance) {
  if (points.length < 3) return points;
  const kept = new Uint8Array(points.length);
  kept[0] = kept[points.length - 1] = 1;
  const open = [[0, points.length - 1]];
  for (let range = open.pop(); range; range = open.pop()) {
    const [first, last] = range;
    let [most, far] = [tolerance, -1];
    for (let i = first + 1; i < last; i++) {
      const away = distanceToSegment(points[i], points[first], points[last]);
      if (away > most) [most, far] = [away, i];
    }
    if (far < 0) continue;
    kept[far] = 1;
    open.push([first, far], [far, last]);
  }
  return points.filter((_, i) => kept[i]);
}

/**
 * @param {Point} point
 * @param {Point} a
 * @param {Point} b
 */
export function distanceToSegment([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy;
  const along = square ? Math.min(Math.max(((x - ax) * dx + (y - ay) * dy) / square, 0), 1) : 0;
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}

/**
 * To hundredths of a pixel: finer than anybody can point, and short in a file.
 *
 * @param {Point} point
 * @returns {Point}
 */
export const rounded = ([x, y]) => [Math.round(x * 100) / 100, Math.round(y * 100) / 100];
