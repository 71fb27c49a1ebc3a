// @ts-check
/**
 * What is drawn over the photo: outlines, arrows, pins, what a gesture is about to do.
 *
 * @import {Doc, Mark, Part, Size, State} from "../types.js"
 * @import {Mood} from "./arrows.js"
 * @import {Line} from "./outlines.js"
 * @import {Palette} from "./palette.js"
 * @import {Sketch} from "./tools/tool.js"
 */

import { docOf, photoOf } from "../document.js";
import { gripPoint } from "../grips.js";
import { patchOf } from "../regions.js";
import { toScreen } from "../view.js";
import { drawArrow, drawEnd, drawPin, drawStart, ring } from "./arrows.js";
import { drawLine, drawOutline } from "./outlines.js";
import { isIn, sameGrip } from "./tools/grab.js";

const DASH = [6, 5];
const ASIDE = 0.75; // how much of the arrows of parts that are not chosen
const FINEST = 2; // CSS pixels: a smaller brush is shown as a cross

/**
 * @typedef {object} View2d
 * @property {CanvasRenderingContext2D} ctx  one unit is a CSS pixel
 * @property {State} state
 * @property {Sketch} sketch
 * @property {Palette} palette
 */

/**
 * @param {View2d} view
 * @param {Size} stage  in CSS pixels
 */
export function drawOverlay(view, stage) {
  const { ctx, state } = view;
  ctx.clearRect(0, 0, stage.width, stage.height);
  const photo = photoOf(state);
  if (!photo || hidesMarks(state)) return;
  const doc = docOf(state);
  if (!view.sketch.pulling && !state.shown) drawOutlines(view, doc, photo.size);
  for (const part of doc.parts) drawGrips(view, doc, part);
  drawSketch(view);
}

/**
 * Before and after are compared without anything drawn on them, and nothing can then be picked.
 *
 * @param {State} state
 */
export const hidesMarks = ({ ui }) => ui.original || ui.split !== null;

/**
 * @param {View2d} view
 * @param {Doc} doc
 * @param {Size} size
 */
function drawOutlines({ ctx, state, palette }, doc, size) {
  const { slot, view, tool } = state.ui;
  const painting = state.draft !== null && tool !== "move"; // its wash shows what is painted, as fast as it is
  /** @type {Line} */
  const faint = { width: 1, dash: [], light: `${palette.light}cc`, dark: `${palette.dark}66` };
  /** @param {Mark[]} marks @param {Line} line */
  const outline = (marks, line) => marks.length && drawOutline(ctx, patchOf(marks, size), view, line);
  for (const part of doc.parts) {
    const chosen = part.id === slot.part && slot.field !== "protect";
    if (chosen && painting) continue;
    const line = chosen ? { ...faint, width: 1.5, dash: DASH, light: palette.light, dark: palette.dark } : faint;
    if (part.kind === "drag") outline(part.region, line);
    else {
      outline(part.source, { ...line, light: palette.mark });
      outline(part.target, { ...line, light: palette.markTarget });
    }
  }
  if (slot.field !== "protect" || !painting) outline(doc.protect, { ...faint, light: palette.markProtect });
}

/**
 * @param {View2d} view
 * @param {Doc} doc
 * @param {Part} part
 */
function drawGrips({ ctx, state, sketch, palette }, doc, part) {
  if (part.kind !== "drag") return;
  const { slot, view, picked } = state.ui;
  /** @param {"from" | "to" | "pin"} end @param {string} id @param {typeof drawPin} draw */
  const grip = (end, id, draw) => {
    const it = { part: part.id, id, end };
    /** @type {Mood} */
    const mood = isIn(picked, it) ? "picked" : sameGrip(sketch.hover, it) ? "hover" : "plain";
    const at = gripPoint(doc, it);
    if (at) draw(ctx, toScreen(view, at), mood, palette);
  };
  ctx.globalAlpha = part.id === slot.part ? 1 : ASIDE;
  for (const { id, from, to } of part.drags) {
    grip("to", id, drawEnd);
    drawArrow(ctx, toScreen(view, from), toScreen(view, to), palette);
    grip("from", id, drawStart);
  }
  for (const { id } of part.pins) grip("pin", id, drawPin);
  ctx.globalAlpha = 1;
}

/** @param {View2d} view */
function drawSketch({ ctx, state, sketch, palette }) {
  const { view, tool, radius } = state.ui;
  /** @type {Line} */
  const line = { width: 1.5, dash: DASH, light: palette.light, dark: palette.dark };
  if (sketch.line.length) drawLine(ctx, sketch.line, false, view, { ...line, dash: [] });
  if (sketch.corners) sketch.line.forEach((at, i) => ring(ctx, toScreen(view, at), i ? 3 : 6, 2, palette.light));
  if (sketch.frame) {
    const [[x0, y0], [x1, y1]] = sketch.frame;
    drawLine(ctx, [[x0, y0], [x1, y0], [x1, y1], [x0, y1]], true, view, line);
  }
  if (sketch.pointer && (tool === "brush" || tool === "eraser")) {
    const size = radius * view.scale;
    drawBrush(ctx, toScreen(view, sketch.pointer.at), size, palette);
  }
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("../types.js").Point} at
 * @param {number} radius
 * @param {Palette} palette
 */
function drawBrush(ctx, [x, y], radius, palette) {
  ring(ctx, [x, y], Math.max(radius, FINEST), 2.5, palette.dark, 0.6);
  ring(ctx, [x, y], Math.max(radius, FINEST), 1.25, palette.light);
  if (radius > FINEST) return;
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    ctx.lineWidth = 1.25;
    ctx.strokeStyle = palette.light;
    ctx.beginPath();
    ctx.moveTo(x + 5 * dx, y + 5 * dy);
    ctx.lineTo(x + 10 * dx, y + 10 * dy);
    ctx.stroke();
  }
}
