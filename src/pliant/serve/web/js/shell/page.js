// @ts-check
/**
 * What the page knows beside the app's state, and what every template gets.
 *
 * @import {App} from "../app.js"
 * @import {Doc, Photo, State} from "../types.js"
 *
 * @typedef {object} Page
 * @property {boolean} sheet  on a phone: whether the panel is open
 * @property {boolean} dropping  whether files are held over the page
 * @property {boolean} more  whether the options for filling are open
 * @property {number} amount  pixels by which Grow, Shrink and Smooth change a region
 * @property {boolean} guided  whether the first steps have been understood, or sent away
 *
 * @typedef {object} Frame  one picture of the page
 * @property {App} app
 * @property {State} state
 * @property {Doc} doc
 * @property {Photo | null} photo
 * @property {Page} page
 * @property {(patch: Partial<Page>) => void} turn  changes the page
 */

const GUIDED = "pliant.guided";

/** @returns {Page} */
export const firstPage = () => ({
  sheet: false,
  dropping: false,
  more: false,
  amount: 4,
  guided: remembered(GUIDED) !== null,
});

/** The first steps are never shown again in this browser. */
export const rememberGuided = () => remember(GUIDED, "yes");

/** @param {string} key */
export function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // Storage can be forbidden; the page works without.
  }
}

/**
 * @param {string} key
 * @param {string} value
 */
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above.
  }
}
