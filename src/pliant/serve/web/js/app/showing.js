// @ts-check
/**
 * @import {Result, State} from "../types.js"
 * @import {Store} from "../store.js"
 * @import {Pictures} from "./pictures.js"
 */

const MOST_BITMAPS = 6; // of results, each up to 64 MiB; the shown one beside them

/**
 * Results that the user takes up, and those whose pictures are held ready to be shown.
 *
 * @param {Store<State>} store
 * @param {Pictures} pictures
 */
export function createShowing(store, pictures) {
  /** @param {(result: Result) => Partial<Result>} change */
  function each(change) {
    const { results } = store.get();
    const next = results.map((result) => {
      const patch = change(result);
      return Object.keys(patch).length ? { ...result, ...patch } : result;
    });
    if (next.some((result, i) => result !== results[i])) store.set({ results: next });
  }

  /** @param {string | null} id */
  async function show(id) {
    const result = id ? taken(id) : null;
    if (result?.file && !result.bitmap) {
      const { bitmap } = await pictures.decoded(result.file);
      each((other) => (other.id === id && !other.bitmap ? { bitmap } : {}));
    }
    if (!id || store.get().results.some((other) => other.id === id)) store.set({ shown: id });
  }

  /**
   * A result that from now on stays: see filling.js.
   *
   * @param {string} id
   */
  function taken(id) {
    each((result) => (result.id === id && result.automatic ? { automatic: false } : {}));
    return store.get().results.find((result) => result.id === id) ?? null;
  }

  function release() {
    let ready = 0;
    /** @type {ImageBitmap[]} */
    const gone = [];
    each((result) => {
      if (!result.bitmap || result.id === store.get().shown || ready++ < MOST_BITMAPS) return {};
      gone.push(result.bitmap);
      return { bitmap: null };
    });
    gone.forEach((bitmap) => bitmap.close());
  }

  const unsubscribe = store.subscribe((state, before) => {
    if (state.results === before.results && state.shown === before.shown) return;
    const left = new Set(state.results.map(({ bitmap }) => bitmap));
    before.results.forEach(({ bitmap }) => bitmap && !left.has(bitmap) && bitmap.close());
    release();
  });

  return { show, taken, stop: unsubscribe };
}
