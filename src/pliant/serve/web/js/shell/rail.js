// @ts-check
import { html } from "../../vendor/lit-html.js";
import { icon } from "./icons.js";

/** @import {Frame} from "./page.js" */
/** @import {ToolName} from "../types.js" */

/** @type {{name: ToolName, label: string, keys: string, what: string}[][]} */
const GROUPS = [
  [
    { name: "move", label: "Move", keys: "V", what: "Pick and move arrow ends and pins" },
    { name: "drag", label: "Pull", keys: "D", what: "Pull a part: press in it and drag" },
    { name: "pin", label: "Pin", keys: "P", what: "Pin a spot so that it stays" },
  ],
  [
    { name: "select", label: "Select", keys: "S", what: "Click an object to select it" },
    { name: "brush", label: "Brush", keys: "B", what: "Paint over a part" },
    { name: "eraser", label: "Eraser", keys: "E", what: "Take paint away" },
    { name: "lasso", label: "Lasso", keys: "L", what: "Draw round a part" },
    { name: "polygon", label: "Polygon", keys: "G", what: "Click corners round a part" },
    { name: "box", label: "Box", keys: "R", what: "Pull a rectangle over a part" },
  ],
  [{ name: "hand", label: "Hand", keys: "H", what: "Move the view" }],
];

/** @param {Frame} frame */
export const rail = ({ app, state }) =>
  GROUPS.map(
    (tools) => html`<div class="tools" role="group">${tools.map(
      ({ name, label, keys, what }) => html`<button class="tool" type="button" title="${what} (${keys})" aria-label=${label}
        aria-keyshortcuts=${keys} aria-pressed=${String(state.ui.tool === name)} @click=${() => app.ui({ tool: name })}>
        ${icon(name)}</button>`,
    )}</div>`,
  );
