// @ts-check
/**
 * Whether the server is there, and what it offers.
 *
 * @import {Server, State} from "../types.js"
 * @import {Store} from "../store.js"
 * @import {ServerClient} from "../server.js"
 */

import { problemOf } from "../server.js";

const CALM = 20; // seconds between looks at a server that is there
const RETRIES = [1, 1, 2, 2, 4, 5]; // and at one that is not

/**
 * @param {Store<State>} store
 * @param {Pick<ServerClient, "health" | "list">} server
 */
export function createHealth(store, server) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let failures = 0;
  let stopped = false;

  /** @param {Partial<Server>} patch */
  const tell = (patch) => store.set({ server: { ...store.get().server, ...patch } });

  async function look() {
    clearTimeout(timer);
    const state = await stateNow();
    if (stopped) return;
    failures = state === "gone" ? failures + 1 : 0;
    const wait = state === "there" ? CALM : RETRIES[Math.min(failures, RETRIES.length - 1)];
    clearTimeout(timer);
    // One that wants a token is asked again when it gets one.
    if (state !== "locked") timer = setTimeout(look, wait * 1000);
  }

  async function stateNow() {
    try {
      const { version } = await server.health();
      const before = store.get().server;
      if (before.state !== "there" || before.version !== version) await learn(version);
      return "there";
    } catch (error) {
      const state = problemOf(error).status === 401 ? "locked" : "gone";
      if (store.get().server.state !== state) tell({ state });
      return state;
    }
  }

  /** @param {string} version */
  async function learn(version) {
    const [engines, fillers, segmenters, deformers] = await Promise.all([
      server.list("engines"),
      server.list("fillers"),
      server.list("segmenters"),
      server.list("deformers"),
    ]);
    tell({ state: "there", version, engines, fillers, segmenters, deformers });
  }

  const unsubscribe = store.subscribe((state, before) => {
    if (state.live.socket === "lost" && before.live.socket === "open") void look();
  });

  const now = () => void look();
  for (const change of ["online", "offline"]) globalThis.addEventListener?.(change, now);

  return {
    look,
    stop() {
      stopped = true;
      clearTimeout(timer);
      unsubscribe();
      for (const change of ["online", "offline"]) globalThis.removeEventListener?.(change, now);
    },
  };
}
