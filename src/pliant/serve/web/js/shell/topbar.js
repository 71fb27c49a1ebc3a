// @ts-check
import { html, nothing } from "../../vendor/lit-html.js";
import { iconButton } from "./controls.js";
import { dialog } from "./dialogs.js";
import { copyResult, editToSave, formats, resultToSave, saveEdit, saveResult } from "./files.js";
import { icon } from "./icons.js";
import { menu } from "./menu.js";
import { isDark, switchTheme } from "./theme.js";

/** @import {Frame} from "./page.js" */

/** @param {Frame} frame */
export const topbar = (frame) =>
  html`<div class="top-left">${wordmark} ${opening(frame)} ${title(frame)}</div>
    <div class="top-middle">${steps(frame)}<span class="rule"></span>${zoom(frame)}<span class="rule"></span>${compare(frame)}</div>
    <div class="top-right">${themeAndKeys()} ${saving(frame)}</div>`;

const wordmark = html`<h1 class="wordmark"><img src="icon.svg" width="22" height="22" alt="" draggable="false" /><span>Pliant</span></h1>`;

/** @param {Frame} frame */
const opening = ({ app }) =>
  html`<label class="button quiet opener" title="Open a photo or an edit (Ctrl+O); or drop it on the page, or paste it">
    <input class="unseen" id="opener" type="file" aria-label="Open a photo or an edit" accept="image/*,.heic,.heif,.tif,.tiff,.json,application/json"
      @change=${(/** @type {Event} */ event) => opened(app, /** @type {HTMLInputElement} */ (event.target))} />
    ${icon("open")}<span>Open</span></label>`;

/**
 * @param {Frame["app"]} app
 * @param {HTMLInputElement} input
 */
function opened(app, input) {
  const file = input.files?.[0];
  input.value = "";
  if (file) void app.open(file);
}

/** @param {Frame} frame */
const title = ({ photo }) =>
  html`<p class="title">${photo ? html`<span class="file">${photo.name}</span><span class="size">${photo.size.width} × ${photo.size.height}</span>` : nothing}</p>`;

/** @param {Frame} frame */
function steps({ app, state }) {
  const { past, future } = state.history;
  const back = past.at(-1);
  const undo = back ? `Undo ${lower(back.label)}` : "Nothing to undo";
  const redo = future[0] ? `Redo ${lower(future[0].label)}` : "Nothing to redo";
  return html`${iconButton({ shape: "undo", name: undo, keys: "Ctrl+Z", press: app.undo, off: !back })}
    ${iconButton({ shape: "redo", name: redo, keys: "Ctrl+Shift+Z", press: app.redo, off: !future.length })}`;
}

/** @param {Frame} frame */
function zoom({ app, state, photo }) {
  const percent = `${Math.round(state.ui.view.scale * 100)} %`;
  /** @type {[string, "fit" | number, string][]} */
  const steps = [["Fit", "fit", "Ctrl+0"], ["100 %", 1, "Ctrl+1"], ["200 %", 2, ""], ["400 %", 4, ""]];
  const items = steps.map(
    ([name, to, keys]) => html`<button class="item" type="button"
      @click=${() => app.zoom(to)}><span>${name}</span><kbd>${keys}</kbd></button>`,
  );
  return html`<div class="zoom">${iconButton({ shape: "minus", name: "Zoom out", keys: "Ctrl+−", press: () => app.zoom("out"), off: !photo })}
    <button class="button quiet percent" type="button" popovertarget="zooms" aria-label="Zoom: ${percent}" ?disabled=${!photo}>${percent}</button>
    ${iconButton({ shape: "plus", name: "Zoom in", keys: "Ctrl++", press: () => app.zoom("in"), off: !photo })}
    ${menu("zooms", items, "Zoom")}</div>`;
}

/** The original while a button is held; or both, divided by a line. @param {Frame} frame */
function compare({ app, state, photo }) {
  const hold = (/** @type {boolean} */ original) => () => app.ui({ original });
  const key = (/** @type {boolean} */ original) => (/** @type {KeyboardEvent} */ event) => {
    if (event.key === " " || event.key === "Enter") app.ui({ original });
  };
  const { split } = state.ui;
  return html`<button class="button only quiet" type="button" title="Hold to see the original (\\)" aria-label="Hold to see the original"
      aria-pressed=${String(state.ui.original)} ?disabled=${!photo}
      @pointerdown=${hold(true)} @pointerup=${hold(false)} @pointerleave=${hold(false)} @pointercancel=${hold(false)}
      @keydown=${key(true)} @keyup=${key(false)} @blur=${hold(false)}>${icon("eye")}</button>
    ${iconButton({ shape: "split", name: "Compare with a slider", press: () => app.ui({ split: split === null ? 0.5 : null }), on: split !== null, off: !photo })}`;
}

const themeAndKeys = () =>
  html`${iconButton({ shape: "theme", name: isDark() ? "Light theme" : "Dark theme", press: switchTheme, look: "quiet theme-button" })}
    ${iconButton({ shape: "keys", name: "Keys", keys: "?", press: () => dialog("keys").showModal(), look: "quiet keys-button" })}`;

/** @param {Frame} frame */
function saving({ app, state, photo }) {
  const result = resultToSave(state);
  const edit = editToSave(state);
  const why = result ? "Save the result as PNG, with its edit inside (Ctrl+S)" : "Nothing to save yet: fill first";
  const look = result ? "solid" : "line";
  const items = html`${formats.map(
      ({ name, text, type }) => html`<button class="item" type="button" ?disabled=${!result} @click=${() => saveResult(app, type)}>
        <span>${name}</span><small>${text}</small></button>`,
    )}
    <hr />
    <button class="item" type="button" ?disabled=${!result} @click=${() => copyResult(app)}><span>Copy picture</span><kbd>Ctrl+C</kbd></button>
    <button class="item" type="button" ?disabled=${!edit || !photo} @click=${() => saveEdit(app)}><span>Download edit document</span><small>JSON</small></button>`;
  return html`<span class="joined"><button class="button ${look}" type="button" title=${why} ?disabled=${!result} @click=${() => saveResult(app, "image/png")}>
      ${icon("save")}<span>Save</span></button>
    <button class="button ${look} only" type="button" popovertarget="saves" title="More ways to save" aria-label="More ways to save">${icon("chevron")}</button></span>
    ${menu("saves", items, "Save as")}`;
}

/** @param {string} label */
const lower = (label) => label.charAt(0).toLowerCase() + label.slice(1);
