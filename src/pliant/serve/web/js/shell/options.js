// @ts-check
import { html, nothing } from "../../vendor/lit-html.js";
import { partOf } from "../document.js";
import { picker, segments, slider, toggle } from "./controls.js";
import { defaultOf, reasonOf } from "./listed.js";

/** @import {Frame} from "./page.js" */
/** @import {Slot, ToolName} from "../types.js" */

/** @type {Record<ToolName, string>} */
const HINTS = {
  move: "Drag an arrow’s end or a pin. Shift picks several, arrow keys nudge.",
  drag: "Press inside a part and pull. An arrow’s end can be moved later.",
  pin: "Click inside a part: that spot stays where it is.",
  select: "Click an object, or pull a box round it. Alt takes away.",
  brush: "Paint over the part you want to move. Alt takes away.",
  eraser: "Rub out what was painted too much.",
  lasso: "Draw round the part. Alt takes away.",
  polygon: "Click corner after corner; Enter or the first corner closes it.",
  box: "Pull a rectangle. Alt takes away.",
  hand: "Drag to move the view. Ctrl and the wheel zoom.",
};

const DRAWING = new Set(["select", "brush", "eraser", "lasso", "polygon", "box"]);

/** @param {Frame} frame */
export function options(frame) {
  const { tool } = frame.state.ui;
  const drawing = DRAWING.has(tool);
  return html`${drawing ? slots(frame) : nothing} ${drawing && tool !== "eraser" ? sign(frame) : nothing}
    ${tool === "brush" || tool === "eraser" ? size(frame) : nothing} ${tool === "select" ? segmenter(frame) : nothing}
    <p class="hint">${HINTS[tool]}</p>
    ${drawing ? nothing : mesh(frame)}`;
}

/** Which list of marks is drawn into. @param {Frame} frame */
function slots({ app, doc, state }) {
  const { slot } = state.ui;
  const part = partOf(doc, slot.part);
  /** @type {{value: Slot["field"], label: string, title: string}[]} */
  const fields =
    part?.kind === "pair"
      ? [
          { value: "source", label: "From", title: "What is taken: the handle region" },
          { value: "target", label: "To", title: "Where it goes: the target region" },
        ]
      : [{ value: "region", label: part ? "Part" : "New part", title: "What moves: the deformable region" }];
  return segments({
    name: "Paint into",
    value: slot.field,
    choices: [...fields, { value: "protect", label: "Protect", title: "What must never change" }],
    pick: (field) => app.ui({ slot: { part: slot.part, field } }),
  });
}

/** @param {Frame} frame */
const sign = ({ app, state }) =>
  segments({
    name: "Add or subtract",
    value: state.ui.subtract ? "subtract" : "add",
    choices: [
      { value: "add", label: "Add", title: "Paint adds to the part (X)" },
      { value: "subtract", label: "Subtract", title: "Paint takes away from the part (X)" },
    ],
    pick: (value) => app.ui({ subtract: value === "subtract" }),
  });

/** Sizes go up by a share, as eyes and hands do. @param {Frame} frame */
const size = ({ app, state, photo }) =>
  slider({
    name: "Size",
    value: Math.log2(state.ui.radius),
    min: 0,
    max: Math.log2(Math.max(64, photo ? Math.max(photo.size.width, photo.size.height) / 3 : 0)),
    step: 0.05,
    shown: `${Math.round(state.ui.radius * 2)} px`,
    title: "Size of the brush ([ and ])",
    slide: (value) => app.ui({ radius: 2 ** value }),
  });

/** @param {Frame} frame */
function segmenter({ app, state }) {
  const listed = state.server.segmenters;
  return picker({
    id: "segmenter",
    name: "With",
    value: state.ui.segmenter ?? defaultOf(listed)?.name ?? "",
    choices: listed.map((one) => ({ value: one.name, label: one.name, text: one.summary, reason: reasonOf(one, "segmenter") })),
    pick: (name) => app.ui({ segmenter: name }),
  });
}

/** @param {Frame} frame */
const mesh = ({ app, state }) =>
  toggle("Mesh", state.ui.mesh, (on) => app.ui({ mesh: on }), "Show the mesh that bends the photo (W)");
