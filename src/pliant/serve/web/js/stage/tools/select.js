// @ts-check
/**
 * @import {Point} from "../../types.js"
 * @import {Bench, Tool, Touch} from "./tool.js"
 */

import { boxBetween } from "./box.js";
import { canSelect, takesAway } from "./selecting.js";
import { strayed } from "./tool.js";

/**
 * Lets a segmenter find the object under a click, or in a box. With Alt it is taken away.
 *
 * @param {Bench} bench
 * @returns {Tool}
 */
export function pointAt({ app, sketch }) {
  /** @type {Touch | null} */
  let start = null;

  function end() {
    start = null;
    sketch({ frame: null });
  }

  return {
    cursor: () => "crosshair",
    down(touch) {
      if (canSelect(app, takesAway(app, touch))) start = touch;
    },
    move(touch) {
      if (start && strayed(start, touch)) sketch({ frame: [start.at, touch.at] });
    },
    up(touch) {
      const photo = app.photo();
      const from = start;
      end();
      if (!from || !photo) return;
      const box = strayed(from, touch) && boxBetween(from.at, touch.at, photo.size);
      const pixel = /** @type {Point} */ (from.at.map(Math.round));
      if (!box && !boxBetween(pixel, pixel, photo.size)) return;
      const { subtract } = app.get().ui;
      app.ui({ subtract: takesAway(app, from) });
      void app.select(box ? { box } : { point: from.at });
      app.ui({ subtract });
    },
    cancel: end,
  };
}
