// @ts-check
/**
 * @import {Point} from "../../types.js"
 * @import {Bench, Tool} from "./tool.js"
 */

import { rounded, thinned } from "../thin.js";
import { canSelect, select, takesAway } from "./selecting.js";

const TOLERANCE = 0.25;

/**
 * Selects what a line drawn by hand surrounds.
 *
 * @param {Bench} bench
 * @returns {Tool}
 */
export function lasso({ app, sketch }) {
  /** @type {Point[] | null} */
  let line = null;
  let erase = false;

  function end() {
    line = null;
    sketch({ line: [] });
  }

  return {
    cursor: () => "crosshair",
    down(touch) {
      erase = takesAway(app, touch);
      if (canSelect(app, erase)) sketch({ line: (line = [touch.at]) });
    },
    move(touch) {
      if (line) sketch({ line: (line = [...line, ...touch.through]) });
    },
    up() {
      const points = thinned(line ?? [], TOLERANCE).map(rounded);
      end();
      if (points.length >= 3) select(app, { kind: "polygon", points, erase }, "Lasso");
    },
    cancel: end,
  };
}
