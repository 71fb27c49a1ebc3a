// @ts-check
import { html, nothing } from "../../vendor/lit-html.js";
import { addPart, lacking, pairPart, raisePart, removePart } from "../document.js";
import { newId } from "../ids.js";
import { iconButton } from "./controls.js";
import { icon } from "./icons.js";
import { partThumb } from "./thumb.js";

/** @import {Frame} from "./page.js" */
/** @import {Doc, Part, Slot} from "../types.js" */

const NEEDS = {
  region: "Nothing painted yet",
  drags: "Not pulled yet",
  source: "Paint what is taken",
  target: "Paint where it goes",
};

/** @param {Frame} frame */
export function parts(frame) {
  const { doc, state } = frame;
  const front = [...doc.parts].reverse();
  const guarded = doc.protect.length > 0 || state.ui.slot.field === "protect";
  return html`<section class="block" aria-labelledby="parts-name">
    <header class="block-head"><h2 id="parts-name">Parts</h2>${adding(frame)}</header>
    ${front.length ? html`<ul class="list">${front.map((part) => row(frame, part))}</ul>` : guarded ? nothing : empty(frame)}
    ${guarded ? protect(frame) : nothing}
  </section>`;
}

/** @param {Frame} frame */
function adding({ app, state }) {
  const paint = (/** @type {Slot} */ slot) => () => app.ui({ slot, tool: "brush", subtract: false, picked: [] });
  const fresh = state.ui.slot.part === null && state.ui.slot.field === "region";
  return html`<span class="block-tools">
    ${iconButton({ shape: "shield", name: "Protect an area", press: paint({ part: state.ui.slot.part, field: "protect" }) })}
    ${iconButton({ shape: "pair", name: "New region pair", press: () => newPair(app) })}
    ${iconButton({ shape: "plus", name: "New part", press: paint({ part: null, field: "region" }), off: fresh && state.ui.tool === "brush" })}</span>`;
}

/** @param {Frame["app"]} app */
function newPair(app) {
  const part = pairPart(newId("part"));
  app.apply("New region pair", (doc) => addPart(doc, part));
  app.ui({ slot: { part: part.id, field: "source" }, tool: "brush", subtract: false, picked: [] });
}

/** @param {Frame} frame */
const empty = ({ app }) =>
  html`<div class="empty"><p>Nothing marked yet.</p>
    <p>Paint over what you want to move, then pull it.</p>
    <button class="button line" type="button" @click=${() => app.ui({ slot: { part: null, field: "region" }, tool: "brush", subtract: false })}>
      ${icon("brush")}Paint a part</button></div>`;

/**
 * @param {Frame} frame
 * @param {Part} part
 */
function row({ app, doc, state, photo }, part) {
  const name = partName(doc, part);
  const chosen = state.ui.slot.part === part.id && state.ui.slot.field !== "protect";
  const at = doc.parts.indexOf(part);
  const lack = lacking(part);
  const choose = () => app.ui({ slot: { part: part.id, field: part.kind === "drag" ? "region" : "source" } });
  const raise = (/** @type {number} */ by) => () => app.apply(by > 0 ? "Bring forward" : "Send back", (now) => raisePart(now, part.id, by));
  return html`<li class="item-row" data-chosen=${String(chosen)}>
    <button class="item-main" type="button" aria-pressed=${String(chosen)} @click=${choose}>
      ${partThumb(photo, part.kind === "drag" ? part.region : part.source)}
      <span class="item-words"><b>${name}</b><small class=${lack ? "lack" : ""}>${lack ? NEEDS[lack] : held(part)}</small></span>
    </button>
    <span class="item-tools">
      ${iconButton({ shape: "up", name: `Bring ${name} forward`, press: raise(1), off: at === doc.parts.length - 1 })}
      ${iconButton({ shape: "down", name: `Send ${name} back`, press: raise(-1), off: at === 0 })}
      ${iconButton({ shape: "trash", name: `Delete ${name}`, press: () => app.apply(`Delete ${name}`, (now) => removePart(now, part.id)), look: "quiet danger" })}
    </span></li>`;
}

/** @param {Frame} frame */
function protect({ app, doc, state, photo }) {
  const chosen = state.ui.slot.field === "protect";
  return html`<div class="item-row" data-chosen=${String(chosen)}>
    <button class="item-main" type="button" aria-pressed=${String(chosen)} @click=${() => app.ui({ slot: { part: state.ui.slot.part, field: "protect" } })}>
      ${doc.protect.length ? partThumb(photo, doc.protect) : html`<span class="thumb blank">${icon("shield")}</span>`}
      <span class="item-words"><b>Protected area</b><small>${doc.protect.length ? "Never changes" : "Paint what must never change"}</small></span>
    </button>
    <span class="item-tools">${iconButton({ shape: "trash", name: "Clear the protected area", look: "quiet danger", off: !doc.protect.length,
      press: () => app.apply("Clear protected area", (now) => ({ ...now, protect: [] })) })}</span></div>`;
}

/**
 * @param {Doc} doc
 * @param {Part} part
 */
export const partName = (doc, part) => `Part ${doc.parts.findIndex((other) => other.id === part.id) + 1}`;

/** @param {Part} part */
function held(part) {
  if (part.kind === "pair") return "Region pair";
  const pins = part.pins.length ? `, ${count(part.pins.length, "pin")}` : "";
  return count(part.drags.length, "arrow") + pins;
}

/**
 * @param {number} n
 * @param {string} noun
 */
const count = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;
