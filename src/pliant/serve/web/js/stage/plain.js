// @ts-check
/**
 * Draws a scene without a graphics card: the photo, and the pictures of the bend that the server makes.
 *
 * @import {Size} from "../types.js"
 * @import {Painter} from "./renderer.js"
 * @import {Scene} from "./scene.js"
 */

import { placed } from "./place.js";

const CRISP = 4;
const SQUARE = 12; // CSS pixels
const QUIET = ["#f7f7f7", "#e8e8e8"];

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {Painter | null}
 */
export function createPlainPainter(canvas) {
  const ctx = canvas.getContext("2d");
  if (!ctx) return null;
  return {
    draw(scene, size, dpr) {
      ctx.setTransform(1, 0, 0, 1, 0, 0);
      ctx.clearRect(0, 0, size.width, size.height);
      if (scene) drawBoth(ctx, scene, size, dpr);
    },
    end: () => {},
  };
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Scene} scene
 * @param {Size} canvas
 * @param {number} dpr
 */
function drawBoth(ctx, scene, canvas, dpr) {
  const place = placed(scene, canvas, dpr);
  ctx.imageSmoothingEnabled = place.device < CRISP;
  ctx.imageSmoothingQuality = "high";
  for (const [bitmap, box] of /** @type {const} */ ([
    [scene.before, place.before],
    [scene.after ?? scene.before, place.after],
  ])) {
    const [x, y, width, height] = box;
    if (width <= 0 || height <= 0) continue;
    ctx.save();
    ctx.beginPath();
    ctx.rect(x, canvas.height - y - height, width, height);
    ctx.clip();
    ctx.fillStyle = checker(ctx, SQUARE * dpr);
    ctx.fillRect(0, 0, canvas.width, canvas.height);
    const { view, size } = scene;
    ctx.drawImage(bitmap, view.x * dpr, view.y * dpr, size.width * place.device, size.height * place.device);
    ctx.restore();
  }
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} square
 */
function checker(ctx, square) {
  const tile = new OffscreenCanvas(2 * square, 2 * square);
  const tiny = /** @type {OffscreenCanvasRenderingContext2D} */ (tile.getContext("2d"));
  tiny.fillStyle = QUIET[0];
  tiny.fillRect(0, 0, 2 * square, 2 * square);
  tiny.fillStyle = QUIET[1];
  tiny.fillRect(square, 0, square, square);
  tiny.fillRect(0, square, square, square);
  return /** @type {CanvasPattern} */ (ctx.createPattern(tile, "repeat"));
}
