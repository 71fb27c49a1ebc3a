// @ts-check
/**
 * Paints into the selection, or out of it. Shift goes on in a straight line from where the last stroke ended.
 *
 * @import {Point} from "../../types.js"
 * @import {Bench, Tool} from "./tool.js"
 */

import { rounded, thinned } from "../thin.js";
import { canSelect, settle, takesAway } from "./selecting.js";

const TOLERANCE = 0.25; // pixels by which the stroke may differ from the hand's
const CLOSE = 0.5; // pixels between points that need no telling apart

/**
 * @param {Bench} bench
 * @param {boolean} erases
 * @returns {Tool}
 */
export function brush({ app }, erases) {
  /** @type {Point[] | null} */
  let points = null;
  /** @type {Point | null} */
  let ended = null;
  let erase = false;

  /** @param {Point[]} line */
  const draw = (line) => app.mark({ kind: "stroke", points: line, radius: app.get().ui.radius, erase });

  return {
    cursor: () => "none",
    down(touch) {
      erase = erases ? !touch.alt : takesAway(app, touch);
      if (!canSelect(app, erase)) return;
      points = [...(touch.shift && ended ? [ended] : []), rounded(touch.at)];
      app.begin();
      draw(points);
    },
    move(touch) {
      if (!points) return;
      const more = [...points];
      for (const at of touch.through) {
        const [x, y] = more[more.length - 1];
        if (Math.hypot(at[0] - x, at[1] - y) >= CLOSE) more.push(rounded(at));
      }
      if (more.length === points.length) return;
      // While it grows, the stroke keeps its points: what a longer stroke adds is then all that has to be painted.
      draw((points = more));
    },
    up() {
      if (!points) return;
      ended = points[points.length - 1];
      draw(thinned(points, TOLERANCE));
      points = null;
      settle(app, erase ? "Erase" : "Paint");
    },
    cancel() {
      if (points) app.abort();
      points = null;
    },
  };
}
