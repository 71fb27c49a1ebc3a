// @ts-check
/**
 * Lines around selections, and lines in the making, on a 2D canvas. All are of two tones, so that they show on any
 * picture; dashes stand still, for what moves would take the eye from the photo.
 *
 * @import {Patch, Point, View} from "../types.js"
 */

import { outlinesOf } from "../regions.js";
import { toScreen } from "../view.js";

/** @type {WeakMap<Patch, Path2D>} */
const paths = new WeakMap();

/**
 * @typedef {{width: number, dash: number[], light: string, dark: string}} Line  in CSS pixels
 */

/**
 * @param {CanvasRenderingContext2D} ctx  one unit is a CSS pixel
 * @param {Patch} patch
 * @param {View} view
 * @param {Line} line
 */
export function drawOutline(ctx, patch, view, line) {
  ctx.save();
  ctx.translate(view.x + view.scale / 2, view.y + view.scale / 2);
  ctx.scale(view.scale, view.scale);
  twice(ctx, pathOf(patch), line, view.scale);
  ctx.restore();
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Point[]} points  in pixels of the photo
 * @param {boolean} closed
 * @param {View} view
 * @param {Line} line
 */
export function drawLine(ctx, points, closed, view, line) {
  const path = new Path2D();
  for (const point of points) path.lineTo(...toScreen(view, point));
  if (closed) path.closePath();
  twice(ctx, path, line, 1);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Path2D} path
 * @param {Line} line
 * @param {number} scale  units of the canvas' own for a CSS pixel, the other way round
 */
function twice(ctx, path, { width, dash, light, dark }, scale) {
  ctx.lineJoin = "round";
  ctx.lineWidth = (width + (dash.length ? 0 : 1.5)) / scale;
  ctx.strokeStyle = dark;
  ctx.stroke(path);
  ctx.lineWidth = width / scale;
  ctx.strokeStyle = light;
  ctx.setLineDash(dash.map((length) => length / scale));
  ctx.stroke(path);
  ctx.setLineDash([]);
}

/** @param {Patch} patch */
function pathOf(patch) {
  const known = paths.get(patch);
  if (known) return known;
  const path = new Path2D();
  for (const line of outlinesOf(patch)) {
    path.moveTo(line[0], line[1]);
    for (let i = 2; i < line.length; i += 2) path.lineTo(line[i], line[i + 1]);
    path.closePath();
  }
  paths.set(patch, path);
  return path;
}
