// @ts-check
/**
 * Small pictures in lists: of a whole picture, or of what marks select of it.
 *
 * @import {Mark, Patch, Photo, Size} from "../types.js"
 *
 * @typedef {{bitmap: ImageBitmap | null, size?: Size, marks?: Mark[]}} Content
 */

import { html } from "../../vendor/lit-html.js";
import { patchOf } from "../regions.js";

/**
 * @param {Photo | null} photo
 * @param {Mark[]} marks
 */
export const partThumb = (photo, marks) =>
  html`<pliant-thumb class="thumb" .content=${{ bitmap: photo?.bitmap ?? null, size: photo?.size, marks }}></pliant-thumb>`;

/** @param {ImageBitmap | null | undefined} bitmap */
export const pictureThumb = (bitmap) =>
  html`<pliant-thumb class="thumb wide" .content=${{ bitmap: bitmap ?? null }}></pliant-thumb>`;

class Thumb extends HTMLElement {
  /** @type {Content} */
  #content = { bitmap: null };
  #canvas = document.createElement("canvas");

  connectedCallback() {
    if (!this.#canvas.isConnected) this.append(this.#canvas);
    this.#draw();
  }

  /** @param {Content} content */
  set content(content) {
    const { bitmap, marks } = this.#content;
    this.#content = content;
    if (this.isConnected && (content.bitmap !== bitmap || content.marks !== marks)) this.#draw();
  }

  #draw() {
    const sharp = Math.min(devicePixelRatio, 2);
    this.#canvas.width = Math.round(this.clientWidth * sharp) || 1;
    this.#canvas.height = Math.round(this.clientHeight * sharp) || 1;
    const { bitmap, size, marks } = this.#content;
    // A result's bitmap may have been let go while it is still listed.
    if (!bitmap?.width) return;
    if (marks && size) drawPart(this.#canvas, bitmap, size, patchOf(marks, size));
    else drawWhole(this.#canvas, bitmap);
  }
}

customElements.define("pliant-thumb", Thumb);

/**
 * The middle of the picture, filling the canvas.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {ImageBitmap} bitmap
 */
function drawWhole(canvas, bitmap) {
  const scale = Math.max(canvas.width / bitmap.width, canvas.height / bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  pen(canvas).drawImage(bitmap, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
}

/**
 * What the patch selects, cut out, as large as it fits.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {ImageBitmap} bitmap
 * @param {Size} size  of the photo; the bitmap may be smaller
 * @param {Patch} patch
 */
function drawPart(canvas, bitmap, size, { box: [x0, y0, x1, y1], data }) {
  const [across, down] = [x1 - x0, y1 - y0];
  if (across <= 0 || down <= 0) return;
  const scale = Math.min(canvas.width / across, canvas.height / down) * 0.92;
  const left = (canvas.width - across * scale) / 2;
  const top = (canvas.height - down * scale) / 2;
  const share = bitmap.width / size.width;
  const context = pen(canvas);
  context.drawImage(bitmap, x0 * share, y0 * share, across * share, down * share, left, top, across * scale, down * scale);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let y = 0, at = 3; y < canvas.height; y++) {
    const row = Math.min(Math.max(Math.floor((y + 0.5 - top) / scale), 0), down - 1) * across;
    for (let x = 0; x < canvas.width; x++, at += 4) {
      const column = Math.min(Math.max(Math.floor((x + 0.5 - left) / scale), 0), across - 1);
      if (!data[row + column]) pixels.data[at] = 0;
    }
  }
  context.putImageData(pixels, 0, 0);
}

/** @param {HTMLCanvasElement} canvas */
const pen = (canvas) => /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
