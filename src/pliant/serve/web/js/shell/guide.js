// @ts-check
/**
 * Paint, pull, fill: the next step in a few words, until it has been understood.
 *
 * @typedef {{at: 0 | 1 | 2, text: string}} Step
 */

import { html, nothing } from "../../vendor/lit-html.js";
import { lacking } from "../document.js";
import { toScreen } from "../view.js";
import { iconButton } from "./controls.js";
import { icon } from "./icons.js";
import { rememberGuided } from "./page.js";

/** @import {Frame} from "./page.js" */
/** @import {Point, State} from "../types.js" */

const STEPS = ["Paint", "Pull", "Fill"];

/** @param {Frame} frame */
export function guide(frame) {
  const { page, photo, turn } = frame;
  if (page.guided || !photo || page.dropping) return nothing;
  const step = nextStep(frame);
  return html`<div class="guide" role="note" aria-label="First steps">
    <ol>${STEPS.map(
      (name, at) => html`<li data-state=${at < step.at ? "done" : at === step.at ? "now" : "next"} aria-current=${at === step.at ? "step" : nothing}>
        ${at < step.at ? icon("check") : nothing}${name}</li>`,
    )}</ol>
    <p>${step.text}</p>
    ${iconButton({ shape: "close", name: "Close the first steps", press: () => leave(turn) })}
  </div>`;
}

/** @param {Frame["turn"]} turn */
export function leave(turn) {
  rememberGuided();
  turn({ guided: true });
}

/**
 * @param {Frame} frame
 * @returns {Step}
 */
export function nextStep({ doc, state }) {
  const filled = state.results.some((result) => result.state === "done");
  const filling = state.results.some((result) => ["sending", "queued", "running"].includes(result.state));
  if (!doc.parts.length) return { at: 0, text: "Paint over what you want to move." };
  if (filling) return { at: 2, text: "Painting what the pull uncovered." };
  if (filled) return { at: 2, text: "There it is. Pull again, or open a photo of your own." };
  const ready = doc.parts.find((part) => !lacking(part));
  if (!ready) return { at: 1, text: "Now pull it: choose the arrow, press on it and drag." };
  if (state.draft) return { at: 1, text: state.ui.fillOnRelease ? "Let go, and it is filled." : "Let go when it looks right." };
  if (!state.history.past.length) return { at: 1, text: "Drag the glowing end of the arrow." };
  return { at: 2, text: "Press Fill to paint what the pull uncovered." };
}

/**
 * Whoever goes on after a first result has understood.
 *
 * @param {State} state
 * @param {State} before
 */
export const understood = (state, before) =>
  state.history.past.length > before.history.past.length && before.results.some((result) => result.state === "done");

/** The end of the arrow that is to be pulled first, on the stage; null: none. @param {Frame} frame */
export function beacon({ doc, state, page, photo }) {
  if (page.guided || !photo || state.draft || state.results.length || state.history.past.length) return null;
  const part = doc.parts.find((one) => one.kind === "drag" && one.drags.length > 0);
  if (part?.kind !== "drag") return null;
  /** @type {Point} */
  const end = part.drags[0].to;
  return toScreen(state.ui.view, end);
}
