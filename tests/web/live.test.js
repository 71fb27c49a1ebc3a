import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { firstState } from "../../src/pliant/serve/web/js/app/first.js";
import { addPart, dragPart, emptyDoc, pairPart, setWish } from "../../src/pliant/serve/web/js/document.js";
import { addDrag, addPin, setGrip } from "../../src/pliant/serve/web/js/grips.js";
import { begun } from "../../src/pliant/serve/web/js/history.js";
import { createLive } from "../../src/pliant/serve/web/js/live.js";
import { decoded } from "../../src/pliant/serve/web/js/live/frames.js";
import { createStore } from "../../src/pliant/serve/web/js/store.js";
import { picture, topology, vertices } from "./frames.js";

const size = { width: 60, height: 40 };
const box = { kind: "box", box: [0, 0, 30, 30], erase: false };
const grip = (end) => ({ part: "a", id: "d", end });

/** A part that is complete. */
const complete = (doc = emptyDoc("p"), id = "a") =>
  addDrag(addPart(doc, dragPart(id, [box])), id, { id: "d", from: [10, 10], to: [12, 10] });

/** The server's end of a WebSocket, played by the test. */
class Socket {
  /** @type {any[]} */
  sent = [];
  readyState = 0;

  send(content) {
    this.sent.push(typeof content === "string" ? JSON.parse(content) : content);
  }

  close() {
    this.readyState = 3;
  }

  /** The server takes the connection. */
  open() {
    this.readyState = 1;
    this.onopen();
  }

  /** The connection breaks. */
  drop() {
    this.readyState = 3;
    this.onclose();
  }

  /** @param {ArrayBuffer | object} content */
  say(content) {
    this.onmessage({ data: content instanceof ArrayBuffer ? content : JSON.stringify(content) });
  }

  get last() {
    return this.sent.at(-1);
  }
}

/** All promises that are ready, and what follows from them. */
const settled = async () => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** @param {{pictures?: boolean, doc?: any}} [given] */
async function linked({ pictures = false, doc = complete() } = {}) {
  const photo = { id: "p", name: "p.png", file: new Blob(["file"]), size, bitmap: null };
  const other = { ...photo, id: "q", size: { width: 99, height: 40 } };
  const state = firstState();
  const store = createStore({ ...state, photos: { p: photo, q: other }, history: begun(doc) });
  /** @type {Socket[]} */
  const sockets = [];
  const server = { socket: () => (sockets.push(new Socket()), sockets.at(-1)) };
  const live = createLive({ store, server, pictures });
  stops.push(live.stop);
  store.set({ server: { ...state.server, state: "there" } });
  const socket = sockets[0];
  socket.open();
  await settled();
  return { store, sockets, socket, live: () => store.get().live, set: (next) => show(store, next) };
}

/** @type {(() => void)[]} */
const stops = [];
beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => {
  stops.splice(0).forEach((stop) => stop());
  mock.timers.reset();
});

async function show(store, doc) {
  store.set({ history: begun(doc) });
  await settled();
}

test("nothing is asked before the server is known to be there", () => {
  const store = createStore(firstState());
  createLive({ store, server: { socket: () => assert.fail("no socket yet") }, pictures: false });
});

test("the size opens, the document follows, and the answer is the bend of its parts", async () => {
  const { socket, live } = await linked();
  const [open, edit] = socket.sent;
  assert.deepEqual(open, { type: "open", size: [60, 40] });
  assert.deepEqual([edit.type, edit.seq, edit.edit.size, "picture" in edit], ["edit", 1, [60, 40], false]);
  assert.equal(live().topology, null);
  socket.say({ type: "opened", size: [60, 40] });
  socket.say(topology(5, [{ region: 0, rest: [0, 0, 4, 0, 0, 4], corners: [0, 1, 2] }]));
  assert.equal(live().topology, null, "a topology alone shows nothing");
  socket.say(vertices(1, 5, [1, 1, 5, 1, 1, 5]));
  assert.deepEqual([live().topology.id, live().parts, [...live().vertices]], [5, ["a"], [1, 1, 5, 1, 1, 5]]);
});

test("one message is under way; of all that changes meanwhile the last is sent, as a move", async () => {
  const { socket, set } = await linked();
  let doc = complete();
  const before = socket.sent.length;
  for (let x = 13; x <= 40; x++) await set((doc = setGrip(doc, grip("to"), [x, 10])));
  assert.equal(socket.sent.length, before);
  socket.say(topology(1, []));
  await settled();
  assert.equal(socket.sent.length, before);
  socket.say(vertices(1, 1, []));
  await settled();
  assert.equal(socket.sent.length, before + 1);
  assert.deepEqual(socket.last, { type: "move", seq: 2, targets: [[[40, 10]]], strengths: [1] });
});

test("a document that did not change in what bends is not sent", async () => {
  const { socket, set } = await linked();
  socket.say(topology(1, []));
  socket.say(vertices(1, 1, []));
  const before = socket.sent.length;
  await set(setWish(complete(), { prompt: "a bird", seed: 9, filler: "telea" }));
  await set(addPart(complete(), dragPart("empty")));
  assert.equal(socket.sent.length, before);
});

const CHANGES = {
  "a handle": (doc) => setGrip(doc, grip("from"), [11, 11]),
  "a pin": (doc) => addPin(doc, "a", { id: "q", at: [3, 3] }),
  "a region": (doc) => ({ ...doc, parts: [{ ...doc.parts[0], region: [{ ...box, box: [0, 0, 31, 30] }] }] }),
  "the edge": (doc) => ({ ...doc, parts: [{ ...doc.parts[0], edge: "pinned" }] }),
  "one part more": (doc) => complete(doc, "b"),
  "what is protected": (doc) => ({ ...doc, protect: [box] }),
};

for (const [what, change] of Object.entries(CHANGES)) {
  test(`${what} needs a whole edit`, async () => {
    const { socket, set } = await linked();
    socket.say(topology(1, []));
    socket.say(vertices(1, 1, []));
    await set(change(complete()));
    assert.deepEqual([socket.last.type, socket.last.seq], ["edit", 2]);
  });
}

test("strength and targets of several parts are one move; pairs are passed over", async () => {
  let doc = addPart(complete(), { ...pairPart("pair"), source: [box], target: [box] });
  doc = complete(doc, "b");
  const { socket, set } = await linked({ doc });
  socket.say(topology(1, []));
  socket.say(vertices(1, 1, []));
  socket.say(picture(1, 2, "bent"));
  await set({ ...doc, parts: [doc.parts[0], doc.parts[1], { ...doc.parts[2], strength: 0.25 }] });
  const targets = [[[12, 10]], [[12, 10]]];
  assert.deepEqual(socket.last, { type: "move", seq: 2, targets, strengths: [1, 0.25], picture: "jpeg" });
});

test("without a complete part there is no bend, and no message", async () => {
  const { socket, set, live } = await linked();
  socket.say(topology(1, []));
  socket.say(vertices(1, 1, []));
  const before = socket.sent.length;
  await set(addPart(emptyDoc("p"), dragPart("a", [box])));
  assert.deepEqual([live().topology, live().vertices, live().parts, live().socket], [null, null, [], "open"]);
  assert.equal(socket.sent.length, before);
  await set(complete());
  assert.equal(socket.last.type, "edit", "what is complete again is sent again, though it is the same");
  socket.say(vertices(2, 1, []));
  assert.equal(live().topology.id, 1, "a topology that the server knows to be known is not sent twice");
});

test("a part's id in the answer is that of the document it answers", async () => {
  const { socket, set, live } = await linked();
  await set({ ...complete(emptyDoc("p"), "renamed") });
  socket.say(topology(1, []));
  socket.say(vertices(1, 1, []));
  assert.deepEqual(live().parts, ["a"]);
  await settled();
  assert.deepEqual(live().parts, ["renamed"]);
});

test("an error keeps the last mesh, and the next change is sent; after a refused edit as a whole", async () => {
  const { socket, set, live } = await linked();
  const doc = complete();
  socket.say(topology(1, []));
  socket.say(vertices(1, 1, []));
  await set(setGrip(doc, grip("to"), [90, 10]));
  socket.say({ type: "error", seq: 2, status: 422, code: "target_outside_region", detail: "It leaves." });
  assert.deepEqual(live().problem, { status: 422, code: "target_outside_region", detail: "It leaves." });
  assert.equal(live().topology.id, 1);
  await set(setGrip(doc, grip("to"), [20, 10]));
  assert.equal(socket.last.type, "move");
  socket.say(vertices(3, 1, []));
  assert.equal(live().problem, null);
  await set(addPin(doc, "a", { id: "q", at: [3, 3] }));
  socket.say({ type: "error", seq: null, status: 422, code: "invalid_request", detail: "No." });
  await set(addPin(setGrip(doc, grip("to"), [21, 10]), "a", { id: "q", at: [3, 3] }));
  assert.equal(socket.last.type, "edit");
});

test("a picture that is refused is said, not that there is none", async () => {
  const { socket, live } = await linked();
  socket.say({ type: "error", seq: null, status: 413, code: "too_large", detail: "Too large." });
  socket.say({ type: "error", seq: 1, status: 409, code: "no_picture", detail: "There is no picture yet." });
  assert.equal(live().problem.code, "too_large");
});

test("another photo is opened anew", async () => {
  const { socket, set } = await linked();
  socket.say(topology(1, []));
  socket.say(vertices(1, 1, []));
  await set(complete(emptyDoc("q")));
  assert.deepEqual(
    socket.sent.slice(2).map(({ type, size }) => [type, size]),
    [
      ["open", [99, 40]],
      ["edit", undefined],
    ],
  );
});

test("where the browser cannot draw, the photo's file opens and pictures answer", async () => {
  const { socket, set, live } = await linked({ pictures: true });
  assert.equal(new TextDecoder().decode(socket.sent[0]), "file");
  assert.equal(socket.sent[1].picture, "jpeg");
  socket.say(topology(1, []));
  socket.say(vertices(1, 1, []));
  await set(setGrip(complete(), grip("to"), [20, 10]));
  assert.equal(socket.sent.length, 2, "the picture is the answer that is waited for");
  socket.say(picture(1, 2, "bent"));
  await settled();
  assert.equal(await live().picture.text(), "bent");
  assert.equal(live().picture.type, "image/jpeg");
  assert.deepEqual([socket.last.type, socket.last.picture], ["move", "jpeg"]);
});

const pinned = (deform) => ({ ...complete(), parts: [{ ...complete().parts[0], edge: "pinned", deform }] });
const SHOWN = {
  "a pair": [addPart(emptyDoc("p"), { ...pairPart("a"), source: [box], target: [box] }), true],
  "a pinned part of which the photo decides what moves": [pinned(null), true],
  "a pinned part that bends as it is told": [pinned("membrane"), false],
};

for (const [what, [doc, drawn]] of Object.entries(SHOWN)) {
  test(`${what} is drawn by the ${drawn ? "server" : "browser"}`, async () => {
    const { socket, live } = await linked({ doc });
    const [open, edit] = socket.sent;
    assert.equal(open instanceof ArrayBuffer, drawn);
    assert.equal(edit.picture, drawn ? "jpeg" : undefined);
    socket.say(topology(1, []));
    socket.say(vertices(1, 1, []));
    assert.equal(live().topology === null, drawn, "mesh and picture are shown together");
    if (drawn) socket.say(picture(1, 2, "bent"));
    assert.deepEqual([live().topology.id, live().picture === null], [1, !drawn]);
  });
}

test("the photo is sent when a picture is first needed, once, and the mesh counts again after it", async () => {
  const { socket, set, live } = await linked();
  socket.say(topology(1, []));
  socket.say(vertices(1, 1, []));
  await set(pinned(null));
  assert.ok(socket.sent.at(-2) instanceof ArrayBuffer);
  socket.say(topology(2, []));
  socket.say(vertices(2, 2, []));
  socket.say(picture(2, 2, "bent"));
  await set(pinned("membrane"));
  assert.deepEqual([socket.sent.length, "picture" in socket.last], [5, false]);
  socket.say(vertices(3, 2, []));
  assert.equal(live().picture, null);
});

test("a broken connection is taken up again, ever more slowly, and begins from the start", async () => {
  const { socket, sockets, live } = await linked();
  socket.say(topology(1, []));
  socket.say(vertices(1, 1, [7, 7]));
  socket.drop();
  assert.deepEqual([live().socket, live().topology.id], ["lost", 1]);
  const waits = [];
  for (let i = 1; i < 8; i++) {
    let waited = 0;
    for (; sockets.length === i; waited += 50) mock.timers.tick(50);
    waits.push(waited);
    sockets[i].drop();
  }
  assert.deepEqual(waits, [250, 500, 1000, 2000, 4000, 8000, 8000]);
  mock.timers.tick(8000);
  const again = sockets.at(-1);
  again.open();
  await settled();
  assert.deepEqual(
    again.sent.map(({ type, seq }) => [type, seq]),
    [
      ["open", undefined],
      ["edit", 1],
    ],
  );
  again.drop();
  mock.timers.tick(250);
  assert.equal(sockets.length, 10, "after it worked the first wait is short again");
});

test("while the server is known to be gone no connection is tried", async () => {
  const { store, sockets, socket } = await linked();
  store.set({ server: { ...store.get().server, state: "gone" } });
  socket.drop();
  mock.timers.tick(60_000);
  assert.equal(sockets.length, 1);
  store.set({ server: { ...store.get().server, state: "there" } });
  assert.equal(sockets.length, 2);
});

test("frames are views into what arrived", () => {
  const frame = topology(3, [
    { region: 0, rest: [1, 2, 3, 4], corners: [0, 1, 0] },
    { region: 2, rest: [5, 6], corners: [] },
  ]);
  const { kind, topology: found } = decoded(frame);
  assert.equal(kind, "topology");
  assert.deepEqual(
    found.meshes.map(({ region, rest, corners }) => [region, [...rest], [...corners]]),
    [
      [0, [1, 2, 3, 4], [0, 1, 0]],
      [2, [5, 6], []],
    ],
  );
  assert.ok(found.meshes.every(({ rest }) => rest.buffer === frame));
  assert.equal(decoded(new Uint8Array([0, 0, 0, 9, ...Array(8).fill(0)]).buffer), null);
});
