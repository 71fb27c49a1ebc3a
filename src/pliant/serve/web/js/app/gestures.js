// @ts-check
/**
 * Gestures over the document, and their undoing.
 *
 * @import {Doc, History, Mark, Slot, State} from "../types.js"
 * @import {Store} from "../store.js"
 */

import { addMark, addPart, docOf, dragPart, marksOf, partOf, photoOf } from "../document.js";
import { pushed, redone, undone } from "../history.js";
import { newId } from "../ids.js";
import { isEmpty, patchOf } from "../regions.js";
import { following } from "./tidy.js";

/**
 * @param {Store<State>} store
 * @param {(text: string) => void} notice
 * @param {(before: Doc, after: Doc) => void} committed  is told of every step that a gesture made
 */
export function createGestures(store, notice, committed) {
  /** @type {{slot: Slot, made: string, mark: Mark | null}} */
  let gesture = { slot: store.get().ui.slot, made: "", mark: null };

  /** @param {Partial<State>} patch */
  const set = (patch) => store.set(following(store.get(), patch));

  function begin() {
    const state = store.get();
    if (state.draft) abort();
    if (!photoOf(state)) return;
    gesture = { slot: state.ui.slot, made: newId("part"), mark: null };
    store.set({ draft: state.history.present });
  }

  /** @param {(doc: Doc) => Doc} edit */
  function change(edit) {
    const { draft } = store.get();
    // A pointer may still move after Escape has ended its gesture.
    if (draft) set({ draft: edit(draft) });
  }

  function abort() {
    if (!store.get().draft) return;
    set({ draft: null });
    // The slot's part may have been the gesture's own.
    if (gesture.mark) store.set({ ui: { ...store.get().ui, slot: gesture.slot } });
  }

  /** @param {Mark} mark */
  function mark(mark) {
    const { draft, history, ui } = store.get();
    if (!draft) return;
    gesture.mark = mark;
    const target = targetOf(history.present, gesture);
    if (target) set({ draft: addMark(target.doc, target.slot, mark), ui: { ...ui, slot: target.slot } });
  }

  /** @param {string} label */
  function commit(label) {
    const { draft, history } = store.get();
    if (!draft) return;
    const vain = gesture.mark && complaintOn(gesture.mark, draft);
    if (vain) {
      abort();
      return notice(vain);
    }
    set({ history: pushed(history, draft, label), draft: null });
    if (draft !== history.present) committed(history.present, draft);
  }

  /**
   * Why `mark` made nothing of `draft`; null: it did.
   *
   * @param {Mark} mark
   * @param {Doc} draft
   */
  function complaintOn(mark, draft) {
    const [photo, { slot }] = [photoOf(store.get()), store.get().ui];
    if (draft === store.get().history.present)
      return "Choose a part first: there is nothing here to take away from.";
    const isMissed = photo && !takesAway(mark) && isEmpty(patchOf(marksOf(draft, slot), photo.size));
    return isMissed ? "Nothing was selected there. Draw on the photo." : null;
  }

  /** @param {(history: History) => History} step */
  function travel(step) {
    if (store.get().draft) return abort();
    set({ history: step(store.get().history) });
  }

  return {
    begin,
    change,
    mark,
    commit,
    abort,
    /** @param {string} label @param {(doc: Doc) => Doc} edit */
    apply(label, edit) {
      begin();
      change(edit);
      commit(label);
    },
    /** @param {string} label @param {Doc} doc  may have another photo */
    replace(label, doc) {
      abort();
      const { history } = store.get();
      const fresh = history.present.photo ? pushed(history, doc, label) : { past: [], present: doc, future: [] };
      set({ history: fresh });
    },
    undo: () => travel(undone),
    redo: () => travel(redone),
    doc: () => docOf(store.get()),
  };
}

/**
 * Where a gesture's mark goes: into its slot, or into a new part in front of the others.
 *
 * @param {Doc} doc
 * @param {{slot: Slot, made: string, mark: Mark | null}} gesture
 * @returns {{doc: Doc, slot: Slot} | null}  null: there is nothing to take away from
 */
function targetOf(doc, { slot, made, mark }) {
  if (slot.field === "protect" || partOf(doc, slot.part)) return { doc, slot };
  if (mark && takesAway(mark)) return null;
  return { doc: addPart(doc, dragPart(made)), slot: { part: made, field: "region" } };
}

/** @param {Mark} mark */
const takesAway = (mark) => "erase" in mark && mark.erase;
