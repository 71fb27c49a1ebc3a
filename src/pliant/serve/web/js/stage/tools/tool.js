// @ts-check
/**
 * What a tool is, and what it works with.
 *
 * @import {App} from "../../app.js"
 * @import {Grip, Point} from "../../types.js"
 * @import {Hit} from "../hit.js"
 *
 * @typedef {object} Touch  a pointer's event, as tools see it
 * @property {Point} at  in pixels of the photo
 * @property {Point[]} through  the places that the pointer went through since the last event, `at` the last
 * @property {Point} screen  in CSS pixels of the stage
 * @property {"mouse" | "pen" | "touch"} by
 * @property {boolean} shift
 * @property {boolean} alt
 * @property {boolean} twice  whether this press is the second of a double click
 *
 * @typedef {object} Tool
 * @property {(touch: Touch | null) => string} cursor  a CSS cursor; null: the pointer is elsewhere
 * @property {(touch: Touch) => void} down
 * @property {(touch: Touch) => void} move  only while the pointer is down
 * @property {(touch: Touch) => void} up
 * @property {() => void} cancel  leaves all as it was before; does no harm where nothing has begun
 * @property {(touch: Touch) => void} [hover]  the pointer moves and is not down
 * @property {() => boolean} [finish]  ends what takes several presses; false where there is nothing to end
 * @property {() => boolean} [back]  takes back the last of several presses
 *
 * @typedef {object} Sketch  what is drawn of a gesture and belongs to no document
 * @property {Touch | null} pointer
 * @property {Grip | null} hover
 * @property {Point[]} line  a lasso or polygon so far
 * @property {boolean} corners  whether the line's points are shown, for they are clicked one by one
 * @property {[Point, Point] | null} frame  two corners
 * @property {boolean} pulling  whether grips are being moved
 *
 * @typedef {object} Bench
 * @property {App} app
 * @property {(touch: Touch) => Grip | null} gripAt
 * @property {(touch: Touch) => Hit | null} partAt
 * @property {(patch: Partial<Sketch>) => void} sketch
 */

/** How far a pointer may stray before a press is a drag, in CSS pixels. */
const SLOP = { mouse: 3, pen: 4, touch: 8 };

/** How near a grip must be to be meant, in CSS pixels. */
export const REACH = { mouse: 12, pen: 12, touch: 22 };

/** @type {Sketch} */
export const NO_SKETCH = { pointer: null, hover: null, line: [], corners: false, frame: null, pulling: false };

/**
 * @param {Touch} from
 * @param {Touch} to
 */
export function strayed(from, to) {
  return Math.hypot(to.screen[0] - from.screen[0], to.screen[1] - from.screen[1]) > SLOP[from.by];
}

/**
 * @param {Touch} from
 * @param {Touch} to
 * @returns {Point}
 */
export const between = (from, to) => [to.at[0] - from.at[0], to.at[1] - from.at[1]];
