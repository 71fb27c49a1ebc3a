// @ts-check
/**
 * @import {Mark, Patch, Size, StrokeMark} from "../types.js"
 *
 * @typedef {{marks: Mark[], size: Size, patch: Patch}} Entry
 */

/**
 * Remembers patches by the marks they were made of, the least recently used going first beyond `limit` bytes.
 *
 * Lists of marks are new arrays at every change, but the marks in them stay the same objects: a list is recognised
 * by its last mark, and then compared mark by mark.
 *
 * @param {number} limit
 */
export function createMemo(limit) {
  /** @type {WeakMap<Mark, Entry>} */
  const byLast = new WeakMap();
  // In the order of use; a Map keeps the order in which its keys came.
  /** @type {Map<Entry, number>} */
  const kept = new Map();
  let bytes = 0;

  /** @param {Entry} entry */
  function drop(entry) {
    bytes -= kept.get(entry) ?? 0;
    kept.delete(entry);
    const last = entry.marks[entry.marks.length - 1];
    if (byLast.get(last) === entry) byLast.delete(last);
  }

  /** @param {Entry} entry */
  function touch(entry) {
    kept.delete(entry);
    kept.set(entry, entry.patch.data.length);
  }

  return {
    /**
     * @param {Mark[]} marks
     * @param {Size} size
     * @returns {Patch | null}
     */
    get(marks, size) {
      const entry = marks.length ? byLast.get(marks[marks.length - 1]) : undefined;
      if (!entry || !fits(entry, size) || !same(entry.marks, marks, marks.length)) return null;
      touch(entry);
      return entry.patch;
    },

    /**
     * The patch of the same marks with a shorter `stroke` at their end, and how many points that had.
     *
     * @param {Mark[]} marks
     * @param {StrokeMark} stroke
     * @param {Size} size
     * @returns {{patch: Patch, points: number} | null}
     */
    shorter(marks, stroke, size) {
      const entry = [...kept.keys()].findLast(
        (other) =>
          fits(other, size) && same(other.marks, marks, marks.length - 1) && goesOn(other.marks.at(-1), stroke),
      );
      if (!entry) return null;
      const before = /** @type {StrokeMark} */ (entry.marks.at(-1));
      drop(entry); // A stroke that goes on replaces what it was.
      return { patch: entry.patch, points: before.points.length };
    },

    /**
     * @param {Mark[]} marks
     * @param {Size} size
     * @param {Patch} patch
     */
    set(marks, size, patch) {
      const entry = { marks, size, patch };
      const before = byLast.get(marks[marks.length - 1]);
      if (before) drop(before);
      byLast.set(marks[marks.length - 1], entry);
      touch(entry);
      bytes += patch.data.length;
      for (const oldest of kept.keys()) {
        if (bytes <= limit || oldest === entry) break;
        drop(oldest);
      }
    },
  };
}

/**
 * @param {Entry} entry
 * @param {Size} size
 */
const fits = ({ size }, { width, height }) => size.width === width && size.height === height;

/**
 * Whether both begin with the same `count` marks, and the first has one list of the same length.
 *
 * @param {Mark[]} known
 * @param {Mark[]} marks
 * @param {number} count
 */
function same(known, marks, count) {
  if (known.length !== marks.length) return false;
  for (let i = 0; i < count; i++) if (known[i] !== marks[i]) return false;
  return true;
}

/**
 * @param {Mark | undefined} before
 * @param {StrokeMark} stroke
 */
function goesOn(before, stroke) {
  if (before?.kind !== "stroke" || before === stroke) return false;
  if (before.radius !== stroke.radius || before.erase !== stroke.erase) return false;
  return (
    before.points.length <= stroke.points.length && before.points.every((point, i) => point === stroke.points[i])
  );
}
