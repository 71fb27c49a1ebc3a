// @ts-check
import { html, render } from "../../vendor/lit-html.js";
import { iconButton } from "./controls.js";
import { keySheet } from "./keysheet.js";

/** @import {App} from "../app.js" */
/** @import {Frame} from "./page.js" */
/** @import {Question} from "../types.js" */

/** @param {Frame} frame */
export const dialogs = ({ app }) => html`
  <dialog class="dialog wide" id="keys" aria-labelledby="keys-title" @click=${closeOutside}>
    <header class="dialog-head"><h2 id="keys-title">Keys</h2>
      ${iconButton({ shape: "close", name: "Close", press: () => dialog("keys").close() })}</header>
    ${keySheet()}
  </dialog>
  <dialog class="dialog" id="token" aria-labelledby="token-title">
    <form method="dialog" @submit=${(/** @type {SubmitEvent} */ event) => unlock(app, event)}>
      <h2 id="token-title">This server wants its token</h2>
      <p>Whoever started it was shown an address that ends in <code>#token=…</code> Open that address, or put the token in here.</p>
      <label class="field"><span class="name">Token</span>
        <input class="input" name="token" type="password" autocomplete="off" required /></label>
      <div class="dialog-foot"><button class="button line" type="button" @click=${() => dialog("token").close()}>Not now</button>
        <button class="button accent" type="submit">Go on</button></div>
    </form>
  </dialog>`;

/** @param {Question} question */
const asked = ({ title, text, choices }) =>
  html`<h2 id="question-title">${title}</h2><p>${text}</p>
    <div class="dialog-foot"><button class="button quiet" type="button" @click=${() => dialog("question").close("")}>Cancel</button>
      <span class="grow"></span>${choices.map(
        ({ value, label }, at) => html`<button class="button ${at === 0 ? "accent last" : "line"}" type="button" ?autofocus=${at === 0}
          @click=${() => dialog("question").close(value)}>${label}</button>`,
      )}</div>`;

/**
 * Asks the user.
 *
 * @param {Question} question
 * @returns {Promise<string | null>}  the value of the choice; null: none of them
 */
export async function ask(question) {
  const box = dialog("question");
  render(asked(question), box);
  box.returnValue = "";
  box.showModal();
  await new Promise((closed) => box.addEventListener("close", closed, { once: true }));
  return box.returnValue || null;
}

/** @param {string} id */
export const dialog = (id) => /** @type {HTMLDialogElement} */ (document.getElementById(id));

/** @param {MouseEvent} event */
function closeOutside(event) {
  const box = /** @type {HTMLDialogElement} */ (event.currentTarget);
  if (event.target === box) box.close("");
}

/**
 * @param {App} app
 * @param {SubmitEvent} event
 */
function unlock(app, event) {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.target);
  const token = String(new FormData(form).get("token") ?? "").trim();
  form.reset();
  dialog("token").close();
  if (token) app.unlock(token);
}
