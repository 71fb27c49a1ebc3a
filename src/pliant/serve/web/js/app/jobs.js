// @ts-check
/**
 * Results in the making: each is one job on the server, followed from sending to its picture.
 *
 * @import {Doc, Problem, Result, State} from "../types.js"
 * @import {Store} from "../store.js"
 * @import {ServerClient} from "../server.js"
 * @import {Pictures} from "./pictures.js"
 */

import { newId } from "../ids.js";
import { problemOf } from "../server.js";

/** @param {Result} result */
export const isUnderWay = ({ state }) => state === "sending" || state === "queued" || state === "running";

/**
 * @param {Store<State>} store
 * @param {ServerClient} server
 * @param {Pictures} pictures
 * @param {(result: Result) => void} finished  is told of each that has its picture
 */
export function createJobs(store, server, pictures, finished) {
  /** @type {Map<string, AbortController>} */
  const followed = new Map();

  /** @param {string} id */
  const find = (id) => store.get().results.find((result) => result.id === id);

  /**
   * @param {string} id
   * @param {Partial<Result>} patch
   */
  function update(id, patch) {
    const results = store.get().results.map((result) => (result.id === id ? { ...result, ...patch } : result));
    store.set({ results });
  }

  /**
   * @param {string} id
   * @param {string} kind
   * @param {any} data
   */
  function hear(id, kind, data) {
    const result = find(id);
    if (!result || !isUnderWay(result)) return;
    if (kind === "stage") update(id, { state: "running", stage: data.name, share: null });
    if (kind === "step") update(id, { state: "running", share: data.total ? data.index / data.total : null });
    if (kind === "preview") update(id, { state: "running", peek: data.image });
    if (kind === "done") update(id, { facts: data });
    if (kind === "failed") end(id, "failed", { status: data.status, code: data.code, detail: data.detail });
    if (kind === "cancelled") end(id, "cancelled");
  }

  /**
   * @param {string} id
   * @param {"failed" | "cancelled"} state
   * @param {Problem | null} [problem]
   */
  const end = (id, state, problem = null) => update(id, { state, problem, peek: null, share: null });

  /**
   * @param {string} id
   * @param {() => Promise<string>} begin  gives the job's URL
   */
  async function run(id, begin) {
    const control = new AbortController();
    followed.set(id, control);
    try {
      const job = await begin();
      if (!isWanted(id)) return await server.cancel(job);
      update(id, { job, state: "queued" });
      const urls = { status_url: job, events_url: `${job}/events` };
      await server.follow(urls, (kind, data) => hear(id, kind, data), control.signal);
      if (isWanted(id)) await fetchPicture(id, `${job}/result`);
    } catch (error) {
      if (isWanted(id) && !control.signal.aborted) end(id, "failed", problemOf(error));
    } finally {
      followed.delete(id);
    }
  }

  /** @param {string} id */
  function isWanted(id) {
    const result = find(id);
    return result !== undefined && isUnderWay(result);
  }

  /** @param {string} id @param {string} url */
  async function fetchPicture(id, url) {
    const file = await server.result(url);
    const { bitmap } = await pictures.decoded(file);
    const thumb = await pictures.thumb(bitmap);
    if (!isWanted(id)) return bitmap.close();
    update(id, { state: "done", file, bitmap, thumb, peek: null, share: null });
    finished(/** @type {Result} */ (find(id)));
  }

  return {
    /**
     * A result at the head of the list, and the job that makes it.
     *
     * @param {Doc} doc
     * @param {{file: Blob, edit: Record<string, any>, seed: number, automatic: boolean}} asked
     * @returns {Promise<void>}  when the server has it, or has refused it
     */
    async start(doc, { file, edit, seed, automatic }) {
      const result = newResult(doc, seed, automatic);
      store.set({ results: [result, ...store.get().results] });
      const { engine, filler, options } = doc;
      const sent = server.edit({ file, edit, seed, engine, filler, options }).then((job) => job.status_url);
      void run(result.id, () => sent);
      await sent.catch(() => {});
    },

    /** @param {Result} result  whose job was begun before the page was loaded anew */
    resume: ({ id, job }) => (job ? run(id, async () => job) : Promise.resolve()),

    /**
     * What has no job yet is cancelled as soon as it has one.
     *
     * @param {string} id
     */
    async cancel(id) {
      const result = find(id);
      if (!result || !isUnderWay(result)) return;
      end(id, "cancelled");
      followed.get(id)?.abort();
      if (result.job) await server.cancel(result.job);
    },

    stop: () => followed.forEach((control) => control.abort()),
  };
}

/**
 * @param {Doc} doc
 * @param {number} seed
 * @param {boolean} automatic
 * @returns {Result}
 */
function newResult(doc, seed, automatic) {
  return {
    id: newId("result"),
    doc,
    seed,
    automatic,
    state: "sending",
    job: null,
    stage: "",
    share: null,
    peek: null,
    file: null,
    bitmap: null,
    thumb: null,
    facts: null,
    problem: null,
  };
}
