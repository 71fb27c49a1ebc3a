import assert from "node:assert/strict";
import { test } from "node:test";

import { eventReader } from "../../src/pliant/serve/web/js/sse.js";
import { random } from "./helpers.js";

const STREAM = [
  ": still here\n\n",
  "id: 1\nevent: queued\ndata: {}\n\n",
  'id: 2\r\nevent: step\r\ndata: {"index": 1,\r\ndata: "total": 3}\r\n\r\n',
  "data:without a space\r\rdata:  with two\n\n",
  "event: no data, no event\n\n",
  "id: 7\nevent: done\ndata: größer 🐦\n\n",
  "data: not finished",
].join("");

const EVENTS = [
  { id: "1", event: "queued", data: "{}" },
  { id: "2", event: "step", data: '{"index": 1,\n"total": 3}' },
  { id: "2", event: "message", data: "without a space" },
  { id: "2", event: "message", data: " with two" },
  { id: "7", event: "done", data: "größer 🐦" },
];

test("events are the same however the stream is cut", () => {
  const bytes = new TextEncoder().encode(STREAM);
  const next = random(11);
  for (let round = 0; round < 300; round++) {
    const heard = [];
    const read = eventReader((event) => heard.push(event));
    const decoder = new TextDecoder();
    for (let at = 0; at < bytes.length; ) {
      const end = round ? at + 1 + Math.floor(next() * (round % 40)) : bytes.length;
      read(decoder.decode(bytes.subarray(at, end), { stream: true }));
      at = end;
    }
    assert.deepEqual(heard, EVENTS);
  }
});
