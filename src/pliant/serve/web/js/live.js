// @ts-check
/**
 * The live link: tells the server what the document has become, and puts into `state.live` what it answers.
 *
 * One message is under way at a time. Whatever changes meanwhile waits in the store, so that the next message is
 * always the latest; a bend can be late, but never queues up. While nothing but targets and strengths changes, the
 * message is a short `move`.
 *
 * What meshes cannot show, region pairs and parts of which the photo itself decides what moves, the server draws:
 * then it gets the photo's file, and its pictures stand for the bend.
 *
 * After an error, or while the server is gone, the last mesh stays: it is older than the document, and
 * `live.parts` may name parts that are no more.
 *
 * @import {Live, Photo, State} from "./types.js"
 * @import {Store} from "./store.js"
 * @import {ServerClient} from "./server.js"
 */

import { docOf, photoOf } from "./document.js";
import { toEdit } from "./editfile.js";
import { decoded } from "./live/frames.js";
import { isBeyondMeshes, messageFor } from "./live/message.js";

const RETRIES = [0.25, 0.5, 1, 2, 4, 8]; // seconds

/** @type {Live} */
export const NO_LIVE = {
  socket: "closed",
  topology: null,
  vertices: null,
  parts: [],
  picture: null,
  problem: null,
};

/**
 * @param {object} given
 * @param {Store<State>} given.store
 * @param {Pick<ServerClient, "socket">} given.server
 * @param {boolean} given.pictures  whether the server draws, because the browser cannot
 * @returns {{stop: () => void}}
 */
export function createLive({ store, server, pictures }) {
  /** @type {WebSocket | null} */
  let socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retry;
  let failures = 0;
  let stopped = false;
  let talk = newTalk();

  /** @param {Partial<Live>} patch */
  const tell = (patch) => store.set({ live: { ...store.get().live, ...patch } });

  function connect() {
    if (socket || stopped || store.get().server.state !== "there") return;
    clearTimeout(retry);
    const made = (socket = server.socket());
    made.onopen = () => {
      failures = 0;
      tell({ socket: "open" });
      void send();
    };
    made.onmessage = ({ data }) => (typeof data === "string" ? onText(JSON.parse(data)) : onFrame(data));
    made.onclose = () => made === socket && onClose();
  }

  function onClose() {
    socket = null;
    talk = newTalk();
    if (stopped) return;
    tell({ socket: "lost" });
    retry = setTimeout(connect, 1000 * RETRIES[Math.min(failures++, RETRIES.length - 1)]);
  }

  /** Sends what the store holds, unless an answer is still awaited. */
  async function send() {
    const current = talk;
    current.isStale = true;
    if (current.isBusy) return;
    current.isBusy = true;
    while (current.isStale && current === talk && socket?.readyState === 1) {
      current.isStale = false;
      await sendOnce(current, socket);
    }
    current.isBusy = false;
  }

  /** @param {Talk} current @param {WebSocket} to */
  async function sendOnce(current, to) {
    const [doc, photo] = [docOf(store.get()), photoOf(store.get())];
    if (!photo) return clear();
    const { edit, parts } = await toEdit({ ...doc, prompt: "", seed: 0 }, photo.size);
    if (current !== talk || to.readyState !== 1) return;
    if (!edit) return clear();
    const drawn = pictures || isBeyondMeshes(edit);
    if (current.photo !== photo.id || (drawn && !current.hasPixels)) await open(current, to, photo, drawn);
    const message = messageFor(current.known, edit);
    if (!message) return keepUp(parts);
    current.known = edit;
    current.awaited = { seq: ++current.seq, parts, drawn, isWhole: message.type === "edit" };
    to.send(JSON.stringify({ ...message, seq: current.seq, ...(drawn ? { picture: "jpeg" } : {}) }));
    await current.answered();
  }

  /** @param {Talk} current @param {WebSocket} to @param {Photo} photo @param {boolean} drawn */
  async function open(current, to, photo, drawn) {
    const { width, height } = photo.size;
    to.send(drawn ? await photo.file.arrayBuffer() : JSON.stringify({ type: "open", size: [width, height] }));
    Object.assign(current, { photo: photo.id, hasPixels: drawn, known: null });
  }

  /** @param {ArrayBuffer} data */
  function onFrame(data) {
    const frame = decoded(data);
    if (frame?.kind === "topology") talk.topology = frame.topology;
    if (frame?.kind === "vertices") onVertices(frame);
    if (frame?.kind === "picture") bent(frame.seq, { picture: frame.picture });
  }

  /** @param {import("./live/frames.js").VerticesFrame} frame */
  function onVertices({ seq, topology, vertices }) {
    // Cannot be, by the protocol; but nothing must wait for ever.
    if (topology !== talk.topology?.id) return talk.settle(seq);
    talk.mesh = { topology: talk.topology, vertices };
    // Where a picture follows, the two are shown together.
    if (!talk.awaited?.drawn) bent(seq, { picture: null });
  }

  /** @param {number} seq @param {{picture: Blob | null}} shown */
  function bent(seq, shown) {
    const parts = talk.awaited?.seq === seq ? talk.awaited.parts : store.get().live.parts;
    tell({ ...talk.mesh, ...shown, parts, problem: null });
    talk.settle(seq);
  }

  /** @param {Record<string, any>} said */
  function onText({ type, seq, status, code, detail }) {
    if (type !== "error") return;
    // What the server made of an edit that it refused is not known, nor what it holds after any other trouble.
    if (talk.awaited?.isWhole || code === "no_edit" || code === "no_picture") talk.known = null;
    if (code === "no_picture") talk.photo = null;
    // Without a picture nothing else can work; why there is none was said before.
    if (code !== "no_picture") tell({ problem: { status, code, detail } });
    talk.settle(seq ?? talk.awaited?.seq ?? null);
  }

  function clear() {
    const { topology, vertices, picture, problem } = store.get().live;
    if (topology || vertices || picture || problem) tell({ ...NO_LIVE, socket: "open" });
    talk.known = null;
  }

  /** @param {string[]} parts  of a document that bends like the one before */
  function keepUp(parts) {
    const { live } = store.get();
    if (live.topology && live.parts.join() !== parts.join()) tell({ parts });
  }

  const unsubscribe = store.subscribe((state, before) => {
    if (state.server.state !== before.server.state) connect();
    if (docOf(state) !== docOf(before) || photoOf(state) !== photoOf(before)) void send();
  });
  connect();

  return {
    stop() {
      stopped = true;
      clearTimeout(retry);
      unsubscribe();
      socket?.close();
    },
  };
}

/**
 * What is known of one connection.
 *
 * @typedef {ReturnType<typeof newTalk>} Talk
 */
function newTalk() {
  return {
    seq: 0,
    /** @type {string | null} */
    photo: null,
    /** @type {Record<string, any> | null} */
    known: null,
    /** @type {import("./types.js").Topology | null} */
    topology: null,
    hasPixels: false,
    /** @type {Pick<Live, "topology" | "vertices"> | null} */
    mesh: null,
    /** @type {{seq: number, parts: string[], drawn: boolean, isWhole: boolean} | null} */
    awaited: null,
    isBusy: false,
    isStale: false,
    /** @type {() => void} */
    wake: () => {},
    /** @returns {Promise<void>}  when the awaited answer is there */
    answered() {
      return new Promise((resolve) => (this.wake = resolve));
    },
    /** @param {number | null} seq */
    settle(seq) {
      if (seq !== this.awaited?.seq) return;
      this.awaited = null;
      this.wake();
    },
  };
}
