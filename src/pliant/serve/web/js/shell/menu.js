// @ts-check
import { html } from "../../vendor/lit-html.js";

/**
 * A list that opens under its button, as the browser's own popover: Escape and a press elsewhere close it.
 *
 * @param {string} id
 * @param {unknown} items
 * @param {string} name  what a screen reader calls it
 */
export const menu = (id, items, name) =>
  html`<div popover class="menu" id=${id} aria-label=${name} role="group" @beforetoggle=${place} @click=${choose}>${items}</div>`;

/** Stands the menu under its button, or over it where there is no room; always inside the window. @param {ToggleEvent} event */
function place(event) {
  const box = /** @type {HTMLElement} */ (event.currentTarget);
  const button = document.querySelector(`[popovertarget="${box.id}"]`);
  if (event.newState !== "open" || !button) return;
  const from = button.getBoundingClientRect();
  const below = innerHeight - from.bottom;
  const over = below < 320 && from.top > below;
  box.style.setProperty("--room", `${(over ? from.top : below) - 16}px`);
  box.style.setProperty("--least", `${from.width}px`);
  box.style.setProperty("--top", over ? "auto" : `${from.bottom + 4}px`);
  box.style.setProperty("--bottom", over ? `${innerHeight - from.top + 4}px` : "auto");
  const left = from.left < innerWidth / 2;
  box.style.setProperty("--left", left ? `${Math.max(from.left, 8)}px` : "auto");
  box.style.setProperty("--right", left ? "auto" : `${Math.max(innerWidth - from.right, 8)}px`);
}

/** A chosen item closes its menu. @param {Event} event */
function choose(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const item = target.closest("button, input");
  // Arrow keys walk through radio buttons and click each; the menu stays open for them.
  const walked = item instanceof HTMLInputElement && /** @type {MouseEvent} */ (event).detail === 0;
  if (item && !walked) /** @type {HTMLElement} */ (event.currentTarget).hidePopover();
}
