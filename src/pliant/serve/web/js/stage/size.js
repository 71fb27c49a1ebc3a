// @ts-check
/**
 * @import {Size} from "../types.js"
 *
 * @typedef {{stage: Size, canvas: Size, dpr: number}} Measure  the stage in CSS pixels, a canvas that fills it in
 *   those of the device, and how many of these a CSS pixel is
 */

/**
 * Tells the size of an element now and whenever it changes, before the frame is shown.
 *
 * @param {HTMLElement} element
 * @param {(measure: Measure) => void} changed
 * @returns {() => void}  what ends it
 */
export function watchSize(element, changed) {
  const observer = new ResizeObserver(([entry]) => {
    const dpr = devicePixelRatio;
    const { inlineSize: width, blockSize: height } = entry.contentBoxSize[0];
    const exact = entry.devicePixelContentBoxSize?.[0];
    const canvas = {
      width: pixels(width * dpr, exact?.inlineSize),
      height: pixels(height * dpr, exact?.blockSize),
    };
    changed({ stage: { width, height }, canvas, dpr });
  });
  try {
    observer.observe(element, { box: "device-pixel-content-box" });
  } catch {
    observer.observe(element); // Safari does not know that box; what it rounds to may be one pixel off
  }
  return () => observer.disconnect();
}

/**
 * A zoomed or emulated page may be told a box in other pixels than its own; then the exact size is of no use.
 *
 * @param {number} wanted
 * @param {number | undefined} exact
 * @returns {number}
 */
function pixels(wanted, exact) {
  const near = exact !== undefined && Math.abs(exact - wanted) <= 1;
  return Math.max(near ? exact : Math.round(wanted), 1);
}
