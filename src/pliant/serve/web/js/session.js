// @ts-check
/**
 * The session: photos, document with its steps, and results, kept in the browser so that loading the page anew
 * loses nothing. Where the browser keeps nothing (a private window), or another page of this server keeps its
 * session already, everything works but this.
 *
 * @import {Doc, History, Mark, Photo, Result, State, Ui} from "./types.js"
 * @import {Store} from "./store.js"
 *
 * @typedef {Omit<Photo, "bitmap">} KeptPhoto
 * @typedef {Omit<Result, "bitmap" | "thumb">} KeptResult
 * @typedef {{format: number, history: History, ui: Partial<Ui>, results: string[], photos: string[]}
 *   & {served: string | null}} KeptState
 * @typedef {{photos: KeptPhoto[], results: KeptResult[]} & Pick<KeptState, "history" | "ui" | "served">} Saved
 */

import { documents } from "./history.js";
import { database } from "./session/database.js";

const FORMAT = 1; // of what is kept; what an older page kept in another is left alone
const MOST_RESULTS = 256 * 2 ** 20; // bytes of their files; the newest are kept
const MOST_STEPS = 64 * 2 ** 20; // bytes of masks in all steps; beyond, the present document alone is kept
const DELAY = 300; // milliseconds of quiet before saving

/**
 * @param {object} [given]
 * @param {IDBFactory} [given.indexedDB]
 * @param {LockManager} [given.locks]
 */
export function createSession({ indexedDB = globalThis.indexedDB, locks = globalThis.navigator?.locks } = {}) {
  const opened = alone(locks)
    .then((isAlone) => (isAlone ? database(indexedDB) : null))
    .catch(() => null);
  /** @type {string | null} */
  let served = null;

  return {
    /** @returns {Promise<Saved | null>}  null: nothing is kept */
    async restore() {
      try {
        const db = await opened;
        const state = /** @type {KeptState | undefined} */ (await db?.get("state", "now"));
        if (!db || state?.format !== FORMAT) return null;
        served = state.served;
        const photos = await Promise.all(state.photos.map((id) => db.get("photos", id)));
        const results = await Promise.all(state.results.map((id) => db.get("results", id)));
        return { ...state, photos: photos.filter(Boolean), results: results.filter(Boolean) };
      } catch {
        return null;
      }
    },

    /** @param {string} key  of the photo that the server was started with, which has been opened */
    serve(key) {
      served = key;
    },

    /**
     * Keeps what is in `store` from now on.
     *
     * @param {Store<State>} store
     * @returns {() => void}  ends it
     */
    watch(store) {
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      let timer;
      let last = Promise.resolve();
      const save = () => {
        clearTimeout(timer);
        // One after the other; and a disk that is full must not stop the work.
        last = last.then(async () => keep(await opened, store.get(), served)).catch(() => {});
      };
      const unsubscribe = store.subscribe((state, before) => {
        if (kept(state).every((value, i) => value === kept(before)[i])) return;
        clearTimeout(timer);
        timer = setTimeout(save, DELAY);
      });
      globalThis.addEventListener?.("pagehide", save);
      return () => {
        clearTimeout(timer);
        unsubscribe();
        globalThis.removeEventListener?.("pagehide", save);
      };
    },
  };
}

/** @param {State} state */
const kept = ({ history, results, ui, photos }) => [history, results, ui, photos];

/**
 * @param {Awaited<ReturnType<typeof database>> | null} db
 * @param {State} state
 * @param {string | null} served
 */
async function keep(db, state, served) {
  if (!db || !state.history.present.photo) return;
  const history = thrifty(state.history);
  const results = bounded(state.results);
  const used = new Set([...documents(history), ...results.map((result) => result.doc)].map((doc) => doc.photo));
  const photos = Object.values(state.photos).filter((photo) => used.has(photo.id));
  const { tool, radius, segmenter, mesh, fillOnRelease, candidates, slot } = state.ui;
  /** @type {KeptState} */
  const now = {
    format: FORMAT,
    history,
    ui: { tool, radius, segmenter, mesh, fillOnRelease, candidates, slot },
    results: results.map(({ id }) => id),
    photos: photos.map(({ id }) => id),
    served,
  };
  // In this order, so that wherever it is cut short, what the state names is there.
  await db.add("photos", photos, ({ bitmap: _, ...photo }) => photo);
  await db.add("results", results, ({ bitmap: _, thumb: __, ...result }) => ({ ...result, peek: null }));
  await db.put("state", "now", now);
  await db.keepOnly("photos", now.photos);
  await db.keepOnly("results", now.results);
}

/**
 * The newest results whose files fit; what is under way is taken up again after loading.
 *
 * @param {Result[]} results
 */
function bounded(results) {
  let bytes = 0;
  return results.filter(({ file, state }) => state !== "sending" && (bytes += file?.size ?? 0) <= MOST_RESULTS);
}

/**
 * @param {History} history
 * @returns {History}
 */
function thrifty(history) {
  /** @type {Set<Mark>} */
  const marks = new Set(documents(history).flatMap(marksIn));
  let bytes = 0;
  for (const mark of marks) if (mark.kind === "mask") bytes += mark.mask.data.length;
  return bytes > MOST_STEPS ? { past: [], present: history.present, future: [] } : history;
}

/**
 * @param {Doc} doc
 * @returns {Mark[]}
 */
function marksIn(doc) {
  const lists = doc.parts.map((part) => (part.kind === "drag" ? part.region : [...part.source, ...part.target]));
  return [...lists.flat(), ...doc.protect];
}

/**
 * Whether this page is the one that keeps its session; it is until it goes.
 *
 * @param {LockManager | undefined} locks
 * @returns {Promise<boolean>}
 */
function alone(locks) {
  if (!locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    // Before a reload the old page still holds the lock for a moment.
    const options = { signal: AbortSignal.timeout(1000) };
    const held = locks.request("pliant-session", options, () => {
      resolve(true);
      return new Promise(() => {});
    });
    held.catch(() => resolve(false));
  });
}
