// @ts-check
/**
 * Selecting by what a segmenter finds.
 *
 * @import {Box, Doc, Mark, Patch, Photo, Point, Slot, State} from "../types.js"
 * @import {Store} from "../store.js"
 * @import {ServerClient} from "../server.js"
 * @import {Pictures} from "./pictures.js"
 */

import { addMark, addPart, docOf, dragPart, marksOf, partOf, photoOf, setMarks } from "../document.js";
import { maskPng } from "../edit/png.js";
import { newId } from "../ids.js";
import { isEmpty, patched, patchOf } from "../regions.js";
import { problemOf } from "../server.js";

/**
 * @param {object} given
 * @param {Store<State>} given.store
 * @param {Pick<ServerClient, "select">} given.server
 * @param {Pictures} given.pictures
 * @param {{apply: (label: string, edit: (doc: Doc) => Doc) => void}} given.gestures
 * @param {(text: string, kind?: "info" | "error") => void} given.notice
 * @param {<T>(label: string, work: () => Promise<T>) => Promise<T>} given.busy
 */
export function createSelecting({ store, server, pictures, gestures, notice, busy }) {
  let asked = new AbortController();

  /**
   * What the server finds; a newer question takes an older one's place.
   *
   * @param {Photo} photo
   * @param {{point?: Point, box?: Box, mask?: Blob}} prompt
   * @returns {Promise<Patch | null>}
   */
  async function found(photo, prompt) {
    const { segmenter } = store.get().ui;
    asked.abort();
    const { signal } = (asked = new AbortController());
    try {
      const mask = await pictures.mask(await server.select({ file: photo.file, segmenter, ...prompt }, signal));
      // The user may be in the middle of a gesture, or have gone to another photo.
      await idle(store);
      return photoOf(store.get())?.id === photo.id && !signal.aborted ? patched(mask) : null;
    } catch (error) {
      if (!signal.aborted) notice(problemOf(error).detail, "error");
      return null;
    }
  }

  return {
    /** @param {{point: Point} | {box: Box} | {}} prompt */
    async select(prompt) {
      const [photo, { slot, subtract }] = [photoOf(store.get()), store.get().ui];
      if (!photo) return notice("Open a photo first.");
      const mask = await busy("Finding the object", () => found(photo, prompt));
      if (!mask) return;
      if (isEmpty(mask)) return notice("Nothing was found there. Point at the middle of an object.");
      add(slot, { kind: "mask", mask, erase: subtract, replace: false });
    },

    async refine() {
      const [photo, { slot }] = [photoOf(store.get()), store.get().ui];
      if (!photo) return notice("Open a photo first.");
      const patch = patchOf(marksOf(docOf(store.get()), slot), photo.size);
      if (isEmpty(patch)) return notice("There is no region to refine. Paint one first.");
      const drawn = await maskPng(patch, photo.size);
      const mask = await busy("Moving the border onto the object", () => found(photo, { mask: drawn }));
      if (!mask) return;
      gestures.apply("Refine border", (doc) =>
        setMarks(doc, slot, [{ kind: "mask", mask, erase: false, replace: true }]),
      );
    },
  };

  /**
   * @param {Slot} slot
   * @param {Mark} mark
   */
  function add(slot, mark) {
    const doc = docOf(store.get());
    if (slot.field === "protect" || partOf(doc, slot.part)) {
      return gestures.apply("Select object", (now) => addMark(now, slot, mark));
    }
    if ("erase" in mark && mark.erase)
      return notice("Choose a part first: there is nothing here to take away from.");
    const part = dragPart(newId("part"), [mark]);
    gestures.apply("Select object", (now) => addPart(now, part));
    store.set({ ui: { ...store.get().ui, slot: { part: part.id, field: "region" } } });
  }
}

/**
 * When no gesture runs.
 *
 * @param {Store<State>} store
 * @returns {Promise<void>}
 */
function idle(store) {
  if (!store.get().draft) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = store.subscribe((state) => {
      if (state.draft) return;
      stop();
      resolve();
    });
  });
}
