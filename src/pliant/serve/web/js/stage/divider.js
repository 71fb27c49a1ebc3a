// @ts-check
/**
 * The line between before and after, a slider by role.
 *
 * @import {App} from "../app.js"
 * @import {State} from "../types.js"
 */

import { photoOf } from "../document.js";

const STEP = 0.02;
const FAR = 0.1;

/**
 * @param {HTMLElement} host
 * @param {App} app
 * @returns {(state: State) => void}  puts it where it belongs
 */
export function createDivider(host, app) {
  const line = document.createElement("div");
  line.className = "divider";
  line.hidden = true;
  line.tabIndex = 0;
  const facts = { role: "slider", "aria-label": "Before and after", "aria-valuemin": "0", "aria-valuemax": "100" };
  for (const [name, value] of Object.entries(facts)) line.setAttribute(name, value);
  host.append(line);

  /** @param {number} share */
  const set = (share) => app.ui({ split: Math.min(Math.max(share, 0), 1) });

  line.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    line.focus();
    line.setPointerCapture(event.pointerId);
  });
  line.addEventListener("pointermove", (event) => {
    const photo = app.photo();
    if (!photo || !line.hasPointerCapture(event.pointerId)) return;
    const { view } = app.get().ui;
    set((event.clientX - host.getBoundingClientRect().left - view.x) / (photo.size.width * view.scale));
  });
  line.addEventListener("keydown", (event) => {
    const split = app.get().ui.split ?? 0;
    const next = stepped(event.key, split, event.shiftKey ? FAR : STEP);
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    set(next);
  });

  return (state) => {
    const { split, view } = state.ui;
    const photo = photoOf(state);
    line.hidden = split === null || !photo;
    if (split === null || !photo) return;
    line.style.setProperty("translate", `${view.x + split * photo.size.width * view.scale}px 0`);
    line.setAttribute("aria-valuenow", String(Math.round(split * 100)));
    line.setAttribute("aria-valuetext", `${Math.round(split * 100)} % before`);
  };
}

/**
 * Where a key moves the divider; null: it is not one that does.
 *
 * @param {string} key
 * @param {number} share
 * @param {number} step
 */
export function stepped(key, share, step) {
  if (key === "ArrowLeft" || key === "ArrowDown") return share - step;
  if (key === "ArrowRight" || key === "ArrowUp") return share + step;
  if (key === "Home") return 0;
  return key === "End" ? 1 : null;
}
