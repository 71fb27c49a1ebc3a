// @ts-check
/** @import {Bench, Tool, Touch} from "./tool.js" */

/**
 * Moves the view.
 *
 * @param {Bench} bench
 * @returns {Tool}
 */
export function hand({ app }) {
  /** @type {Touch | null} */
  let last = null;
  return {
    cursor: () => (last ? "grabbing" : "grab"),
    down(touch) {
      last = touch;
    },
    move(touch) {
      if (last) app.pan([touch.screen[0] - last.screen[0], touch.screen[1] - last.screen[1]]);
      last = touch;
    },
    up() {
      last = null;
    },
    cancel() {
      last = null;
    },
  };
}
