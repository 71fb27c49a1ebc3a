// @ts-check
/**
 * Arrow ends and pins as buttons, for who does not see the stage or has no pointer: one stop of the Tab key, `,`
 * and `.` go from one to the next. A button that gets the focus picks its grip, and the stage shows which.
 *
 * @import {App} from "../app.js"
 * @import {Doc, Grip, State} from "../types.js"
 */

import { gripPoint, gripsOf } from "../grips.js";
import { isIn, sameGrip } from "./tools/grab.js";

const ENDS = { from: "start", to: "end", pin: "" };

/**
 * @param {HTMLElement} host
 * @param {App} app
 */
export function createGripList(host, app) {
  const list = document.createElement("ul");
  list.className = "unseen";
  list.setAttribute("aria-label", "Arrow ends and pins");
  host.append(list);
  /** @type {Grip[]} */
  let shown = [];

  /** @param {Doc} doc */
  function rebuild(doc) {
    shown = gripsOf(doc);
    while (list.children.length > shown.length) list.lastElementChild?.remove();
    while (list.children.length < shown.length) list.append(item());
    [...list.querySelectorAll("button")].forEach((button, i) => (button.textContent = nameOf(doc, shown[i])));
    list.hidden = !shown.length;
  }

  function item() {
    const button = document.createElement("button");
    button.type = "button";
    button.addEventListener("focus", () => app.ui({ picked: [shown[indexOf(button)]] }));
    const entry = document.createElement("li");
    entry.append(button);
    return entry;
  }

  /** @param {Element} button */
  const indexOf = (button) => [...list.querySelectorAll("button")].indexOf(/** @type {HTMLButtonElement} */ (button));

  /** @type {Doc | null} */
  let drawn = null;
  return {
    /** @param {State} state */
    update(state) {
      const { present } = state.history;
      if (present !== drawn) rebuild((drawn = present));
      const { picked } = state.ui;
      const stop = Math.max(shown.findIndex((grip) => isIn(picked, grip)), 0);
      [...list.querySelectorAll("button")].forEach((button, i) => {
        button.tabIndex = i === stop ? 0 : -1;
        button.setAttribute("aria-pressed", String(isIn(picked, shown[i])));
      });
    },
    /** @param {1 | -1} by */
    next(by) {
      if (!shown.length) return false;
      const { picked } = app.get().ui;
      const at = shown.findIndex((grip) => sameGrip(picked.at(-1) ?? null, grip));
      const next = at < 0 ? (by > 0 ? 0 : shown.length - 1) : (at + by + shown.length) % shown.length;
      list.querySelectorAll("button")[next].focus();
      return true;
    },
  };
}

/**
 * @param {Doc} doc
 * @param {Grip} grip
 */
export function nameOf(doc, grip) {
  const index = doc.parts.findIndex((part) => part.id === grip.part);
  const part = doc.parts[index];
  if (part?.kind !== "drag") return "";
  const at = (gripPoint(doc, grip) ?? []).map(Math.round).join(", ");
  const kind = grip.end === "pin" ? "Pin" : "Arrow";
  const number = (grip.end === "pin" ? part.pins : part.drags).findIndex(({ id }) => id === grip.id) + 1;
  return [`${kind} ${number} of part ${index + 1}`, ENDS[grip.end], `at ${at}`].filter(Boolean).join(", ");
}
