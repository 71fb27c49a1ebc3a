// @ts-check
import { html } from "../../vendor/lit-html.js";
import { KEYS } from "../keys.js";

/** @import {Group} from "../keys.js" */

/** @type {Group[]} */
const GROUPS = ["Tools", "Brush and selection", "Arrows and pins", "View", "Edit"];

const MAC = /Mac|iP(hone|ad)/.test(navigator.platform);

/** @type {Record<string, string>} */
const SIGNS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", Ctrl: MAC ? "⌘" : "Ctrl" };

export const keySheet = () =>
  html`<div class="keys">${GROUPS.map(
    (group) => html`<section><h3>${group}</h3><dl>${KEYS.filter((key) => key.group === group).map(
      ({ what, keys }) => html`<div><dt>${what}</dt><dd>${shown(keys).map((key) => html`<kbd class="key">${signed(key)}</kbd>`)}</dd></div>`,
    )}</dl></section>`,
  )}</div>`;

/** Four arrows are one thing to say. @param {string[]} keys */
const shown = (keys) => (keys.length === 4 ? [keys[0].replace("ArrowLeft", "Arrow keys")] : keys);

/** @param {string} key */
const signed = (key) => key.split("+").map((part) => SIGNS[part] ?? part).join(" ").trim() || key;
