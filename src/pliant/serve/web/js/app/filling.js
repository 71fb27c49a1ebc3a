// @ts-check
/**
 * Filling, by hand and on release.
 *
 * Filled on release, a result is for looking at: it goes with the state that it shows. So one that is under way
 * when the document changes is cancelled and leaves the list, and a finished one gives its place to the next:
 * dragging on for an hour leaves one such result, the last. What the user takes up by hand (shows, saves, goes on
 * from) stays for good, as does all that was filled by hand. Nothing is filled on release while something filled
 * by hand is under way: it would only wait behind it.
 *
 * @import {Doc, Result, State} from "../types.js"
 * @import {Store} from "../store.js"
 * @import {ServerClient} from "../server.js"
 * @import {Pictures} from "./pictures.js"
 */

import { docOf, LIMITS } from "../document.js";
import { toEdit } from "../editfile.js";
import { problemOf } from "../server.js";
import { createJobs, isUnderWay } from "./jobs.js";
import { adviceOn } from "./lack.js";

const MOST_CANDIDATES = 16;

/**
 * @param {object} given
 * @param {Store<State>} given.store
 * @param {ServerClient} given.server
 * @param {Pictures} given.pictures
 * @param {(text: string, kind?: "info" | "error") => void} given.notice
 */
export function createFilling({ store, server, pictures, notice }) {
  const jobs = createJobs(store, server, pictures, finished);

  /** @param {Result} result */
  function finished(result) {
    if (result.automatic) drop((other) => other.automatic && other.id !== result.id);
    const { draft, shown } = store.get();
    if (!draft && !shown && docOf(store.get()) === result.doc) store.set({ shown: result.id });
  }

  /** @param {(result: Result) => boolean} isUnwanted */
  function drop(isUnwanted) {
    const { results, shown } = store.get();
    const gone = results.filter(isUnwanted);
    if (!gone.length) return;
    gone.forEach(({ id }) => void cancel(id));
    const ids = new Set(gone.map(({ id }) => id));
    store.set({
      results: store.get().results.filter(({ id }) => !ids.has(id)),
      shown: shown && ids.has(shown) ? null : shown,
    });
  }

  /** @param {string} id */
  const cancel = (id) =>
    jobs
      .cancel(id)
      .catch((error) => notice(`The job could not be cancelled: ${problemOf(error).detail}`, "error"));

  /**
   * @param {Doc} doc
   * @param {{automatic: boolean, count: number}} how
   */
  async function fill(doc, { automatic, count }) {
    const photo = store.get().photos[doc.photo ?? ""];
    if (!photo) return notice("Open a photo first.");
    const { edit, missing } = await toEdit(doc, photo.size);
    // On release what is complete is filled: it is what the photo shows.
    if (!edit || (missing.length && !automatic)) return automatic || notice(adviceOn(doc, missing[0]));
    for (let i = 0; i < count; i++) {
      const seed = (doc.seed + i) % (LIMITS.seed + 1);
      await jobs.start(doc, { file: photo.file, edit: { ...edit, seed }, seed, automatic });
    }
  }

  const unsubscribe = store.subscribe((state, before) => {
    if (docOf(state) === docOf(before)) return;
    drop((result) => result.automatic && isUnderWay(result) && result.doc !== docOf(state));
  });

  return {
    async fill() {
      const { ui } = store.get();
      const count = Math.min(Math.max(Math.round(ui.candidates), 1), MOST_CANDIDATES);
      await fill(docOf(store.get()), { automatic: false, count });
    },

    /** @param {Doc} before @param {Doc} after */
    released(before, after) {
      const { ui, results, server } = store.get();
      if (!ui.fillOnRelease || server.state !== "there" || !isPulled(before, after)) return;
      if (results.some((result) => !result.automatic && isUnderWay(result))) return;
      void fill(after, { automatic: true, count: 1 });
    },

    cancel,

    /** @param {string} id */
    remove: (id) => drop((result) => result.id === id),

    resume: () =>
      store
        .get()
        .results.filter(isUnderWay)
        .forEach((result) => void jobs.resume(result)),

    stop() {
      unsubscribe();
      jobs.stop();
    },
  };
}

/**
 * Whether what pulls a part is another than before: its targets, or how far it follows them.
 *
 * @param {Doc} before
 * @param {Doc} after
 */
function isPulled(before, after) {
  return after.parts.some((part) => {
    if (part.kind !== "drag" || !part.drags.length) return false;
    const old = before.parts.find((other) => other.id === part.id);
    if (old?.kind !== "drag") return true;
    if (old.strength !== part.strength) return true;
    return part.drags.some((drag) => {
      const [x, y] = old.drags.find((other) => other.id === drag.id)?.to ?? drag.from;
      return drag.to[0] !== x || drag.to[1] !== y;
    });
  });
}
