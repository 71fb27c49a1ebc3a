import assert from "node:assert/strict";
import { test } from "node:test";

import * as documents from "../../src/pliant/serve/web/js/document.js";
import * as grips from "../../src/pliant/serve/web/js/grips.js";
import {
  begun,
  documents as every,
  MAX_STEPS,
  pushed,
  redone,
  undone,
} from "../../src/pliant/serve/web/js/history.js";
import { frozen, random } from "./helpers.js";

const { addMark, addPart, dragPart, emptyDoc, lacking, marksOf, pairPart, setMarks, setPart, setWish } = documents;

/** @typedef {import("../../src/pliant/serve/web/js/types.js").Doc} Doc */

/** A document with one of everything. */
function rich() {
  let doc = emptyDoc("p");
  doc = addPart(doc, dragPart("a", [{ kind: "box", box: [0, 0, 9, 9], erase: false }]));
  doc = grips.addDrag(doc, "a", { id: "d", from: [1, 2], to: [3, 4] });
  doc = grips.addPin(doc, "a", { id: "p", at: [5, 6] });
  return frozen(addPart(doc, pairPart("b")));
}

/**
 * A random action, of every kind that there is, on what may or may not exist.
 *
 * @param {() => number} next
 * @param {number} i
 * @returns {(doc: Doc) => Doc}
 */
function action(next, i) {
  /** @template T @param {T[]} list */
  const pick = (list) => list[Math.floor(next() * list.length)];
  /** @type {() => [number, number]} */
  const point = () => [Math.round(next() * 100), Math.round(next() * 100)];
  const part = pick(["a", "b", `part${i - 1}`, `part${i - 2}`, "none"]);
  const slot = { part, field: pick(["region", "source", "target", "protect"]) };
  const mark = pick([
    { kind: "stroke", points: [point(), point()], radius: 4, erase: next() < 0.3 },
    { kind: "polygon", points: [point(), point(), point()], erase: false },
    { kind: "grow", radius: 3 },
    { kind: "invert" },
  ]);
  /** @param {Doc} doc */
  const picked = (doc) => grips.gripsOf(doc).filter(() => next() < 0.4);
  return pick([
    (doc) => addPart(doc, next() < 0.5 ? dragPart(`part${i}`) : pairPart(`part${i}`)),
    (doc) => documents.removePart(doc, part),
    (doc) => documents.raisePart(doc, part, pick([-1, 1, 5])),
    (doc) => setPart(doc, part, { strength: next() * 1.4 - 0.2 }),
    (doc) => setPart(doc, part, { edge: pick(["free", "pinned"]) }),
    (doc) => setPart(doc, part, { deform: pick([null, "rigid"]) }),
    (doc) => addMark(doc, slot, mark),
    (doc) => setMarks(doc, slot, []),
    (doc) => grips.addDrag(doc, part, { id: `drag${i}`, from: point(), to: point() }),
    (doc) => grips.addPin(doc, part, { id: `pin${i}`, at: point() }),
    (doc) => grips.moveGrips(doc, picked(doc), point()),
    (doc) => grips.setGrip(doc, picked(doc)[0] ?? { part, id: "none", end: "to" }, point()),
    (doc) => grips.removeGrips(doc, picked(doc)),
    (doc) =>
      setWish(
        doc,
        pick([{ prompt: `${i}` }, { seed: i }, { filler: pick([null, "telea"]) }, { engine: pick(["x", "y"]) }]),
      ),
    (doc) => documents.setOption(doc, pick(["tear", "margin"]), pick([null, 3, true])),
  ]);
}

test("whatever is done is undone step by step to the start, and redone to the end", () => {
  for (let seed = 0; seed < 30; seed++) {
    const next = random(seed);
    const start = rich();
    let history = frozen(begun(start));
    const seen = [start];
    for (let i = 0; i < 120; i++) {
      const before = history.present;
      const doc = frozen(action(next, i)(before));
      history = frozen(pushed(history, doc, `step ${i}`));
      if (doc !== before) seen.push(doc);
      else assert.equal(history.present, before, "a step to the same document is none");
    }
    assert.ok(seen.length > 25, `${seen.length} steps`);
    for (const doc of seen.toReversed()) {
      assert.equal(history.present, doc);
      history = frozen(undone(history));
    }
    assert.equal(history.past.length, 0);
    for (const doc of seen) {
      assert.equal(history.present, doc);
      history = frozen(redone(history));
    }
    assert.equal(history.future.length, 0);
  }
});

test("an action that changes nothing gives the same document", () => {
  const doc = rich();
  const same = [
    (d) => documents.removePart(d, "none"),
    (d) => documents.raisePart(d, "b", 1),
    (d) => documents.raisePart(d, "a", -1),
    (d) => setPart(d, "a", { strength: 1, edge: "free", deform: null }),
    (d) => setPart(d, "b", { strength: 0.5 }),
    (d) => addMark(d, { part: "b", field: "region" }, { kind: "invert" }),
    (d) => addMark(d, { part: null, field: "region" }, { kind: "invert" }),
    (d) => grips.moveGrips(d, grips.gripsOf(d), [0, 0]),
    (d) => grips.setGrip(d, { part: "a", id: "d", end: "to" }, [3, 4]),
    (d) => grips.setGrip(d, { part: "a", id: "d", end: "to" }, [NaN, 4]),
    (d) => grips.removeGrips(d, [{ part: "a", id: "none", end: "pin" }]),
    (d) => setWish(d, { prompt: "", seed: 0, filler: null }),
    (d) => documents.setOption(d, "tear", null),
    (d) => documents.setOption(d, "tear", NaN),
  ];
  for (const change of same) assert.equal(change(doc), doc, String(change));
});

test("a step's label says what undo and redo would do", () => {
  const [a, b, c] = [emptyDoc("1"), emptyDoc("2"), emptyDoc("3")];
  const history = pushed(pushed(begun(a), b, "Paint"), c, "Pull");
  assert.equal(history.past.at(-1)?.label, "Pull");
  const back = undone(history);
  assert.deepEqual([back.present, back.past.at(-1)?.label, back.future[0].label], [b, "Paint", "Pull"]);
  assert.deepEqual(every(back), [a, b, c]);
  assert.deepEqual(pushed(back, a, "Other").future, [], "what was undone is gone after a new step");
});

test("history is bounded", () => {
  let history = begun(emptyDoc("p"));
  for (let i = 0; i < MAX_STEPS + 20; i++) history = pushed(history, emptyDoc(`${i}`), "Step");
  assert.equal(history.past.length, MAX_STEPS);
  assert.equal(history.past[0].doc.photo, "19");
});

test("grips move together, each from where it is, and what is far away stays in reach of the server", () => {
  const doc = rich();
  const moved = grips.moveGrips(doc, grips.gripsOf(doc), [10, -1]);
  assert.deepEqual(
    grips.gripsOf(moved).map((grip) => grips.gripPoint(moved, grip)),
    [
      [11, 1],
      [13, 3],
      [15, 5],
    ],
  );
  const far = grips.setGrip(doc, { part: "a", id: "p", end: "pin" }, [1e12, -1e12]);
  assert.deepEqual(grips.gripPoint(far, { part: "a", id: "p", end: "pin" }), [1e7, -1e7]);
});

test("a drag goes by either end, with its part's others kept", () => {
  const doc = grips.addDrag(rich(), "a", { id: "e", from: [0, 0], to: [1, 1] });
  const less = grips.removeGrips(doc, [{ part: "a", id: "d", end: "to" }]);
  assert.deepEqual(
    grips.gripsOf(less).map(({ id }) => id),
    ["e", "e", "p"],
  );
});

test("what a part lacks", () => {
  const [a, b] = rich().parts;
  assert.equal(lacking(a), null);
  assert.equal(lacking(b), "source");
  assert.equal(lacking(dragPart("x")), "region");
  assert.equal(lacking(dragPart("x", [{ kind: "invert" }])), "drags");
});

test("another edge brings its own deformer, another engine its own options", () => {
  const doc = setPart(rich(), "a", { deform: "elastic" });
  const pinned = setPart(doc, "a", { edge: "pinned" }).parts[0];
  assert.equal(pinned.kind === "drag" && pinned.deform, "membrane");
  const free = setPart(setPart(doc, "a", { edge: "pinned" }), "a", { edge: "free" }).parts[0];
  assert.equal(free.kind === "drag" && free.deform, null);
  const optioned = documents.setOption(doc, "tear", 3);
  assert.deepEqual(setWish(optioned, { engine: "other" }).options, {});
  assert.deepEqual(setWish(optioned, { engine: optioned.engine }).options, { tear: 3 });
});

test("what is asked for is brought into what the server accepts", () => {
  const doc = emptyDoc("p");
  const wishes = [
    [-3, 0],
    [2.6, 3],
    [NaN, 0],
    [1e300, Number.MAX_SAFE_INTEGER],
  ];
  for (const [given, kept] of wishes) assert.equal(setWish(doc, { seed: given }).seed, kept);
  assert.equal(setWish(doc, { prompt: "🐦".repeat(10_001) }).prompt, "🐦".repeat(10_000));
  assert.equal(setWish(doc, { prompt: "a\ud800b" }).prompt, "a\ufffdb");
  const strength = setPart(rich(), "a", { strength: 7 }).parts[0];
  assert.equal(strength.kind === "drag" && strength.strength, 1);
});

test("parts change places, and no more come than the server takes", () => {
  const doc = addPart(rich(), dragPart("c"));
  const ids = (d) => d.parts.map(({ id }) => id).join("");
  assert.equal(ids(documents.raisePart(doc, "a", 1)), "bac");
  assert.equal(ids(documents.raisePart(doc, "a", 9)), "bca");
  assert.equal(ids(documents.raisePart(doc, "c", -2)), "cab");
  let full = doc;
  for (let i = 0; i < 1100; i++) full = addPart(full, dragPart(`${i}`));
  assert.equal(full.parts.length, 1000);
});

test("marks are those of the slot, and of no other", () => {
  const mark = /** @type {const} */ ({ kind: "invert" });
  const protect = addMark(rich(), { part: null, field: "protect" }, mark);
  assert.deepEqual(marksOf(protect, { part: "a", field: "protect" }), [mark]);
  const target = addMark(rich(), { part: "b", field: "target" }, mark);
  assert.deepEqual(
    [marksOf(target, { part: "b", field: "target" }), marksOf(target, { part: "b", field: "source" })],
    [[mark], []],
  );
});
