// @ts-check
/** Controls that more than one panel uses. */

import { html, nothing } from "../../vendor/lit-html.js";
import { icon } from "./icons.js";
import { menu } from "./menu.js";

/** @import {IconName} from "./icons.js" */

/**
 * A button that is only an icon; `name` is its tooltip and what a screen reader says.
 *
 * @param {object} about
 * @param {IconName} about.shape
 * @param {string} about.name
 * @param {() => void} about.press
 * @param {string} [about.keys]  a key that does the same
 * @param {boolean} [about.off]
 * @param {boolean} [about.on]  whether it is pressed in, for buttons that stay
 * @param {string} [about.look]
 */
export const iconButton = ({ shape, name, press, keys, off = false, on, look = "quiet" }) =>
  html`<button class="button only ${look}" type="button" title=${keys ? `${name} (${keys})` : name} aria-label=${name}
    aria-pressed=${on === undefined ? nothing : String(on)} ?disabled=${off} @click=${press}>${icon(shape)}</button>`;

/**
 * @template {string} V
 * @param {object} about
 * @param {string} about.name
 * @param {V} about.value
 * @param {{value: V, label: string, title?: string, shape?: IconName, off?: boolean}[]} about.choices
 * @param {(value: V) => void} about.pick
 * @param {boolean} [about.wide]
 */
export const segments = ({ name, value, choices, pick, wide = false }) =>
  html`<fieldset class="segments ${wide ? "wide" : ""}"><legend class="unseen">${name}</legend>${choices.map(
    (choice) => html`<label title=${choice.title ?? nothing}>
      <input type="radio" name=${name} .checked=${choice.value === value} ?disabled=${choice.off ?? false} @change=${() => pick(choice.value)} />
      <span>${choice.shape ? icon(choice.shape) : nothing}${choice.label}</span></label>`,
  )}</fieldset>`;

/**
 * @param {object} about
 * @param {string} about.name
 * @param {number} about.value
 * @param {number} about.max
 * @param {number} [about.min]
 * @param {number} [about.step]
 * @param {string} about.shown  the value in words
 * @param {string} [about.title]
 * @param {(value: number) => void} about.slide  while it moves
 * @param {() => void} [about.done]  when it is let go
 */
export const slider = ({ name, value, min = 0, max, step = 1, shown, title, slide, done }) =>
  html`<label class="slider" title=${title ?? nothing}><span class="name">${name}</span>
    <input type="range" aria-label=${name} min=${min} max=${max} step=${step} .value=${String(value)} aria-valuetext=${shown}
      @input=${(/** @type {Event} */ event) => slide(numberIn(event))} @change=${() => done?.()} />
    <output>${shown}</output></label>`;

/**
 * A field for a number; what is no number, or too small or large, is put right where it stands.
 *
 * @param {object} about
 * @param {string} about.name
 * @param {number | null} about.value  null: nothing was chosen
 * @param {number} [about.min]
 * @param {number} [about.max]
 * @param {boolean} [about.whole]
 * @param {boolean} [about.empty]  whether it may be empty
 * @param {(value: number | null) => void} about.set  null only where it may be empty
 */
export function numberField({ name, value, min, max, whole = false, empty = false, set }) {
  const change = (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const given = whole ? Math.round(input.valueAsNumber) : input.valueAsNumber;
    const next = Number.isNaN(given) ? (empty ? null : value) : Math.min(Math.max(given, min ?? given), max ?? given);
    input.value = next === null ? "" : String(next);
    set(next);
  };
  return html`<input class="input short" type="number" aria-label=${name} min=${min ?? nothing} max=${max ?? nothing} step=${whole ? 1 : "any"}
    placeholder=${empty ? "default" : nothing} .value=${value === null ? "" : String(value)} @change=${change} />`;
}

/**
 * @param {string} name
 * @param {boolean} on
 * @param {(on: boolean) => void} set
 * @param {string} [title]
 */
export const toggle = (name, on, set, title) =>
  html`<label class="switch" title=${title ?? nothing}><span>${name}</span><input type="checkbox" role="switch" .checked=${on}
    @change=${(/** @type {Event} */ event) => set(/** @type {HTMLInputElement} */ (event.target).checked)} /></label>`;

/**
 * @typedef {object} Choice
 * @property {string} value
 * @property {string} label
 * @property {string} [text]  what it is, in a sentence
 * @property {string | null} [reason]  why it cannot be chosen
 */

/**
 * A button with a list of choices that have something to say; those that cannot be chosen say why.
 *
 * @param {object} about
 * @param {string} about.id
 * @param {string} about.name
 * @param {string} about.value
 * @param {Choice[]} about.choices
 * @param {(value: string) => void} about.pick
 * @param {string} [about.title]
 */
export function picker({ id, name, value, choices, pick, title }) {
  const now = choices.find((choice) => choice.value === value);
  const items = choices.map(
    (choice) => html`<label class="choice ${choice.reason ? "off" : ""}">
      <input type="radio" name=${id} .checked=${choice.value === value} ?disabled=${!!choice.reason} @change=${() => pick(choice.value)} />
      <span class="choice-mark">${icon("check")}</span>
      <span><b>${choice.label}</b><span>${choice.text ?? nothing}</span>${choice.reason ? html`<i>${choice.reason}</i>` : nothing}</span>
    </label>`,
  );
  return html`<div class="field"><span class="name" id="${id}-name" title=${title ?? nothing}>${name}</span>
    <button class="button line picker" type="button" popovertarget=${id} aria-labelledby="${id}-name ${id}-now">
      <span class="grow" id="${id}-now">${now?.label ?? "None"}</span>${icon("chevron")}</button>
    ${menu(id, items, name)}</div>`;
}

/** @param {Event} event */
const numberIn = (event) => /** @type {HTMLInputElement} */ (event.target).valueAsNumber;

/** @param {Event} event */
export const textIn = (event) => /** @type {HTMLInputElement | HTMLTextAreaElement} */ (event.target).value;
