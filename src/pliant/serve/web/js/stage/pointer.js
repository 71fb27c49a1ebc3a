// @ts-check
/**
 * Pointer events, made into touches for the tool at hand, pinches and pans. A finger that finds another pointer at
 * work waits, so that the ball of a hand beside a pen does nothing.
 *
 * @import {App} from "../app.js"
 * @import {Point} from "../types.js"
 * @import {Tool, Touch} from "./tools/tool.js"
 *
 * @typedef {object} Hands
 * @property {Tool} hand
 * @property {() => Tool} tool  the one that is chosen
 * @property {(touch: Touch | null, tool: Tool) => void} seen  the pointer is here, over the stage; null: it has
 *   left
 *
 * @typedef {object} Pointer
 * @property {() => boolean} busy  whether a pointer is down
 * @property {() => boolean} abort  takes the running gesture back; false where none runs
 * @property {(held: boolean) => void} space  whether the view is moved whatever the tool
 * @property {() => void} end
 */

import { toPhoto } from "../view.js";
import { isPinch, pinched } from "./pinch.js";

const TWICE = { milliseconds: 350, pixels: 6 };
const MIDDLE = 1;

/**
 * @param {HTMLElement} surface
 * @param {App} app
 * @param {Hands} hands
 * @returns {Pointer}
 */
export function watchPointer(surface, app, hands) {
  /** @type {Map<number, Point>} fingers, pens and mice that are down */
  const down = new Map();
  /** @type {{tool: Tool, pointer: number, at: Point, time: number} | null} */
  let gesture = null;
  /** @type {{at: Point, time: number}} */
  let last = { at: [0, 0], time: -Infinity };
  let pinching = false;
  let spaced = false;

  const idle = () => (spaced ? hands.hand : hands.tool());

  /** @param {PointerEvent} event @returns {Point} */
  function screenOf({ clientX, clientY }) {
    const { left, top } = surface.getBoundingClientRect();
    return [clientX - left, clientY - top];
  }

  /** @param {PointerEvent} event @param {boolean} [twice] @returns {Touch} */
  function touchOf(event, twice = false) {
    const { view } = app.get().ui;
    const screen = screenOf(event);
    const parts = event.getCoalescedEvents?.() ?? []; // not everywhere, and empty for events made by scripts
    const through = parts.map((part) => toPhoto(view, screenOf(part)));
    const at = toPhoto(view, screen);
    const by = event.pointerType === "touch" || event.pointerType === "pen" ? event.pointerType : "mouse";
    return { at, through: [...through.slice(0, -1), at], screen, by, shift: event.shiftKey, alt: event.altKey, twice };
  }

  function abort() {
    const was = gesture;
    gesture = null;
    was?.tool.cancel();
    return was !== null;
  }

  /** @param {PointerEvent} event */
  function pressed(event) {
    if (event.pointerType === "mouse" && event.button !== 0 && event.button !== MIDDLE) return;
    event.preventDefault();
    // Who points needs no ring around the stage; `focusVisible` is newer than TypeScript's list.
    surface.focus(/** @type {FocusOptions} */ ({ preventScroll: true, focusVisible: false }));
    const screen = screenOf(event);
    if (gesture || pinching) return second(event, screen);
    surface.setPointerCapture(event.pointerId);
    down.set(event.pointerId, screen);
    const again = event.timeStamp - last.time < TWICE.milliseconds && near(screen, last.at, TWICE.pixels);
    last = { at: screen, time: event.timeStamp };
    const tool = event.button === MIDDLE ? hands.hand : idle();
    gesture = { tool, pointer: event.pointerId, at: screen, time: event.timeStamp };
    const touch = touchOf(event, again);
    tool.down(touch);
    hands.seen(touch, tool);
  }

  /** @param {PointerEvent} event @param {Point} screen */
  function second(event, screen) {
    if (event.pointerType !== "touch" || !gesture || down.size !== 1) return;
    const first = /** @type {Point} */ (down.get(gesture.pointer));
    const far = Math.hypot(first[0] - gesture.at[0], first[1] - gesture.at[1]);
    if (!isPinch(event.timeStamp - gesture.time, far)) return;
    abort();
    hands.seen(null, idle());
    surface.setPointerCapture(event.pointerId);
    down.set(event.pointerId, screen);
    pinching = true;
  }

  /** @param {PointerEvent} event */
  function moved(event) {
    if (pinching && down.has(event.pointerId)) return pinch(event);
    if (gesture && gesture.pointer !== event.pointerId) return;
    const touch = touchOf(event);
    const tool = gesture?.tool ?? idle();
    if (gesture) {
      down.set(event.pointerId, touch.screen);
      tool.move(touch);
    } else tool.hover?.(touch);
    hands.seen(touch, tool);
  }

  /** @param {PointerEvent} event */
  function pinch(event) {
    const before = /** @type {[Point, Point]} */ ([...down.values()]);
    down.set(event.pointerId, screenOf(event));
    if (before.length < 2) return;
    const { ratio, by, at } = pinched(before, /** @type {[Point, Point]} */ ([...down.values()]));
    app.pan(by);
    app.zoom(app.get().ui.view.scale * ratio, at);
  }

  /** @param {PointerEvent} event */
  function released(event) {
    down.delete(event.pointerId);
    pinching &&= down.size > 0;
    if (gesture?.pointer !== event.pointerId) return;
    const { tool } = gesture;
    gesture = null;
    const touch = touchOf(event);
    if (event.type === "pointercancel") tool.cancel();
    else tool.up(touch);
    hands.seen(event.pointerType === "touch" ? null : touch, idle());
  }

  /** @param {PointerEvent} event */
  function left(event) {
    if (!gesture && event.pointerType !== "touch") hands.seen(null, idle());
  }

  const ended = new AbortController();
  const { signal } = ended;
  surface.addEventListener("pointerdown", pressed, { signal });
  surface.addEventListener("pointermove", moved, { signal });
  surface.addEventListener("pointerup", released, { signal });
  surface.addEventListener("pointercancel", released, { signal });
  surface.addEventListener("pointerleave", left, { signal });
  // Else the browser takes the end of a quick stroke for a fling, and the next tap on the page for what stops it.
  surface.addEventListener("touchstart", (event) => event.preventDefault(), { signal, passive: false });
  surface.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
  surface.addEventListener("wheel", (event) => wheeled(app, surface, event), { signal, passive: false });

  return {
    busy: () => gesture !== null || pinching,
    abort,
    space(held) {
      if (spaced === held) return;
      spaced = held;
      if (!gesture) hands.seen(null, idle());
    },
    end: () => ended.abort(),
  };
}

/**
 * @param {Point} one
 * @param {Point} other
 * @param {number} most
 */
const near = (one, other, most) => Math.hypot(one[0] - other[0], one[1] - other[1]) <= most;

/**
 * Pans, and zooms with Ctrl: a pinch on a touchpad comes as that.
 *
 * @param {App} app
 * @param {HTMLElement} surface
 * @param {WheelEvent} event
 */
function wheeled(app, surface, event) {
  event.preventDefault();
  const unit = [1, 16, surface.clientHeight][event.deltaMode]; // pixels, lines or pages
  const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
  if (!event.ctrlKey && !event.metaKey) return app.pan(event.shiftKey && !dx ? [-dy, 0] : [-dx, -dy]);
  const { left, top } = surface.getBoundingClientRect();
  // A notch of a mouse wheel is 100 or 120 pixels, a pinch on a touchpad sends a few at a time.
  const ratio = Math.exp(-Math.min(Math.max(dy, -120), 120) / (Math.abs(dy) < 50 ? 100 : 480));
  app.zoom(app.get().ui.view.scale * ratio, [event.clientX - left, event.clientY - top]);
}
