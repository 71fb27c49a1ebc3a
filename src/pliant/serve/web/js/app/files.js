// @ts-check
/**
 * What can be saved.
 *
 * @import {Result, State} from "../types.js"
 * @import {Store} from "../store.js"
 */

import { docOf, photoOf } from "../document.js";
import { toEdit } from "../editfile.js";
import { adviceOn } from "./lack.js";
import { baseOf, editedName } from "./opening.js";

/**
 * @param {Store<State>} store
 * @param {{taken: (id: string) => Result | null}} showing
 * @param {(text: string) => void} notice
 */
export function createFiles(store, showing, notice) {
  return {
    /** @returns {Promise<File | null>} */
    async editFile() {
      const [doc, photo] = [docOf(store.get()), photoOf(store.get())];
      if (!photo) return (notice("Open a photo first."), null);
      const { edit, missing } = await toEdit(doc, photo.size);
      if (missing.length || !edit) notice(adviceOn(doc, missing[0]));
      if (!edit) return null;
      const type = "application/json";
      return new File([`${JSON.stringify(edit, null, 2)}\n`], `${baseOf(photo.name)}.json`, { type });
    },

    /** @param {string} id @returns {File | null} */
    resultFile(id) {
      const result = showing.taken(id);
      if (!result?.file) return null;
      const name = store.get().photos[result.doc.photo ?? ""]?.name ?? "photo";
      return new File([result.file], editedName(name), { type: result.file.type });
    },
  };
}
