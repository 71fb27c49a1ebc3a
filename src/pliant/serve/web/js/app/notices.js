// @ts-check
/**
 * @import {State} from "../types.js"
 * @import {Store} from "../store.js"
 */

import { newId } from "../ids.js";

const MOST = 4;

/**
 * Short messages, and what the user waits for.
 *
 * @param {Store<State>} store
 */
export function createNotices(store) {
  return {
    /**
     * What is said already is not said twice, but moves to the end.
     *
     * @param {string} text
     * @param {"info" | "error"} [kind]
     */
    notice(text, kind = "info") {
      const others = store.get().notices.filter((notice) => notice.text !== text);
      store.set({ notices: [...others, { id: newId("notice"), kind, text }].slice(-MOST) });
    },

    /** @param {string} id */
    dismiss(id) {
      store.set({ notices: store.get().notices.filter((notice) => notice.id !== id) });
    },

    /**
     * `work`, with `label` among what the user waits for until it ends.
     *
     * @template T
     * @param {string} label
     * @param {() => Promise<T>} work
     * @returns {Promise<T>}
     */
    async busy(label, work) {
      store.set({ busy: [...store.get().busy, label] });
      try {
        return await work();
      } finally {
        const at = store.get().busy.indexOf(label);
        store.set({ busy: store.get().busy.filter((_, i) => i !== at) });
      }
    },
  };
}
