// @ts-check
/**
 * Where a scene lies in the pixels of the device. Pure.
 *
 * @import {Size, View} from "../types.js"
 *
 * @typedef {[number, number, number, number]} Four
 * @typedef {object} Place
 * @property {number} device  pixels of the device for a pixel of the photo
 * @property {Four} clip  a place p of the photo is at p * (clip 0, 1) + (clip 2, 3) in clip space
 * @property {Four} before  x, y, width, height in pixels of the device, y from below: the part of the photo shown
 *   as it was
 * @property {Four} after  the rest of it
 */

/**
 * @param {{view: View, size: Size, split: number}} scene
 * @param {Size} canvas  in pixels of the device
 * @param {number} dpr
 * @returns {Place}
 */
export function placed({ view, size, split }, canvas, dpr) {
  const device = view.scale * dpr;
  const [x, y] = [snapped(view.x * dpr, device), snapped(view.y * dpr, device)];
  const x0 = inside(Math.round(x), canvas.width);
  const x1 = inside(Math.round(x + size.width * device), canvas.width);
  const cut = Math.min(Math.max(Math.round(x + size.width * device * split), x0), x1);
  const top = inside(Math.round(y), canvas.height);
  const bottom = inside(Math.round(y + size.height * device), canvas.height);
  const [low, height] = [canvas.height - bottom, bottom - top];
  const [across, down] = [(2 / canvas.width) * device, (-2 / canvas.height) * device];
  return {
    device,
    clip: [across, down, (2 / canvas.width) * x - 1 + across / 2, 1 - (2 / canvas.height) * y + down / 2],
    before: [x0, low, cut - x0, height],
    after: [cut, low, x1 - cut, height],
  };
}

/**
 * At 100 %, 200 %, ... a pixel of the photo is whole pixels of the device: it must not fall between them.
 *
 * @param {number} at
 * @param {number} device
 */
function snapped(at, device) {
  return device >= 0.999 && Math.abs(device - Math.round(device)) < 1e-3 ? Math.round(at) : at;
}

/**
 * @param {number} at
 * @param {number} most
 */
const inside = (at, most) => Math.min(Math.max(at, 0), most);
