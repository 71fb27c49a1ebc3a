// @ts-check
/**
 * @import {Point} from "../../types.js"
 * @import {Bench, Tool, Touch} from "./tool.js"
 */

import { toScreen } from "../../view.js";
import { rounded } from "../thin.js";
import { canSelect, select, takesAway } from "./selecting.js";
import { REACH } from "./tool.js";

/**
 * Selects what corners surround that are clicked one by one. Enter, a double click or a click on the first one
 * closes it.
 *
 * @param {Bench} bench
 * @returns {Tool}
 */
export function polygon({ app, sketch }) {
  /** @type {Point[]} */
  let corners = [];
  let erase = false;
  let closes = false;

  /** @param {Point[]} line */
  const show = (line) => sketch({ line, corners: true });

  function end() {
    corners = [];
    sketch({ line: [], corners: false });
  }

  function finish() {
    const points = corners;
    if (!points.length) return false;
    end();
    if (points.length >= 3) select(app, { kind: "polygon", points, erase }, "Polygon");
    else app.notice("A polygon needs three corners.");
    return true;
  }

  /** @param {Touch} touch */
  function closesAt(touch) {
    if (corners.length < 3) return false;
    const [x, y] = toScreen(app.get().ui.view, corners[0]);
    return touch.twice || Math.hypot(touch.screen[0] - x, touch.screen[1] - y) <= REACH[touch.by];
  }

  return {
    cursor: () => "crosshair",
    down(touch) {
      if (!corners.length) erase = takesAway(app, touch);
      closes = closesAt(touch);
      if (closes || (corners.length && touch.twice) || !canSelect(app, erase)) return;
      show((corners = [...corners, rounded(touch.at)]));
    },
    move(touch) {
      if (corners.length && !closes) show((corners = [...corners.slice(0, -1), rounded(touch.at)]));
    },
    up() {
      if (closes) finish();
      closes = false;
    },
    hover(touch) {
      if (corners.length) show([...corners, closesAt(touch) ? corners[0] : touch.at]);
    },
    cancel: end,
    finish,
    back() {
      if (!corners.length) return false;
      corners = corners.slice(0, -1);
      if (corners.length) show(corners);
      else end();
      return true;
    },
  };
}
