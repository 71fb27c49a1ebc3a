// @ts-check
/** @import {Doc, History} from "./types.js" */

/** Steps that can be undone; what is older is forgotten. */
export const MAX_STEPS = 200;

/**
 * @param {Doc} doc
 * @returns {History}
 */
export function begun(doc) {
  return { past: [], present: doc, future: [] };
}

/**
 * One more step, to `doc`; what had been undone is gone. A step to where one is leaves all as it is.
 *
 * @param {History} history
 * @param {Doc} doc
 * @param {string} label  what the user did: "Move handle"
 * @returns {History}
 */
export function pushed(history, doc, label) {
  if (doc === history.present) return history;
  const past = [...history.past, { doc: history.present, label }].slice(-MAX_STEPS);
  return { past, present: doc, future: [] };
}

/**
 * The step before; the same history where there is none.
 *
 * A step in `past` holds the document before it, one in `future` the document after it, each with the label of the
 * gesture between: `past.at(-1)` is what undo takes back, `future[0]` what redo does again.
 *
 * @param {History} history
 * @returns {History}
 */
export function undone(history) {
  const step = history.past.at(-1);
  if (!step) return history;
  const future = [{ doc: history.present, label: step.label }, ...history.future];
  return { past: history.past.slice(0, -1), present: step.doc, future };
}

/**
 * The step after; the same history where there is none.
 *
 * @param {History} history
 * @returns {History}
 */
export function redone(history) {
  const [step, ...future] = history.future;
  if (!step) return history;
  return { past: [...history.past, { doc: history.present, label: step.label }], present: step.doc, future };
}

/**
 * Every document that undo or redo can come to.
 *
 * @param {History} history
 * @returns {Doc[]}
 */
export function documents(history) {
  return [...history.past.map((step) => step.doc), history.present, ...history.future.map((step) => step.doc)];
}
