// @ts-check
/**
 * What the tools that select have in common.
 *
 * @import {App} from "../../app.js"
 * @import {Mark} from "../../types.js"
 * @import {Touch} from "./tool.js"
 */

import { marksOf } from "../../document.js";
import { patchOf } from "../../regions.js";

/**
 * Whether a selection takes away: as the options say, the other way round with Alt.
 *
 * @param {App} app
 * @param {Touch} touch
 */
export const takesAway = (app, touch) => app.get().ui.subtract !== touch.alt;

/**
 * Whether there is something to select in, or to take away from; says what to do where not.
 *
 * @param {App} app
 * @param {boolean} erase
 */
export function canSelect(app, erase) {
  if (!app.photo()) return false;
  if (!erase || marksOf(app.doc(), app.get().ui.slot).length) return true;
  app.notice("There is nothing to take away from here. Choose a part first, or paint one.");
  return false;
}

/**
 * Ends the gesture; one that selected what was selected already leaves no step.
 *
 * @param {App} app
 * @param {string} label
 */
export function settle(app, label) {
  const photo = app.photo();
  const state = app.get();
  const before = marksOf(state.history.present, state.ui.slot);
  const after = marksOf(app.doc(), state.ui.slot);
  if (photo && sameSelection(patchOf(before, photo.size), patchOf(after, photo.size))) app.abort();
  else app.commit(label);
}

/**
 * @param {App} app
 * @param {Mark} mark
 * @param {string} label
 */
export function select(app, mark, label) {
  app.begin();
  app.mark(mark);
  settle(app, label);
}

/**
 * @param {import("../../types.js").Patch} one
 * @param {import("../../types.js").Patch} other
 */
function sameSelection(one, other) {
  const same = one.box.every((side, k) => side === other.box[k]);
  return same && one.data.every((value, i) => value === other.data[i]);
}
