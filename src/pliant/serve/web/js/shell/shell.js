// @ts-check
/**
 * All of the page but the stage: draws it when something changed, once in each frame of the display.
 *
 * @import {App} from "../app.js"
 * @import {Store} from "../store.js"
 * @import {Frame, Page} from "./page.js"
 */

import { render } from "../../vendor/lit-html.js";
import { docOf, photoOf } from "../document.js";
import { dialog, dialogs } from "./dialogs.js";
import { takeFiles } from "./drop.js";
import { beacon, leave, understood } from "./guide.js";
import { expireNotices, notices } from "./notices.js";
import { options } from "./options.js";
import { over } from "./over.js";
import { panel } from "./panel.js";
import { rail } from "./rail.js";
import { topbar } from "./topbar.js";

/** @type {[string, (frame: Frame) => unknown][]} */
const PLACES = [
  ["top", topbar],
  ["rail", rail],
  ["options", options],
  ["over", over],
  ["panel", panel],
  ["notices", notices],
  ["dialogs", dialogs],
];

/**
 * @param {App} app
 * @param {Store<Page>} pages
 * @returns {() => void}  draws at once
 */
export function mountShell(app, pages) {
  const turn = pages.set;
  const draw = () => drawFrame(frameOf(app, pages));
  const soon = onceAFrame(draw);
  app.subscribe((state, before) => {
    soon();
    if (state.server.state === "locked" && before.server.state !== "locked") dialog("token").showModal();
    if (!pages.get().guided && understood(state, before)) leave(turn);
  });
  pages.subscribe(soon);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", soon);
  new MutationObserver(soon).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  takeFiles(app, turn);
  expireNotices(app);
  draw();
  return draw;
}

/**
 * @param {App} app
 * @param {Store<Page>} pages
 * @returns {Frame}
 */
function frameOf(app, pages) {
  const state = app.get();
  return { app, state, doc: docOf(state), photo: photoOf(state), page: pages.get(), turn: pages.set };
}

/** @param {Frame} frame */
function drawFrame(frame) {
  for (const [id, template] of PLACES) render(template(frame), /** @type {HTMLElement} */ (document.getElementById(id)));
  document.body.dataset.sheet = String(frame.page.sheet);
  document.title = frame.photo ? `${frame.photo.name} – Pliant` : "Pliant";
  fillTracks();
  showBeacon(frame);
}

/** Style attributes are not allowed here, so what depends on values is set on the elements. */
function fillTracks() {
  for (const input of document.querySelectorAll('input[type="range"]')) {
    const { min, max, valueAsNumber } = /** @type {HTMLInputElement} */ (input);
    const share = (valueAsNumber - Number(min)) / (Number(max) - Number(min));
    /** @type {HTMLElement} */ (input).style.setProperty("--done", `${share * 100}%`);
  }
}

/** @param {Frame} frame */
function showBeacon(frame) {
  const mark = /** @type {HTMLElement} */ (document.querySelector(".beacon"));
  const at = beacon(frame);
  mark.hidden = at === null;
  if (at) mark.style.setProperty("translate", `${at[0]}px ${at[1]}px`);
}

/** @param {() => void} draw */
function onceAFrame(draw) {
  let due = 0;
  return () => {
    due ||= requestAnimationFrame(() => {
      due = 0;
      draw();
    });
  };
}
