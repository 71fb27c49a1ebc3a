import assert from "node:assert/strict";
import { test } from "node:test";

import { keyFor, KEYS, written } from "../../src/pliant/serve/web/js/keys.js";

const NONE = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
const press = (key, held = {}) => written({ key, ...NONE, ...held });

test("every key means one thing", () => {
  const all = KEYS.filter(({ press }) => press).flatMap(({ keys }) => keys);
  assert.equal(new Set(all).size, all.length);
});

test("what the list writes is what pressing makes", () => {
  assert.equal(press("v"), "V");
  assert.equal(press("V", { shiftKey: true }), "Shift+V");
  assert.equal(press("z", { ctrlKey: true }), "Ctrl+Z");
  assert.equal(press("z", { metaKey: true }), "Ctrl+Z");
  assert.equal(press("Z", { ctrlKey: true, shiftKey: true }), "Ctrl+Shift+Z");
  assert.equal(press("ArrowLeft", { shiftKey: true }), "Shift+ArrowLeft");
  assert.equal(press(" "), "Space");
  assert.equal(press("?", { shiftKey: true }), "?");
  assert.equal(press("+", { shiftKey: true }), "+");
  assert.equal(press("0", { ctrlKey: true }), "Ctrl+0");
});

test("brackets and backslashes count however a keyboard makes them", () => {
  const graph = { ctrlKey: true, altKey: true, graph: true };
  assert.equal(press("[", graph), "[");
  assert.equal(press("\\", graph), "\\");
  assert.equal(press("[", { altKey: true }), null);
});

test("keys with Ctrl are not those without", () => {
  assert.equal(keyFor(press("v", { ctrlKey: true })), undefined); // pasting comes as an event of its own
  assert.equal(keyFor(press("v"))?.what, "Move: pick and move arrow ends and pins");
  assert.equal(keyFor(press("q")), undefined);
  assert.equal(keyFor(null), undefined);
});

/** A desk that remembers what was asked of it. */
function desk(ui = {}, results = []) {
  const state = { ui: { radius: 10, subtract: false, mesh: false, picked: [], split: null, ...ui }, results };
  const asked = [];
  const note = (name, answer) => (...given) => (asked.push([name, ...given]), answer);
  const app = { get: () => state, ui: note("ui"), undo: note("undo"), cancel: note("cancel"), zoom: note("zoom"), apply: note("apply") };
  const stage = { escape: note("escape", false), back: note("back", false), busy: () => false, nudge: note("nudge", true) };
  return { app, stage, asked };
}

test("the brush grows and shrinks by the same steps, within bounds", () => {
  const larger = desk();
  keyFor("]").press(larger, "]");
  assert.deepEqual(larger.asked, [["ui", { radius: 12 }]]);
  const least = desk({ radius: 0.5 });
  keyFor("[").press(least, "[");
  assert.deepEqual(least.asked, [["ui", { radius: 0.5 }]]);
});

test("arrows nudge by a pixel, with Shift by ten", () => {
  const one = desk();
  keyFor("ArrowUp").press(one, "ArrowUp");
  keyFor("Shift+ArrowRight").press(one, "Shift+ArrowRight");
  assert.deepEqual(one.asked, [["nudge", [0, -1]], ["nudge", [10, 0]]]);
});

test("Esc takes back the gesture, then the comparison, then what is picked, then the running fill", () => {
  const running = { id: "r", state: "running" };
  const press = (...given) => {
    const made = desk(...given);
    keyFor("Escape").press(made, "Escape");
    return made.asked.at(-1);
  };
  assert.deepEqual(press({ split: 0.5, picked: [1] }), ["ui", { split: null }]);
  assert.deepEqual(press({ picked: [1] }, [running]), ["ui", { picked: [] }]);
  assert.deepEqual(press({}, [{ id: "d", state: "done" }, running]), ["cancel", "r"]);
  assert.deepEqual(press({}, []), ["escape"]);
});

test("undo in the middle of a gesture takes back the gesture alone", () => {
  const busy = desk();
  busy.stage.escape = () => true;
  keyFor("Ctrl+Z").press(busy, "Ctrl+Z");
  assert.deepEqual(busy.asked, []);
  const idle = desk();
  keyFor("Ctrl+Z").press(idle, "Ctrl+Z");
  assert.deepEqual(idle.asked, [["escape"], ["undo"]]);
});

test("Delete without anything picked is left to the browser", () => {
  assert.equal(keyFor("Delete").press(desk(), "Delete"), false);
  const picked = desk({ picked: [{ part: "a", id: "d", end: "to" }] });
  keyFor("Delete").press(picked, "Delete");
  assert.deepEqual(picked.asked.map(([name]) => name), ["apply", "ui"]);
});
