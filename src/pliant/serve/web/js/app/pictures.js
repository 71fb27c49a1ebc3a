// @ts-check
/**
 * Picture files as the page shows them.
 *
 * @import {Mask, Photo, Size} from "../types.js"
 * @import {ServerClient} from "../server.js"
 *
 * @typedef {ReturnType<typeof createPictures>} Pictures
 */

import { newId } from "../ids.js";

const MOST_SIDE = 4096; // what every GPU takes as a texture

/**
 * @param {Pick<ServerClient, "view">} server  shows files that the browser cannot
 */
export function createPictures(server) {
  /**
   * A picture to be shown, and the size of what it shows.
   *
   * @param {Blob} file
   * @returns {Promise<{bitmap: ImageBitmap, size: Size}>}
   */
  async function decoded(file) {
    const bitmap = await createImageBitmap(file).catch(async () => createImageBitmap(await server.view(file)));
    const { width, height } = bitmap;
    return { bitmap: await reduced(bitmap, MOST_SIDE), size: { width, height } };
  }

  return {
    decoded,

    /**
     * @param {Blob} file
     * @param {string} name
     * @returns {Promise<Photo>}
     */
    async photo(file, name) {
      // A copy: the file on disk may change or go while the page lives.
      const copy = new Blob([await file.arrayBuffer()], { type: file.type });
      const { bitmap, size } = await decoded(copy);
      const whole = (await isServers(copy)) ? copy : await asPng(copy);
      return { id: newId("photo"), name, file: whole, size, bitmap };
    },

    /**
     * A small copy for lists.
     *
     * @param {ImageBitmap} bitmap
     */
    thumb: (bitmap) => reduced(bitmap, 256, true),

    /**
     * What a picture selects: where it is lighter than half of white.
     *
     * @param {Blob} file
     * @returns {Promise<Mask>}
     */
    async mask(file) {
      const { width, height, data: pixels } = await pixelsOf(file);
      const data = new Uint8Array(width * height);
      for (let i = 0, at = 0; i < data.length; i++, at += 4) {
        const light = 0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2];
        if (light * pixels[at + 3] > 127.5 * 255) data[i] = 255;
      }
      return { width, height, data };
    },
  };
}

/**
 * @param {string} uri  "data:image/png;base64,..."
 * @returns {Blob}
 * @throws {Error} it is no such address
 */
export function blobOf(uri) {
  // Not by fetch: the page's policy lets it ask its own server alone.
  const [, type, content] = /^data:(image\/[\w.+-]+)(?:;[\w=.+-]+)*;base64,(.*)$/s.exec(uri) ?? [];
  if (!type) throw new Error("This is no picture in a data URI.");
  return new Blob([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], { type });
}

/**
 * @param {ImageBitmap} bitmap
 * @param {number} most  of its longer side
 * @param {boolean} [isCopy]  whether `bitmap` is needed further
 */
async function reduced(bitmap, most, isCopy = false) {
  const share = Math.min(most / Math.max(bitmap.width, bitmap.height), 1);
  if (share === 1 && !isCopy) return bitmap;
  const [resizeWidth, resizeHeight] = [bitmap.width, bitmap.height].map((side) =>
    Math.max(Math.round(side * share), 1),
  );
  const small = await createImageBitmap(bitmap, { resizeWidth, resizeHeight, resizeQuality: "high" });
  if (!isCopy) bitmap.close();
  return small;
}

/**
 * Whether the server reads files that begin like this one.
 *
 * @param {Blob} file
 */
async function isServers(file) {
  const head = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  const text = String.fromCharCode(...head);
  const isHeic = text.startsWith("ftyp", 4) && !text.startsWith("avif", 8) && !text.startsWith("avis", 8);
  return (
    text.startsWith("\x89PNG") ||
    text.startsWith("\xff\xd8\xff") ||
    (text.startsWith("RIFF") && text.startsWith("WEBP", 8)) ||
    text.startsWith("II*\0") ||
    text.startsWith("MM\0*") ||
    isHeic
  );
}

/** @param {Blob} file */
async function asPng(file) {
  const { canvas } = drawn(await createImageBitmap(file));
  return canvas.convertToBlob({ type: "image/png" });
}

/** @param {Blob} file */
async function pixelsOf(file) {
  const { canvas, pen } = drawn(await createImageBitmap(file));
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

/** @param {ImageBitmap} bitmap  is used up */
function drawn(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (
    canvas.getContext("2d", { willReadFrequently: true })
  );
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { canvas, pen };
}
