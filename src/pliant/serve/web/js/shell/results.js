// @ts-check
import { html, nothing } from "../../vendor/lit-html.js";
import { iconButton } from "./controls.js";
import { copyResult, saveResult } from "./files.js";
import { icon } from "./icons.js";
import { progress } from "./progress.js";
import { pictureThumb } from "./thumb.js";

/** @import {Frame} from "./page.js" */
/** @import {Result} from "../types.js" */

/** @param {Frame} frame */
export function results(frame) {
  const { state } = frame;
  return html`<section class="block" aria-labelledby="results-name">
    <header class="block-head"><h2 id="results-name">Results</h2></header>
    ${state.results.length
      ? html`<ul class="list">${live(frame)}${state.results.map((result, at) => row(frame, result, state.results.length - at))}</ul>`
      : html`<p class="empty small">What you fill is kept here, newest first.</p>`}
  </section>`;
}

/** The way back to the photo under the pointer. @param {Frame} frame */
const live = ({ app, state, photo }) =>
  html`<li class="item-row" data-chosen=${String(state.shown === null)}>
    <button class="item-main" type="button" aria-pressed=${String(state.shown === null)} @click=${() => app.show(null)}>
      ${pictureThumb(photo?.bitmap)}
      <span class="item-words"><b>Photo</b><small>with the live bend</small></span></button></li>`;

/**
 * @param {Frame} frame
 * @param {Result} result
 * @param {number} number
 */
function row({ app, state }, result, number) {
  const chosen = state.shown === result.id;
  const name = `Result ${number}`;
  const over = !["sending", "queued", "running"].includes(result.state);
  return html`<li class="item-row result" data-chosen=${String(chosen)} data-state=${over ? (result.state === "done" ? "done" : "failed") : "running"}>
    <button class="item-main" type="button" aria-pressed=${String(chosen)} ?disabled=${result.state !== "done"} title=${facts(result)} @click=${() => app.show(result.id)}>
      ${result.thumb || !result.peek
        ? pictureThumb(result.thumb)
        : html`<img class="thumb wide" src=${result.peek} alt="" draggable="false" />`}
      <span class="item-words">
        <span class="item-head"><b>${name}</b>${result.state === "done" ? html`<small>${made(result)}</small>` : nothing}</span>
        ${stands(result)}</span>
    </button>
    <span class="item-tools">${result.state === "done" ? doneTools(app, result, name) : nothing}
      ${over
        ? iconButton({ shape: "trash", name: `Delete ${name}`, press: () => app.remove(result.id), look: "quiet danger" })
        : iconButton({ shape: "close", name: `Cancel ${name}`, press: () => app.cancel(result.id) })}</span>
    ${result.problem ? html`<p class="problem">${icon("warn")}<span>${result.problem.detail}</span></p>` : nothing}
  </li>`;
}

/**
 * @param {Frame["app"]} app
 * @param {Result} result
 * @param {string} name
 */
const doneTools = (app, result, name) =>
  html`${iconButton({ shape: "resume", name: `Continue from ${name}: it becomes the photo`, press: () => void app.continueFrom(result.id) })}
    ${iconButton({ shape: "undo", name: `Take up the edit of ${name} again`, press: () => app.reopen(result.id) })}
    ${iconButton({ shape: "save", name: `Save ${name}`, press: () => void saveResult(app, "image/png", result.id) })}
    ${iconButton({ shape: "copy", name: `Copy ${name}`, press: () => void copyResult(app, result.id) })}`;

/** @param {Result} result */
function stands(result) {
  if (result.state === "done") return nothing;
  if (result.state === "failed") return html`<small class="lack">Did not work</small>`;
  return result.state === "cancelled" ? html`<small>Cancelled</small>` : progress(result);
}

/** @param {Result} result */
const made = ({ doc, seed }) => (doc.filler ? `${doc.filler}, seed ${seed}` : `seed ${seed}`);

/** @param {Result} result */
function facts({ doc, facts, seed }) {
  const seconds = Object.values(/** @type {Record<string, number>} */ (facts?.timings ?? {})).reduce((sum, time) => sum + time, 0);
  return [doc.engine, `seed ${seed}`, seconds ? `${seconds.toFixed(1)} s` : ""].filter(Boolean).join(", ");
}
