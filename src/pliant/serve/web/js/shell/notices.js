// @ts-check
import { html, nothing } from "../../vendor/lit-html.js";
import { iconButton } from "./controls.js";
import { icon } from "./icons.js";
import { words } from "./progress.js";

/** @import {App} from "../app.js" */
/** @import {Frame} from "./page.js" */

/** What the page has to say, where it does not move anything; a screen reader hears it. @param {Frame} frame */
export const notices = ({ app, state }) => html`
  <div class="notices" role="status" aria-live="polite">
    ${state.busy.map((text) => html`<p class="notice"><span class="spinner"></span><span>${text}</span></p>`)}
    ${state.notices.map(
      ({ id, kind, text }) => html`<div class="notice ${kind}">${icon(kind === "error" ? "warn" : "info")}<p>${text}</p>
        ${iconButton({ shape: "close", name: "Dismiss", press: () => app.dismiss(id) })}</div>`,
    )}
  </div>
  <p class="unseen" role="status" aria-live="polite">${spoken(state.results[0])}</p>`;

const INFO_STAYS = 6000; // milliseconds; what went wrong stays until it is dismissed

/**
 * Takes information away once it could be read.
 *
 * @param {App} app
 */
export function expireNotices(app) {
  app.subscribe(({ notices: now }, { notices: before }) => {
    const known = new Set(before.map((notice) => notice.id));
    for (const { id, kind } of now) {
      if (kind === "info" && !known.has(id)) setTimeout(() => app.dismiss(id), INFO_STAYS);
    }
  });
}

/** The state of the newest result, without the numbers that change all the time. @param {Frame["state"]["results"][number] | undefined} result */
function spoken(result) {
  if (!result) return nothing;
  if (result.state === "done") return "The result is there";
  if (result.state === "failed") return `It did not work. ${result.problem?.detail ?? ""}`;
  return result.state === "cancelled" ? "Cancelled" : words({ ...result, share: null });
}
