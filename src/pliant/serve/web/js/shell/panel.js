// @ts-check
import { html } from "../../vendor/lit-html.js";
import { fill, fillBar } from "./fill.js";
import { icon } from "./icons.js";
import { part } from "./part.js";
import { parts } from "./parts.js";
import { results } from "./results.js";

/** @import {Frame} from "./page.js" */

/** @param {Frame} frame */
export const panel = (frame) =>
  html`<div class="panel-body" id="panel-body">${parts(frame)} ${part(frame)} ${fill(frame)} ${results(frame)}</div>
    <div class="panel-foot">
      <button class="button line tall sheet-button" type="button" aria-expanded=${String(frame.page.sheet)} aria-controls="panel-body"
        aria-label=${frame.page.sheet ? "Close the panel" : "Open the panel"} @click=${() => frame.turn({ sheet: !frame.page.sheet })}>${icon("panel")}</button>
      ${fillBar(frame)}</div>`;
