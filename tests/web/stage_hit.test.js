import assert from "node:assert/strict";
import { test } from "node:test";

import { addPart, dragPart, emptyDoc, pairPart } from "../../src/pliant/serve/web/js/document.js";
import { gripAt, gripsWithin, partAt, restAt } from "../../src/pliant/serve/web/js/stage/hit.js";
import { aim, moved } from "../../src/pliant/serve/web/js/stage/moves.js";
import { frozen, random } from "./helpers.js";

const SIZE = { width: 200, height: 200 };
const VIEW = { x: 0, y: 0, scale: 2 };
const NO_BEND = { topology: null, vertices: null, parts: [] };

const square = (x0, y0, x1, y1) => [{ kind: "box", box: [x0, y0, x1, y1], erase: false }];
const part = (id, region, more = {}) => ({ ...dragPart(id, region), ...more });
const docOf = (...parts) => frozen(parts.reduce(addPart, emptyDoc("photo")));

const ARROW = { id: "d", from: [20, 20], to: [60, 20] };
const DOC = docOf(part("a", square(10, 10, 50, 50), { drags: [ARROW], pins: [{ id: "n", at: [40, 40] }] }));

test("the nearest grip within reach is meant", () => {
  assert.deepEqual(gripAt(DOC, VIEW, [45, 43], 12), { part: "a", id: "d", end: "from" });
  assert.deepEqual(gripAt(DOC, VIEW, [118, 41], 12), { part: "a", id: "d", end: "to" });
  assert.deepEqual(gripAt(DOC, VIEW, [81, 81], 12), { part: "a", id: "n", end: "pin" });
  assert.equal(gripAt(DOC, VIEW, [45, 60], 12), null);
  assert.equal(gripAt(DOC, VIEW, [45, 60], 22)?.end, "from");
});

test("of two grips at one place the end of the arrow is meant, and the part in front", () => {
  const short = docOf(part("a", square(0, 0, 9, 9), { drags: [{ id: "d", from: [5, 5], to: [5, 5] }] }));
  assert.equal(gripAt(short, VIEW, [11, 11], 12)?.end, "to");
  const two = docOf(...["a", "b"].map((id) => part(id, square(0, 0, 9, 9), { drags: [{ id: "d", from: [1, 1], to: [5, 5] }] })));
  assert.equal(gripAt(two, VIEW, [11, 11], 12)?.part, "b");
});

test("a rectangle picks the grips inside, however it was drawn", () => {
  assert.equal(gripsWithin(DOC, [70, 30], [30, 10]).length, 1);
  assert.equal(gripsWithin(DOC, [0, 0], [199, 199]).length, 3);
});

test("the part in front is hit, a pair by either of its regions", () => {
  const pair = { ...pairPart("c"), source: square(100, 100, 120, 120), target: square(140, 140, 160, 160) };
  const doc = docOf(part("a", square(0, 0, 50, 50)), part("b", square(20, 20, 60, 60)), pair);
  assert.equal(partAt(doc, SIZE, NO_BEND, [10, 10])?.part.id, "a");
  assert.equal(partAt(doc, SIZE, NO_BEND, [30, 30])?.part.id, "b");
  assert.equal(partAt(doc, SIZE, NO_BEND, [110, 110])?.part.id, "c");
  assert.equal(partAt(doc, SIZE, NO_BEND, [150, 150])?.part.id, "c");
  assert.equal(partAt(doc, SIZE, NO_BEND, [90, 10]), null);
});

/** A mesh of `count` by `count` cells over a box, in the server's order, and where `carry` takes its vertices. */
function gridMesh([x0, y0, x1, y1], count, carry = (point) => point) {
  const points = [];
  const corners = [];
  for (let j = 0; j <= count; j++) {
    for (let i = 0; i <= count; i++) points.push([x0 + ((x1 - x0) * i) / count, y0 + ((y1 - y0) * j) / count]);
  }
  const at = (i, j) => j * (count + 1) + i;
  for (let j = 0; j < count; j++) {
    for (let i = 0; i < count; i++) {
      const [a, b, c, d] = [at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)];
      corners.push(a, b, c, a, c, d);
    }
  }
  const mesh = { region: 0, rest: Float32Array.from(points.flat()), corners: Uint32Array.from(corners) };
  return { mesh, now: Float32Array.from(points.flatMap(carry)) };
}

test("a point of a bent mesh leads back to where it rests", () => {
  const carry = ([x, y]) => [x + 0.1 * y + 30, y - 0.2 * x + 15];
  const { mesh, now } = gridMesh([0, 0, 40, 40], 8, carry);
  const next = random(3);
  for (let round = 0; round < 100; round++) {
    const rest = [next() * 40, next() * 40];
    const [found] = restAt(mesh, now, carry(rest));
    assert.ok(Math.hypot(found[0] - rest[0], found[1] - rest[1]) < 1e-4);
  }
  assert.equal(restAt(mesh, now, [500, 500]), null);
});

test("where a mesh folds over itself, what is not turned over is seen, and of that the later", () => {
  // The right half lies back over the left half: its triangles are turned over.
  const folded = gridMesh([0, 0, 40, 40], 4, ([x, y]) => [x <= 20 ? x : 40 - x, y]);
  assert.ok(restAt(folded.mesh, folded.now, [12, 13])[0][0] < 20);
  // The lower half moved onto the upper one.
  const onto = gridMesh([0, 0, 40, 40], 4, ([x, y]) => [x, y <= 20 ? y : y - 20.5]);
  assert.ok(restAt(onto.mesh, onto.now, [12, 13])[0][1] > 20);
  const turned = gridMesh([0, 0, 40, 40], 4, ([x, y]) => [40 - x, y]);
  assert.ok(Math.abs(restAt(turned.mesh, turned.now, [12, 13])[0][0] - 28) < 1e-4);
});

test("a bent part is hit where it is seen, not where it was", () => {
  const { mesh, now } = gridMesh([9, 9, 51, 51], 6, ([x, y]) => [x + 100, y]);
  const live = { topology: { id: 1, meshes: [mesh] }, vertices: now, parts: ["a"] };
  const hit = partAt(DOC, SIZE, live, [125, 30]);
  assert.equal(hit?.part.id, "a");
  assert.ok(Math.abs(hit.rest[0] - 25) < 1e-4);
  assert.equal(partAt(DOC, SIZE, live, [25, 30]), null);
  // The mesh reaches beyond the region: its rim is not the part.
  assert.equal(partAt(DOC, SIZE, live, [109.2, 30]), null);
});

test("the second of two meshes finds its own vertices", () => {
  const one = gridMesh([0, 0, 9, 9], 2);
  const other = gridMesh([9, 9, 51, 51], 6, ([x, y]) => [x, y + 100]);
  const topology = { id: 1, meshes: [{ ...one.mesh, region: 1 }, other.mesh] };
  const live = { topology, vertices: Float32Array.from([...one.now, ...other.now]), parts: ["a", "gone"] };
  assert.ok(Math.abs(partAt(DOC, SIZE, live, [30, 125]).rest[1] - 25) < 1e-4);
});

test("an arrow's end goes anywhere, its start and a pin stay in their part", () => {
  const [from, to, pin] = ["from", "to", "pin"].map((end) => ({ part: "a", id: end === "pin" ? "n" : "d", end }));
  const far = moved(DOC, SIZE, [from, to, pin], [300, 0]).parts[0];
  assert.deepEqual(far.drags[0].to, [360, 20]);
  assert.ok(far.drags[0].from[0] > 48 && far.drags[0].from[0] < 49.5);
  assert.equal(far.drags[0].from[1], 20);
  assert.ok(far.pins[0].at[0] > 48 && far.pins[0].at[0] < 49.5);
  const near = moved(DOC, SIZE, [from], [-3.127, 4]).parts[0];
  assert.deepEqual(near.drags[0].from, [16.87, 24]);
});

test("moving nothing gives the same document", () => {
  assert.equal(moved(DOC, SIZE, [{ part: "a", id: "d", end: "to" }], [0, 0]), DOC);
  assert.equal(moved(DOC, SIZE, [{ part: "gone", id: "d", end: "to" }], [5, 0]), DOC);
});

test("at half strength an arrow reaches twice as far", () => {
  assert.deepEqual(aim([10, 10], [20, 30], 0.5), [30, 50]);
  assert.deepEqual(aim([10, 10], [20, 30], 1), [20, 30]);
  assert.deepEqual(aim([10, 10], [20, 30], 0), [20, 30]);
});
