// @ts-check
/**
 * The stage: the photo, what is drawn over it, and the tools. Draws when something changed, at most once in a
 * frame.
 *
 * @import {App} from "../app.js"
 * @import {Point, Size, State} from "../types.js"
 * @import {Bench, Sketch, Tool} from "./tools/tool.js"
 *
 * @typedef {object} Stage
 * @property {() => boolean} busy  whether a gesture runs
 * @property {() => boolean} escape  takes the running gesture back, or what several clicks have begun; false:
 *   there is none
 * @property {() => boolean} finish  closes what several clicks have begun
 * @property {() => boolean} back  takes back the last of these clicks
 * @property {(by: Point) => boolean} nudge  moves what is picked; false where nothing is
 * @property {() => void} settle  makes a step of the nudges until now
 * @property {(by: 1 | -1) => boolean} next  picks the next grip
 * @property {(held: boolean) => void} space  whether the view is moved, whatever the tool
 * @property {() => void} end
 */

import { createDivider } from "./divider.js";
import { createGripList } from "./griplist.js";
import { gripAt, partAt } from "./hit.js";
import { createNudge } from "./nudge.js";
import { drawOverlay, hidesMarks } from "./overlay.js";
import { createPace } from "./pace.js";
import { paletteOf } from "./palette.js";
import { createPlainPainter } from "./plain.js";
import { watchPointer } from "./pointer.js";
import { createPreview } from "./preview.js";
import { createRenderer } from "./renderer.js";
import { sceneOf } from "./scene.js";
import { watchSize } from "./size.js";
import { createTools } from "./tools/tools.js";
import { NO_SKETCH, REACH } from "./tools/tool.js";

const NAME = "Photo. Tab leads to arrow ends and pins; the arrow keys move them.";

/**
 * @param {HTMLElement} host
 * @param {App} app
 * @returns {Stage}
 */
export function mountStage(host, app) {
  const surface = element(host, "div", "surface");
  surface.tabIndex = 0;
  surface.setAttribute("role", "application");
  surface.setAttribute("aria-label", NAME);
  const paint = element(surface, "canvas", "paint");
  const marks = element(surface, "canvas", "marks");
  const palette = paletteOf(surface);
  const ctx = /** @type {CanvasRenderingContext2D} */ (marks.getContext("2d"));
  const painter = createRenderer(paint, palette, soon) ?? createPlainPainter(paint);
  const preview = createPreview(soon);
  const divide = createDivider(host, app);
  const grips = createGripList(host, app);
  const nudge = createNudge(app);
  const pace = createPace();

  /** @type {Sketch} */
  let sketch = NO_SKETCH;
  let due = 0;
  let asked = 0;
  /** @type {{stage: Size, canvas: Size, dpr: number}} */
  let size = { stage: { width: 0, height: 0 }, canvas: { width: 0, height: 0 }, dpr: 1 };

  function soon() {
    if (due) return;
    asked = performance.now();
    due = requestAnimationFrame(draw);
  }

  function draw() {
    const fine = pace.next(due ? performance.now() - asked : 0, sketch.pulling);
    cancelAnimationFrame(due);
    due = 0;
    const state = app.get();
    const shown = preview.of(state.live.picture);
    const canvas = { width: Math.ceil(size.canvas.width * fine), height: Math.ceil(size.canvas.height * fine) };
    if (paint.width !== canvas.width || paint.height !== canvas.height) Object.assign(paint, canvas);
    painter?.draw(sceneOf(state, shown, sketch.pulling), canvas, size.dpr * fine);
    ctx.setTransform(size.dpr, 0, 0, size.dpr, 0, 0);
    drawOverlay({ ctx, state, sketch, palette }, size.stage);
  }

  const measured = watchSize(paint, (next) => {
    size = next;
    Object.assign(marks, next.canvas);
    app.resize(next.stage);
    draw(); // a canvas that was resized is empty, and the frame is about to be shown
  });

  /** @type {Bench} */
  const bench = {
    app,
    gripAt: ({ screen, by }) => gripAt(app.doc(), app.get().ui.view, screen, REACH[by]),
    partAt({ at }) {
      const photo = app.photo();
      return photo && partAt(app.doc(), photo.size, app.get().live, at);
    },
    sketch(patch) {
      sketch = { ...sketch, ...patch };
      soon();
    },
  };
  const tools = createTools(bench);
  const tool = () => (hidesMarks(app.get()) ? tools.hand : tools[app.get().ui.tool]);

  const pointer = watchPointer(surface, app, {
    hand: tools.hand,
    tool,
    seen(touch, current) {
      const hovers = touch && !pointer.busy() && touch.by !== "touch" && !hidesMarks(app.get());
      bench.sketch({ pointer: touch, hover: hovers ? bench.gripAt(touch) : null });
      surface.style.setProperty("cursor", current.cursor(touch));
    },
  });

  /** @param {State} state @param {State} before */
  function changed(state, before) {
    if (state.ui.tool !== before.ui.tool) leave(tools[before.ui.tool]);
    divide(state);
    grips.update(state);
    soon();
  }

  /** @param {Tool} before */
  function leave(before) {
    pointer.abort();
    before.cancel();
    surface.style.setProperty("cursor", tool().cursor(null));
  }

  const unsubscribe = app.subscribe(changed);
  changed(app.get(), app.get());
  leave(tool());

  return {
    busy: pointer.busy,
    escape() {
      if (pointer.abort() || nudge.abort()) return true;
      if (!sketch.line.length) return false;
      tool().cancel();
      return true;
    },
    finish: () => tool().finish?.() ?? false,
    back: () => tool().back?.() ?? false,
    nudge: (by) => !pointer.busy() && nudge.by(by),
    settle: nudge.settle,
    next: grips.next,
    space: pointer.space,
    end() {
      cancelAnimationFrame(due);
      for (const end of [unsubscribe, measured, pointer.end, preview.end, () => painter?.end()]) end();
      host.replaceChildren();
    },
  };
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {HTMLElement} host
 * @param {K} kind
 * @param {string} name
 * @returns {HTMLElementTagNameMap[K]}
 */
function element(host, kind, name) {
  const made = document.createElement(kind);
  made.className = name;
  host.append(made);
  return made;
}
