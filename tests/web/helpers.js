/** @typedef {import("../../src/pliant/serve/web/js/types.js").Mask} Mask */

/**
 * Numbers in [0, 1) that are the same in every run: mulberry32.
 *
 * @param {number} seed
 */
export function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * `value`, in which nothing can be changed any more.
 *
 * @template T
 * @param {T} value
 * @returns {T}
 */
export function frozen(value) {
  if (value && typeof value === "object" && !ArrayBuffer.isView(value) && !(value instanceof Blob)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}
