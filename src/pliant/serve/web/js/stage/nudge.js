// @ts-check
/**
 * @import {App} from "../app.js"
 * @import {Point} from "../types.js"
 *
 * @typedef {object} Nudge
 * @property {(by: Point) => boolean} by  moves what is picked; false where nothing is
 * @property {() => void} settle  ends the burst: what comes next is another step
 * @property {() => boolean} abort  takes the burst back; false where none runs
 */

import { moveLabel, moved } from "./moves.js";

const PAUSE = 700; // milliseconds after which the next press of a key is another step

/**
 * Moves the picked grips by steps; a burst of them is one step of undo.
 *
 * @param {App} app
 * @returns {Nudge}
 */
export function createNudge(app) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function stop() {
    const was = timer !== undefined;
    clearTimeout(timer);
    timer = undefined;
    return was;
  }

  function settle() {
    const { picked } = app.get().ui;
    if (stop()) app.commit(moveLabel(picked));
  }

  return {
    by(step) {
      const photo = app.photo();
      const { picked } = app.get().ui;
      if (!photo || !picked.length) return false;
      if (!stop()) app.begin();
      app.change((doc) => moved(doc, photo.size, picked, step));
      timer = setTimeout(settle, PAUSE);
      return true;
    },
    settle,
    abort() {
      const was = stop();
      if (was) app.abort();
      return was;
    },
  };
}
