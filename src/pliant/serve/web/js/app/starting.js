// @ts-check
/**
 * How the page begins.
 *
 * @import {Photo, Result, State, Ui} from "../types.js"
 * @import {Saved} from "../session.js"
 * @import {Store} from "../store.js"
 * @import {ServerClient} from "../server.js"
 * @import {Pictures} from "./pictures.js"
 */

import { begun } from "../history.js";
import { fit } from "../view.js";

/**
 * @param {object} given
 * @param {Store<State>} given.store
 * @param {ServerClient} given.server
 * @param {Pictures} given.pictures
 * @param {import("../app.js").Session} given.session
 * @param {{open: (source: Blob | string, name?: string) => Promise<boolean>}} given.opening
 * @param {{look: () => Promise<void>}} given.health
 */
export function createStarting({ store, server, pictures, session, opening, health }) {
  /** @type {(() => void)[]} */
  const ends = [];

  /** @param {{photo: string, edit: string}} example */
  async function start(example) {
    const asked = health.look();
    const saved = await session.restore();
    const isRestored = saved ? await restore(saved) : false;
    await asked;
    if (!saved) chooseFilling();
    const photo = await server.photo().catch(() => null);
    const key = photo && `${photo.name} ${photo.size}`;
    if (photo && !(isRestored && saved?.served === key) && (await opening.open(photo))) session.serve(`${key}`);
    if (!store.get().history.present.photo) await openExample(example);
    ends.push(session.watch(store));
  }

  /** @param {{photo: string, edit: string}} example */
  async function openExample({ photo, edit }) {
    if (!(await opening.open(photo)) || !(await opening.open(edit))) return;
    const { history, ui } = store.get();
    // Nothing to undo yet: this is where the user begins.
    store.set({ history: begun(history.present), ui: { ...ui, tool: "drag" } });
  }

  /** Filling on release is for fillers that answer at once: what is chosen as soon as the fillers are known. */
  function chooseFilling() {
    const { server, ui } = store.get();
    const filler = server.fillers.find((row) => row.default);
    if (filler || server.fillers.length)
      return store.set({ ui: { ...ui, fillOnRelease: filler?.extra === null } });
    const wait = store.subscribe((state) => {
      if (!state.server.fillers.length) return;
      wait();
      chooseFilling();
    });
    ends.push(wait);
  }

  /**
   * @param {Saved} saved
   * @returns {Promise<boolean>}  whether the photo is there
   */
  async function restore(saved) {
    const photos = await Promise.all(saved.photos.map(shown));
    const byId = Object.fromEntries(photos.flatMap((photo) => (photo ? [[photo.id, photo]] : [])));
    const photo = byId[saved.history.present.photo ?? ""];
    if (!photo) return false;
    const { ui } = store.get();
    /** @type {Ui} */
    const next = { ...ui, ...saved.ui, fitted: true, view: fit(photo.size, ui.stage) };
    const results = await Promise.all(
      saved.results.filter(({ automatic, file }) => file || !automatic).map(listed),
    );
    store.set({ photos: byId, history: saved.history, ui: next, results });
    return true;
  }

  /** @param {Omit<Photo, "bitmap">} photo @returns {Promise<Photo | null>} */
  async function shown(photo) {
    const decoded = await pictures.decoded(photo.file).catch(() => null);
    return decoded && { ...photo, bitmap: decoded.bitmap };
  }

  /**
   * A result with its small picture; the large one is made when it is shown.
   *
   * @param {Omit<Result, "bitmap" | "thumb">} result
   * @returns {Promise<Result>}
   */
  async function listed(result) {
    const decoded = result.file && (await pictures.decoded(result.file).catch(() => null));
    if (!decoded) return { ...result, bitmap: null, thumb: null };
    const thumb = await pictures.thumb(decoded.bitmap);
    decoded.bitmap.close();
    return { ...result, bitmap: null, thumb };
  }

  return { start, stop: () => ends.forEach((end) => end()) };
}
