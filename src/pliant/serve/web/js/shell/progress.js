// @ts-check
import { html } from "../../vendor/lit-html.js";

/** @import {Result} from "../types.js" */

/**
 * How far a result is, as a bar and in words.
 *
 * @param {Result} result
 */
export const progress = (result) =>
  html`<div class="progress" data-known=${String(result.share !== null)}><span class="progress-words">${words(result)}</span>
    <progress max="1" aria-label=${words(result)} .value=${result.share ?? 0}></progress></div>`;

/** @param {Result} result */
export function words(result) {
  if (result.state === "sending") return "Sending";
  if (result.state === "queued") return "Waiting its turn";
  const share = result.share === null ? "" : ` ${Math.round(result.share * 100)} %`;
  const stage = result.stage || "working";
  return `${stage.charAt(0).toUpperCase()}${stage.slice(1)}${share}`;
}
