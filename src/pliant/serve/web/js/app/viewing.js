// @ts-check
/**
 * @import {Point, Size, State, Ui, View} from "../types.js"
 * @import {Store} from "../store.js"
 */

import { photoOf } from "../document.js";
import { fit, kept, step, zoomed } from "../view.js";

/**
 * What undo does not know: tools, and where the photo stands.
 *
 * @param {Store<State>} store
 */
export function createViewing(store) {
  /** @param {Partial<Ui>} patch */
  const ui = (patch) => store.set({ ui: { ...store.get().ui, ...patch } });

  /** @param {View} view */
  function look(view) {
    const photo = photoOf(store.get());
    if (photo) ui({ view: kept(view, photo.size, store.get().ui.stage), fitted: false });
  }

  /** @param {Size} stage */
  function refit(stage) {
    const photo = photoOf(store.get());
    if (photo) ui({ stage, fitted: true, view: fit(photo.size, stage) });
    else ui({ stage });
  }

  return {
    ui,

    /** @param {Size} stage */
    resize(stage) {
      const { fitted, view } = store.get().ui;
      if (fitted) return refit(stage);
      ui({ stage });
      look(view);
    },

    /** @param {"fit" | "in" | "out" | number} to @param {Point} [at] */
    zoom(to, at) {
      const { stage, view } = store.get().ui;
      if (to === "fit") return refit(stage);
      const scale = typeof to === "number" ? to : step(view.scale, to === "in" ? 1 : -1);
      look(zoomed(view, scale, at ?? [stage.width / 2, stage.height / 2]));
    },

    /** @param {Point} by */
    pan([dx, dy]) {
      const { view } = store.get().ui;
      look({ ...view, x: view.x + dx, y: view.y + dy });
    },
  };
}
