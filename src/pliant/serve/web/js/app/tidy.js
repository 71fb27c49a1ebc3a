// @ts-check
/** @import {Doc, State, Ui} from "../types.js" */

import { docOf, partOf, photoOf } from "../document.js";
import { gripPoint } from "../grips.js";
import { documents } from "../history.js";
import { fit } from "../view.js";

/**
 * `patch` for `state`, with all that must follow when the document becomes another: what is picked exists, the
 * list that is drawn into belongs to a part that exists, a photo of another size is shown whole, and the result of
 * another document leaves the stage.
 *
 * @param {State} state
 * @param {Partial<State>} patch  has the new history or draft
 * @returns {Partial<State>}
 */
export function following(state, patch) {
  const next = { ...state, ...patch };
  const doc = docOf(next);
  if (doc === docOf(state)) return patch;
  return { ...patch, ui: fittingView(state, next, fittingUi(next.ui, doc)), shown: patch.shown ?? null };
}

/**
 * @param {Ui} ui
 * @param {Doc} doc
 * @returns {Ui}
 */
function fittingUi(ui, doc) {
  const picked = ui.picked.filter((grip) => gripPoint(doc, grip));
  const part = partOf(doc, ui.slot.part);
  const hasList = ui.slot.field === "protect" || (part ? ui.slot.field in part : ui.slot.part === null);
  return {
    ...ui,
    picked: picked.length === ui.picked.length ? ui.picked : picked,
    slot: hasList ? ui.slot : { part: null, field: "region" },
  };
}

/**
 * @param {State} before
 * @param {State} state
 * @param {Ui} ui
 * @returns {Ui}
 */
function fittingView(before, state, ui) {
  const [old, photo] = [photoOf(before), photoOf(state)];
  const isSame = old?.size.width === photo?.size.width && old?.size.height === photo?.size.height;
  return isSame || !photo ? ui : { ...ui, fitted: true, view: fit(photo.size, ui.stage) };
}

/**
 * The photos that some document can still come to, and those that none can.
 *
 * @param {State} state
 * @returns {{photos: State["photos"], gone: State["photos"]}}
 */
export function sorted(state) {
  const docs = [...documents(state.history), ...state.results.map((result) => result.doc)];
  const used = new Set(docs.map((doc) => doc.photo));
  const all = Object.entries(state.photos);
  return {
    photos: Object.fromEntries(all.filter(([id]) => used.has(id))),
    gone: Object.fromEntries(all.filter(([id]) => !used.has(id))),
  };
}
