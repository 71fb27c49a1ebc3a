import assert from "node:assert/strict";
import { test } from "node:test";

import { createStore } from "../../src/pliant/serve/web/js/store.js";

test("everybody sees the same states in the same order, though a listener sets another", () => {
  const store = createStore({ count: 0, other: "" });
  const seen = [[], []];
  store.subscribe((state, before) => {
    seen[0].push([before.count, state.count]);
    if (state.count === 1) store.set({ count: 2 });
  });
  const stop = store.subscribe((state, before) => seen[1].push([before.count, state.count]));
  store.set({ count: 1 });
  store.set({ count: 2 });
  stop();
  store.set({ count: 3 });
  assert.deepEqual(seen, [
    [
      [0, 1],
      [1, 2],
      [2, 3],
    ],
    [
      [0, 1],
      [1, 2],
    ],
  ]);
});

test("a listener that fails does not stop those that come after it for good", () => {
  const store = createStore({ count: 0 });
  const stop = store.subscribe(() => {
    throw new Error("broken");
  });
  assert.throws(() => store.set({ count: 1 }), /broken/);
  stop();
  const seen = [];
  store.subscribe(({ count }) => seen.push(count));
  store.set({ count: 2 });
  assert.deepEqual(seen, [2]);
});
