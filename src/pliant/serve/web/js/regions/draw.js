// @ts-check
/**
 * Brush strokes and polygons as pixels, in agreement with `pliant.regions.mask` to within a pixel at their border.
 *
 * @import {Box, Patch, Point, Size} from "../types.js"
 */

import { within } from "./patch.js";

/**
 * The box of the pixels that a brush of `radius` along `points` can reach.
 *
 * @param {Point[]} points
 * @param {number} radius
 * @param {Size} size  of the photo
 * @returns {Box}
 */
export function reach(points, radius, size) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  const edge = radius + 1;
  return within(
    [Math.floor(left - edge), Math.floor(top - edge), Math.ceil(right + edge) + 1, Math.ceil(bottom + edge) + 1],
    size,
  );
}

/**
 * Sets every pixel of `patch` whose centre lies within `radius` of the line through `points` to `value`.
 *
 * @param {Patch} patch  is changed
 * @param {Point[]} points
 * @param {number} radius
 * @param {number} value
 */
export function brush(patch, points, radius, value) {
  if (points.length === 1) bar(patch, points[0], points[0], radius, value);
  for (let i = 1; i < points.length; i++) bar(patch, points[i - 1], points[i], radius, value);
}

/**
 * One straight piece of a stroke: convex, so that each row holds one run of pixels.
 *
 * @param {Patch} patch
 * @param {Point} a
 * @param {Point} b
 * @param {number} radius
 * @param {number} value
 */
function bar(patch, a, b, radius, value) {
  const [, top, , bottom] = patch.box;
  const corners = cornersOf(a, b, radius);
  const last = Math.min(Math.floor(Math.max(a[1], b[1]) + radius), bottom - 1);
  for (let y = Math.max(Math.ceil(Math.min(a[1], b[1]) - radius), top); y <= last; y++) {
    const run = /** @type {[number, number]} */ ([Infinity, -Infinity]);
    for (const [x, middle] of [a, b]) {
      const half = Math.sqrt(radius ** 2 - (y - middle) ** 2);
      if (half >= 0) stretch(run, x - half, x + half);
    }
    corners.forEach((corner, i) => crossing(run, corner, corners[(i + 1) % corners.length], y));
    fillRow(patch, y, run[0], run[1], value);
  }
}

/**
 * The rectangle between the two round ends.
 *
 * @param {Point} a
 * @param {Point} b
 * @param {number} radius
 * @returns {Point[]}
 */
function cornersOf([ax, ay], [bx, by], radius) {
  const length = Math.hypot(bx - ax, by - ay);
  if (!length) return [];
  const [nx, ny] = [(-(by - ay) / length) * radius, ((bx - ax) / length) * radius];
  return [
    [ax + nx, ay + ny],
    [bx + nx, by + ny],
    [bx - nx, by - ny],
    [ax - nx, ay - ny],
  ];
}

/**
 * @param {[number, number]} run
 * @param {Point} a
 * @param {Point} b
 * @param {number} y
 */
function crossing(run, [ax, ay], [bx, by], y) {
  if (ay === by || y < Math.min(ay, by) || y > Math.max(ay, by)) return;
  const x = ax + ((y - ay) / (by - ay)) * (bx - ax);
  stretch(run, x, x);
}

/**
 * @param {[number, number]} run
 * @param {number} low
 * @param {number} high
 */
function stretch(run, low, high) {
  if (low < run[0]) run[0] = low;
  if (high > run[1]) run[1] = high;
}

/**
 * Sets the inside of the closed polygon (where it crosses itself: even-odd) and every pixel its outline runs
 * through.
 *
 * @param {Patch} patch  is changed
 * @param {Point[]} points
 * @param {number} value
 */
export function polygon(patch, points, value) {
  const [, top, , bottom] = patch.box;
  for (let y = top; y < bottom; y++) {
    const ends = crossings(points, y);
    for (let i = 0; i + 1 < ends.length; i += 2) fillRow(patch, y, ends[i], ends[i + 1], value);
  }
  points.forEach((point, i) => line(patch, point, points[(i + 1) % points.length], value));
}

/**
 * @param {Point[]} points
 * @param {number} y
 * @returns {number[]}  sorted
 */
function crossings(points, y) {
  /** @type {number[]} */
  const found = [];
  points.forEach(([ax, ay], i) => {
    const [bx, by] = points[(i + 1) % points.length];
    if (ay <= y !== by <= y) found.push(ax + ((y - ay) / (by - ay)) * (bx - ax));
  });
  return found.sort((a, b) => a - b);
}

/**
 * @param {Patch} patch
 * @param {Point} a
 * @param {Point} b
 * @param {number} value
 */
function line(patch, [ax, ay], [bx, by], value) {
  const [left, top, right, bottom] = patch.box;
  const steps = Math.max(Math.ceil(Math.abs(bx - ax)), Math.ceil(Math.abs(by - ay)), 1);
  for (let i = 0; i <= steps; i++) {
    const x = Math.round(ax + ((bx - ax) * i) / steps);
    const y = Math.round(ay + ((by - ay) * i) / steps);
    if (x >= left && x < right && y >= top && y < bottom)
      patch.data[(y - top) * (right - left) + x - left] = value;
  }
}

/**
 * @param {Patch} patch
 * @param {number} y
 * @param {number} low
 * @param {number} high
 * @param {number} value
 */
function fillRow({ box: [left, top, right], data }, y, low, high, value) {
  const start = Math.max(Math.ceil(low), left);
  const end = Math.min(Math.floor(high), right - 1) + 1;
  const row = (y - top) * (right - left) - left;
  if (end > start) data.fill(value, row + start, row + end);
}
