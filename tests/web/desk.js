/** An app whose server and picture reader are played by the test. */

import { createApp } from "../../src/pliant/serve/web/js/app.js";
import { addDrag } from "../../src/pliant/serve/web/js/grips.js";
import { Refusal } from "../../src/pliant/serve/web/js/server.js";

export const SIZE = { width: 60, height: 40 };
const LISTS = {
  engines: [{ name: "inpaint4drag", default: true }],
  fillers: [{ name: "patchmatch", default: true, extra: null, offered: true }],
  segmenters: [{ name: "grabcut", default: true }],
  deformers: [{ name: "rigid", edge: "free" }],
};

/** @param {number} status @param {string} code */
export const refusal = (status, code) => new Refusal({ status, code, detail: `no: ${code}` });

const bitmap = (size) => ({
  ...size,
  isClosed: false,
  close() {
    this.isClosed = true;
  },
});

/** Every job that was asked for, to be ended by the test. */
function jobServer() {
  const jobs = [];
  const server = {
    jobs,
    cancelled: [],
    edit: async (asked) => {
      if (server.refuses) throw server.refuses;
      await server.slowly;
      const job = { asked, url: `/api/v1/jobs/${jobs.length}`, heard: () => {}, end: () => {}, fail: () => {} };
      jobs.push(job);
      return { status_url: job.url };
    },
    follow: ({ status_url }, heard, signal) => {
      const job = jobs.find(({ url }) => url === status_url) ?? jobs[jobs.push({ url: status_url }) - 1];
      job.heard = heard;
      signal.addEventListener("abort", () => job.fail(signal.reason));
      return new Promise((resolve, reject) => Object.assign(job, { end: resolve, fail: reject }));
    },
    cancel: async (url) => void server.cancelled.push(url),
    result: async () => new Blob(["result"], { type: "image/png" }),
  };
  return server;
}

/** All promises that are ready, and what follows from them. */
export const settled = async () => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** @param {object} [given] */
export async function desk({ photo = true, session = {}, answer = () => null } = {}) {
  const server = Object.assign(jobServer(), {
    health: async () => ({ version: "1", ready: true }),
    list: async (kind) => LISTS[kind],
    photo: async () => null,
    view: async () => assertNever(),
    file: async () => new Blob(["photo"]),
    select: async () => new Blob(["mask"]),
    socket: () => ({ readyState: 0, send() {}, close() {} }),
  });
  const reader = {
    size: SIZE,
    selected: [],
    decoded: async () => ({ bitmap: bitmap(reader.size), size: reader.size }),
    photo: async (file, name) => {
      if ((await file.text()).startsWith("bad")) throw new Error("bad");
      return {
        id: `photo-${(reader.count = (reader.count ?? 0) + 1)}`,
        name,
        file,
        size: reader.size,
        bitmap: bitmap(reader.size),
      };
    },
    thumb: async () => bitmap({ width: 1, height: 1 }),
    mask: async () => {
      const data = new Uint8Array(reader.size.width * reader.size.height);
      reader.selected.forEach((i) => (data[i] = 255));
      return { ...reader.size, data };
    },
  };
  const asked = [];
  const app = createApp({
    server,
    reader,
    token: { set: (token) => asked.push(token) },
    ask: async (question) => (asked.push(question), answer(question)),
    session: { restore: async () => null, watch: () => () => {}, serve: () => {}, ...session },
  });
  app.resize({ width: 300, height: 200 });
  await app.start({ photo: "photo.png", edit: "missing.json" });
  app.get().notices.forEach(({ id }) => app.dismiss(id));
  if (!photo) app.undo();
  return { app, server, reader, asked };
}

export const box = (x0, y0, x1, y1, erase = false) => ({ kind: "box", box: [x0, y0, x1, y1], erase });

/** Paint a part and pull it: two gestures. */
export function pull(app, to = [20, 12]) {
  app.begin();
  app.mark(box(5, 5, 30, 30));
  app.commit("Paint");
  const { part } = app.get().ui.slot;
  app.apply("Pull", (doc) => addDrag(doc, part, { id: "d", from: [10, 10], to }));
  return part;
}

/** @param {any} app */
export const texts = (app) => app.get().notices.map(({ text }) => text);

function assertNever() {
  throw new Error("this is never asked");
}
