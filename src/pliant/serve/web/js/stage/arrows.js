// @ts-check
/**
 * Arrows, grips and pins on a 2D canvas, in CSS pixels. Each has a halo, so that it shows on any picture.
 *
 * @import {Point} from "../types.js"
 * @import {Palette} from "./palette.js"
 *
 * @typedef {"plain" | "hover" | "picked"} Mood
 */

const HEAD = { length: 15, half: 7 };
const SHAFT = 2.5;
const HALO = 2;

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Point} from
 * @param {Point} to
 * @param {Palette} palette
 */
export function drawArrow(ctx, from, to, palette) {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  if (length < 2) return;
  const path = arrowPath(from, to, length);
  ctx.lineJoin = "round";
  ctx.lineWidth = 2 * HALO;
  ctx.strokeStyle = palette.light;
  ctx.stroke(path);
  ctx.fillStyle = palette.mark;
  ctx.fill(path);
  ctx.lineWidth = 0.75;
  ctx.strokeStyle = palette.dark;
  ctx.globalAlpha *= 0.35;
  ctx.stroke(haloPath(from, to, length));
  ctx.globalAlpha /= 0.35;
}

/**
 * @param {Point} from
 * @param {Point} to
 * @param {number} length
 */
function arrowPath(from, to, length) {
  const head = Math.min(HEAD.length, length);
  const half = HEAD.half * (head / HEAD.length);
  return turned(from, to, length, [
    [0, SHAFT / 2],
    [length - head, SHAFT / 2],
    [length - head, half],
    [length, 0],
    [length - head, -half],
    [length - head, -SHAFT / 2],
    [0, -SHAFT / 2],
  ]);
}

/**
 * The arrow's outline, a halo wider.
 *
 * @param {Point} from
 * @param {Point} to
 * @param {number} length
 */
function haloPath(from, to, length) {
  const head = Math.min(HEAD.length, length);
  const half = HEAD.half * (head / HEAD.length) + HALO + 1;
  const side = SHAFT / 2 + HALO;
  return turned(from, to, length, [
    [0, side],
    [length - head - HALO, side],
    [length - head - HALO, half],
    [length + 2 * HALO, 0],
    [length - head - HALO, -half],
    [length - head - HALO, -side],
    [0, -side],
  ]);
}

/**
 * @param {Point} from
 * @param {Point} to
 * @param {number} length
 * @param {Point[]} outline  x along the arrow, y across it
 */
function turned(from, to, length, outline) {
  const [cos, sin] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  const path = new Path2D();
  for (const [x, y] of outline) path.lineTo(from[0] + x * cos - y * sin, from[1] + x * sin + y * cos);
  path.closePath();
  return path;
}

/**
 * Where an arrow starts: a small dot.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Point} at
 * @param {Mood} mood
 * @param {Palette} palette
 */
export function drawStart(ctx, at, mood, palette) {
  const radius = mood === "plain" ? 4.5 : 6;
  disc(ctx, at, radius + 2.5, palette.dark, 0.35);
  disc(ctx, at, radius + 1.75, mood === "picked" ? palette.mark : palette.light);
  disc(ctx, at, radius - 0.5, mood === "picked" ? palette.light : palette.mark);
}

/**
 * Where an arrow ends: a ring to take hold of.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Point} at
 * @param {Mood} mood
 * @param {Palette} palette
 */
export function drawEnd(ctx, at, mood, palette) {
  const radius = mood === "plain" ? 10 : 12;
  disc(ctx, at, radius, palette.light, mood === "plain" ? 0.12 : 0.3);
  ring(ctx, at, radius, 4.5, palette.dark, 0.35);
  ring(ctx, at, radius, mood === "picked" ? 3.5 : 2.5, mood === "picked" ? palette.mark : palette.light);
  if (mood === "picked") ring(ctx, at, radius, 1.25, palette.light);
}

/**
 * A spot that stays.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Point} at
 * @param {Mood} mood
 * @param {Palette} palette
 */
export function drawPin(ctx, [x, y], mood, palette) {
  const size = mood === "plain" ? 5.5 : 7;
  const diamond = new Path2D();
  for (const [dx, dy] of [[0, -1], [1, 0], [0, 1], [-1, 0]]) diamond.lineTo(x + dx * size * 1.3, y + dy * size * 1.3);
  diamond.closePath();
  ctx.lineJoin = "round";
  ctx.lineWidth = 5;
  ctx.strokeStyle = mood === "picked" ? palette.mark : palette.light;
  ctx.stroke(diamond);
  ctx.fillStyle = palette.dark;
  ctx.fill(diamond);
  disc(ctx, [x, y], 2, mood === "picked" ? palette.mark : palette.light);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Point} at
 * @param {number} radius
 * @param {string} colour
 * @param {number} [alpha]
 */
function disc(ctx, [x, y], radius, colour, alpha = 1) {
  ctx.save();
  ctx.globalAlpha *= alpha;
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
  ctx.restore();
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Point} at
 * @param {number} radius
 * @param {number} width
 * @param {string} colour
 * @param {number} [alpha]
 */
export function ring(ctx, [x, y], radius, width, colour, alpha = 1) {
  ctx.save();
  ctx.globalAlpha *= alpha;
  ctx.lineWidth = width;
  ctx.strokeStyle = colour;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.stroke();
  ctx.restore();
}
