// @ts-check
/**
 * The keys: one list, for who presses them and for the sheet that shows them.
 *
 * A key is written as the character it makes, or by its name, with Ctrl (on a Mac also Command) and Shift before
 * it. Shift is written with names and letters only: what else it makes is another character.
 *
 * @import {App} from "./app.js"
 * @import {Stage} from "./stage/stage.js"
 * @import {Point, ToolName} from "./types.js"
 *
 * @typedef {object} Desk  what keys can reach
 * @property {App} app
 * @property {Stage} stage
 * @property {() => void} open
 * @property {() => void} save
 * @property {() => void} copy
 * @property {() => void} sheet  shows the list of keys
 *
 * @typedef {"Tools" | "Brush and selection" | "Arrows and pins" | "View" | "Edit"} Group
 *
 * @typedef {object} Key
 * @property {string[]} keys
 * @property {string} what
 * @property {Group} group
 * @property {(desk: Desk, key: string) => unknown} [press]  false: it was not for us, the browser may have it;
 *   left out where the browser, or the stage with the pointer, does it
 * @property {(desk: Desk) => void} [release]
 * @property {boolean} [writing]  also while the user writes text
 */

import { removeGrips } from "./grips.js";

const BRUSH = { step: 1.2, least: 0.5, most: 2000 };
const FAR = 10; // pixels with Shift

/** @param {ToolName} tool @param {string} letter @param {string} what @returns {Key} */
const tool = (tool, letter, what) => ({ keys: [letter], what, group: "Tools", press: ({ app }) => app.ui({ tool }) });

/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @type {Key[]} */
export const KEYS = [
  tool("move", "V", "Move: pick and move arrow ends and pins"),
  tool("drag", "D", "Pull a part"),
  tool("pin", "P", "Pin a spot"),
  tool("select", "S", "Select an object by a click"),
  tool("brush", "B", "Brush"),
  tool("eraser", "E", "Eraser"),
  tool("lasso", "L", "Lasso"),
  tool("polygon", "G", "Polygon"),
  tool("box", "R", "Box"),
  tool("hand", "H", "Move the view"),

  { keys: ["[", "]"], what: "Smaller or larger brush", group: "Brush and selection", press: resizeBrush },
  {
    keys: ["X"], what: "Add or take away", group: "Brush and selection",
    press: ({ app }) => app.ui({ subtract: !app.get().ui.subtract }),
  },
  { keys: ["Alt"], what: "While held: take away instead of add", group: "Brush and selection" },
  {
    keys: ["Shift"], what: "While held: straight stroke, square box, add to what is picked",
    group: "Brush and selection",
  },
  {
    keys: ["Enter"], what: "Close the polygon", group: "Brush and selection",
    press: ({ stage }) => stage.finish(),
  },
  {
    keys: ["Backspace", "Delete"], what: "Take back the polygon's last corner, or delete what is picked",
    group: "Arrows and pins",
    press: remove,
  },

  { keys: Object.keys(ARROWS), what: "Move what is picked by a pixel", group: "Arrows and pins", press: nudge },
  {
    keys: Object.keys(ARROWS).map((key) => `Shift+${key}`), what: "Move it by ten", group: "Arrows and pins",
    press: nudge,
  },
  {
    keys: [",", "."], what: "Pick the one before or the next", group: "Arrows and pins",
    press: ({ stage }, key) => stage.next(key === "." ? 1 : -1),
  },

  {
    keys: ["Space"], what: "While held: move the view", group: "View",
    press: ({ stage }) => stage.space(true),
    release: ({ stage }) => stage.space(false),
  },
  {
    keys: ["+", "-"], what: "Closer or farther; also Ctrl and wheel", group: "View",
    press: ({ app }, key) => app.zoom(key === "+" ? "in" : "out"),
  },
  { keys: ["Ctrl+0"], what: "Fit the photo", group: "View", press: ({ app }) => app.zoom("fit") },
  { keys: ["Ctrl+1"], what: "100 %", group: "View", press: ({ app }) => app.zoom(1) },
  {
    keys: ["\\"], what: "While held: the original", group: "View",
    press: ({ app }) => app.ui({ original: true }),
    release: ({ app }) => app.ui({ original: false }),
  },
  { keys: ["W"], what: "Show the mesh", group: "View", press: ({ app }) => app.ui({ mesh: !app.get().ui.mesh }) },

  { keys: ["Ctrl+Z"], what: "Undo", group: "Edit", press: ({ app, stage }) => stage.escape() || app.undo() },
  { keys: ["Ctrl+Shift+Z", "Ctrl+Y"], what: "Redo", group: "Edit", press: ({ app }) => app.redo() },
  { keys: ["Ctrl+Enter"], what: "Fill", group: "Edit", writing: true, press: ({ app }) => void app.fill() },
  {
    keys: ["Escape"], what: "Take back the running gesture; else pick nothing; else cancel the running fill",
    group: "Edit",
    press: escape,
  },
  { keys: ["Ctrl+O"], what: "Open a photo or an edit", group: "Edit", writing: true, press: ({ open }) => open() },
  { keys: ["Ctrl+S"], what: "Save", group: "Edit", writing: true, press: ({ save }) => save() },
  { keys: ["Ctrl+C"], what: "Copy the picture", group: "Edit", press: copyUnlessText },
  { keys: ["Ctrl+V"], what: "Open the picture that was copied", group: "Edit" },
  { keys: ["?"], what: "These keys", group: "Edit", press: ({ sheet }) => sheet() },
];

/** @param {Desk} desk @param {string} key */
function resizeBrush({ app }, key) {
  const { radius } = app.get().ui;
  const next = key === "]" ? radius * BRUSH.step : radius / BRUSH.step;
  app.ui({ radius: Math.min(Math.max(next, BRUSH.least), BRUSH.most) });
}

/** @param {Desk} desk @param {string} key */
function nudge({ stage }, key) {
  const far = key.startsWith("Shift+") ? FAR : 1;
  const [x, y] = ARROWS[key.replace("Shift+", "")];
  return stage.nudge([x * far, y * far]);
}

/** @param {Desk} desk @param {string} key */
function remove({ app, stage }, key) {
  const { picked } = app.get().ui;
  if (key === "Backspace" && stage.back()) return true;
  if (!picked.length || stage.busy()) return false;
  app.apply(picked.length > 1 ? `Delete ${picked.length} handles` : "Delete handle", (doc) => removeGrips(doc, picked));
  return app.ui({ picked: [] });
}

/** @param {Desk} desk */
function escape({ app, stage }) {
  if (stage.escape()) return true;
  const { ui, results } = app.get();
  if (ui.split !== null) return app.ui({ split: null });
  if (ui.picked.length) return app.ui({ picked: [] });
  const running = results.find(({ state }) => state === "sending" || state === "queued" || state === "running");
  return running ? app.cancel(running.id) : false;
}

/** @param {Desk} desk */
function copyUnlessText({ copy }) {
  return getSelection()?.isCollapsed === false ? false : copy();
}

/**
 * How a key that was pressed is written in the list.
 *
 * @param {Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey"> & {graph?: boolean}} event 
 *   `graph`: with AltGr, by which many keyboards make brackets and backslashes, and which may come as Ctrl and Alt
 * @returns {string | null}  null: nothing that could be in the list
 */
export function written({ key, ctrlKey, metaKey, altKey, shiftKey, graph }) {
  const ctrl = (ctrlKey || metaKey) && !graph ? "Ctrl+" : "";
  if (altKey && !graph) return null;
  if (key === " ") return `${ctrl}Space`;
  const letter = key.length === 1 && key.toLowerCase() !== key.toUpperCase();
  const shift = shiftKey && (letter || key.length > 1) && key !== "Shift" ? "Shift+" : "";
  return `${ctrl}${shift}${letter ? key.toUpperCase() : key}`;
}

/**
 * @param {string | null} text  as `written` gives it
 * @returns {Key | undefined}
 */
export const keyFor = (text) => KEYS.find(({ keys, press }) => press && text !== null && keys.includes(text));

// What uses some keys for itself while it has the focus.
const WRITING = "input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, select, [contenteditable=true]";
const STEPPING = "input, [role=slider], [role=menu], [role=menuitem], [role=listbox], [role=radiogroup], [role=tablist]";
const PRESSED = "button, a[href], input, summary, label, [role=button], [role=menuitem]";

/**
 * Whether the element that has the focus needs the key itself.
 *
 * @param {Element | null} element
 * @param {string} key  as `written` gives it
 * @param {boolean} writing  whether the key does something also while the user writes
 * @param {Element | null} clicked  the element that got the focus by a click: a button keeps it, but it is the
 *   stage that Space is then meant for
 */
export function isTaken(element, key, writing, clicked) {
  if (!element) return false;
  if (element.closest("dialog[open], [role=dialog]")) return true;
  if (element.matches(WRITING)) return !writing;
  if (/Arrow/.test(key)) return element.closest(STEPPING) !== null;
  return /^(Space|Enter)$/.test(key) && clicked !== element && element.closest(PRESSED) !== null;
}

/**
 * @param {Desk} desk
 * @returns {() => void}  what ends it
 */
export function listen(desk) {
  /** @type {Map<string, Key>} what is held and does something when it is let go, by its place on the keyboard */
  const held = new Map();
  const ended = new AbortController();
  /** @type {Element | null} */
  let clicked = null;

  /** @param {FocusEvent} event  only now is it known; a key that is pressed makes any focus visible */
  function focused({ target }) {
    clicked = target instanceof Element && !target.matches(":focus-visible") ? target : null;
  }

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    const text = written({ ...keysOf(event), graph: event.getModifierState("AltGraph") });
    const key = keyFor(text);
    if (!/Arrow|^(Shift|Control|Alt|Meta)$/.test(event.key)) desk.stage.settle();
    const target = event.target instanceof Element ? event.target : null;
    if (!key || event.isComposing || isTaken(target, text ?? "", key.writing ?? false, clicked)) return;
    if (held.has(event.code)) return event.preventDefault();
    if (key.press?.(desk, text ?? "") === false) return;
    event.preventDefault();
    if (key.release) held.set(event.code, key);
  }

  /** @param {KeyboardEvent} event */
  function released(event) {
    held.get(event.code)?.release?.(desk);
    held.delete(event.code);
  }

  function left() {
    for (const key of held.values()) key.release?.(desk);
    held.clear();
    desk.stage.settle();
  }

  addEventListener("keydown", pressed, { signal: ended.signal });
  addEventListener("keyup", released, { signal: ended.signal });
  addEventListener("focusin", focused, { signal: ended.signal });
  addEventListener("blur", left, { signal: ended.signal });
  // Whatever is pressed next must find the burst of nudges ended, not take it back.
  addEventListener("pointerdown", () => desk.stage.settle(), { signal: ended.signal, capture: true });
  return () => ended.abort();
}

/** @param {KeyboardEvent} event */
const keysOf = ({ key, ctrlKey, metaKey, altKey, shiftKey }) => ({ key, ctrlKey, metaKey, altKey, shiftKey });
