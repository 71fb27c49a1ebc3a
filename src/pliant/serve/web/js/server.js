// @ts-check
/**
 * What the page asks of its server (docs/http.md). Every function that asks throws a `Refusal` when the server
 * refuses or does not answer.
 *
 * @import {Doc, Point, Box, Problem} from "./types.js"
 *
 * @typedef {object} Job
 * @property {string} state
 * @property {string} status_url
 * @property {string} events_url
 * @property {string} result_url
 * @property {Record<string, any> | null} result
 * @property {Problem | null} problem
 *
 * @typedef {ReturnType<typeof createServer>} ServerClient
 */

import { eventReader } from "./sse.js";

const API = "api/v1";
const RETRIES = [0.5, 1, 2, 4, 8, 8, 8, 8]; // seconds between attempts to follow a job whose events broke off
const OVER = ["done", "failed", "cancelled"];

/** A request that came to nothing. */
export class Refusal extends Error {
  /** @param {Problem} problem  `status` 0: there was no answer */
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/**
 * @param {unknown} error
 * @returns {Problem}  what the user is told of it
 */
export function problemOf(error) {
  if (error instanceof Refusal) return error.problem;
  return { status: 0, code: "internal", detail: error instanceof Error ? error.message : String(error) };
}

/**
 * @param {object} given
 * @param {string} given.base  the address of the page: "http://127.0.0.1:7860/"
 * @param {() => string | null} given.token
 * @param {typeof globalThis.fetch} [given.fetch]
 */
export function createServer({ base, token, fetch = globalThis.fetch.bind(globalThis) }) {
  /**
   * @param {string} path
   * @param {RequestInit} [options]
   */
  async function ask(path, options = {}) {
    const key = token();
    const headers = { ...options.headers, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
    const answer = await fetch(new URL(path, base), { ...options, headers }).catch((error) => {
      if (error?.name === "AbortError") throw error;
      throw new Refusal({ status: 0, code: "unreachable", detail: "The server does not answer." });
    });
    if (!answer.ok) throw new Refusal(await problemIn(answer));
    return answer;
  }

  /**
   * @param {string} path
   * @param {Record<string, unknown>} fields  what is null is left out; objects are sent as JSON
   * @param {RequestInit} [options]
   */
  const post = (path, fields, options) => ask(path, { ...options, method: "POST", body: form(fields) });

  /** @param {string} path */
  const json = async (path) => (await ask(path)).json();

  /**
   * @param {string} url
   * @param {string} last  the id of the last event that was heard
   * @param {(kind: string, data: any, id: string) => void} heard
   * @param {AbortSignal} [signal]
   */
  async function listen(url, last, heard, signal) {
    const headers = /** @type {HeadersInit} */ (last ? { "Last-Event-ID": last } : {});
    const answer = await ask(url, { headers, signal });
    const read = eventReader(({ id, event, data }) => heard(event, data ? JSON.parse(data) : {}, id));
    const text = new TextDecoder();
    const reader = answer.body?.getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      read(text.decode(part.value, { stream: true }));
    }
  }

  return {
    /** @returns {Promise<{version: string, ready: boolean}>}  also while the server takes no work */
    async health() {
      try {
        return await json(`${API}/health`);
      } catch (error) {
        const { status } = problemOf(error);
        if (status === 503) return { version: "", ready: false };
        throw error;
      }
    },

    /** @param {"engines" | "fillers" | "segmenters" | "deformers"} kind @returns {Promise<Record<string, any>[]>} */
    list: (kind) => json(`${API}/${kind}`),

    /**
     * A job that carries out an edit document.
     *
     * @param {{file: Blob, edit: Record<string, any>, seed: number} & Pick<Doc, "engine" | "filler" |
     *   "options">} asked
     * @param {AbortSignal} [signal]
     * @returns {Promise<Job>}
     */
    async edit({ file, edit, seed, engine, filler, options }, signal) {
      const fields = {
        image: file,
        edit,
        seed,
        engine,
        filler,
        options: Object.keys(options).length ? options : null,
      };
      return (await post(`${API}/edit`, fields, { headers: { Prefer: "respond-async" }, signal })).json();
    },

    /**
     * Tells what happens to a job, until it is over; a connection that breaks is taken up where it was.
     *
     * @param {Pick<Job, "events_url" | "status_url">} job
     * @param {(kind: string, data: any) => void} heard
     * @param {AbortSignal} [signal]
     */
    async follow(job, heard, signal) {
      let [last, failures, over] = ["", 0, false];
      while (!over) {
        try {
          await listen(
            job.events_url,
            last,
            (kind, data, id) => {
              [last, failures, over] = [id, 0, over || OVER.includes(kind)];
              heard(kind, data);
            },
            signal,
          );
          if (over) return;
          const state = await json(job.status_url);
          if (OVER.includes(state.state)) return heard(state.state, state.result ?? state.problem ?? {});
        } catch (error) {
          // The server has forgotten the job, or refuses; only a connection that failed is worth another attempt.
          if (problemOf(error).status || failures >= RETRIES.length || signal?.aborted) throw error;
        }
        await pause(RETRIES[Math.min(failures++, RETRIES.length - 1)]);
      }
    },

    /** @param {string} job  its URL */
    async cancel(job) {
      await ask(job, { method: "DELETE" });
    },

    /** @param {string} url  of a job's result @returns {Promise<Blob>} */
    result: async (url) => (await ask(url)).blob(),

    /**
     * A mask, white is selected: what is under a point or in a box, or a drawn `mask` with its border moved.
     *
     * @param {{file: Blob, segmenter: string | null, point?: Point, box?: Box, mask?: Blob}} asked
     * @param {AbortSignal} [signal]
     * @returns {Promise<Blob>}
     */
    async select({ file, segmenter, point, box, mask }, signal) {
      const fields = {
        image: file,
        segmenter,
        points: point ? [point] : null,
        box: box ?? null,
        mask: mask ?? null,
      };
      return (await post(`${API}/select`, fields, { signal })).blob();
    },

    /** @param {Blob} file @returns {Promise<Blob>}  the same picture in a format that browsers show */
    view: async (file) => (await post(`${API}/view`, { image: file })).blob(),

    /** @returns {Promise<File | null>}  the photo that the server was started with; null: with none */
    async photo() {
      const answer = await ask(`${API}/photo`);
      if (answer.status === 204) return null;
      const [, name] = /filename\*=UTF-8''([^;]+)/.exec(answer.headers.get("Content-Disposition") ?? "") ?? [];
      const blob = await answer.blob();
      return new File([blob], name ? decodeURIComponent(name) : "photo", { type: blob.type });
    },

    /** @param {string} address  of a file of the page @returns {Promise<Blob>} */
    async file(address) {
      // The page's policy would refuse it as well, in words for nobody.
      if (new URL(address, base).origin !== new URL(base).origin) {
        throw new Refusal({ status: 0, code: "foreign", detail: "Pictures are only opened from this server." });
      }
      return (await ask(address)).blob();
    },

    /** @returns {WebSocket}  for live previews */
    socket() {
      const key = token();
      const address = new URL(`${API}/preview`, base).href.replace(/^http/, "ws");
      const socket = new WebSocket(address, key ? ["pliant.v1", `pliant.token.${key}`] : ["pliant.v1"]);
      socket.binaryType = "arraybuffer";
      return socket;
    },
  };
}

/**
 * @param {Record<string, unknown>} fields
 */
function form(fields) {
  const made = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) continue;
    if (value instanceof Blob) made.append(name, value, name);
    else made.append(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  return made;
}

/**
 * @param {Response} answer
 * @returns {Promise<Problem>}
 */
async function problemIn(answer) {
  const body = await answer.json().catch(() => ({}));
  const detail = typeof body.detail === "string" ? body.detail : `The server answered ${answer.status}.`;
  return { status: answer.status, code: String(body.code ?? "unknown"), detail };
}

/** @param {number} seconds */
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
