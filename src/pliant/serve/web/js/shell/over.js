// @ts-check
import { html, nothing } from "../../vendor/lit-html.js";
import { guide } from "./guide.js";
import { icon } from "./icons.js";

/** @import {Frame} from "./page.js" */

/** What lies over the stage: the first steps, the place to drop files, and what is wrong with the server. @param {Frame} frame */
export const over = (frame) => html`
  ${frame.photo || frame.state.busy.length ? nothing : noPhoto}
  ${banner(frame)}
  <span class="beacon" hidden></span>
  ${guide(frame)}
  ${frame.page.dropping ? html`<div class="drop"><p>${icon("open")}Drop a photo or an edit</p></div>` : nothing}`;

const noPhoto = html`<div class="nothing">${icon("open")}<p>Drop a photo here, or paste one.</p>
  <label class="button accent tall" for="opener">Open a photo</label></div>`;

/** @param {Frame} frame */
function banner({ state }) {
  if (state.server.state === "gone") {
    return html`<p class="banner" role="status">${icon("offline")}<span>The server is away. Your work stays; it goes on by itself when the server is back.</span></p>`;
  }
  if (state.server.state === "locked") {
    const show = () => /** @type {HTMLDialogElement} */ (document.getElementById("token")).showModal();
    return html`<p class="banner" role="status">${icon("shield")}<span>The server wants its token.</span>
      <button class="button line" type="button" @click=${show}>Enter it</button></p>`;
  }
  const { problem } = state.live;
  return problem ? html`<p class="banner" role="status">${icon("warn")}<span>${problem.detail}</span></p>` : nothing;
}
