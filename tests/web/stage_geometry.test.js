import assert from "node:assert/strict";
import { test } from "node:test";

import { footprintOf, frontToBack, linesOf } from "../../src/pliant/serve/web/js/stage/grid.js";
import { COARSE, createPace } from "../../src/pliant/serve/web/js/stage/pace.js";
import { isPinch, pinched } from "../../src/pliant/serve/web/js/stage/pinch.js";
import { placed } from "../../src/pliant/serve/web/js/stage/place.js";
import { fitting } from "../../src/pliant/serve/web/js/stage/textures.js";
import { distanceToSegment, thinned } from "../../src/pliant/serve/web/js/stage/thin.js";
import { boxBetween } from "../../src/pliant/serve/web/js/stage/tools/box.js";
import { toScreen } from "../../src/pliant/serve/web/js/view.js";
import { random } from "./helpers.js";

/** How far `point` lies from a line of points. */
const away = (point, line) =>
  Math.min(...line.slice(1).map((end, i) => distanceToSegment(point, line[i], end)));

test("a thinned line keeps its ends, its order and its shape", () => {
  const next = random(1);
  for (let round = 0; round < 50; round++) {
    let at = [0, 0];
    const line = Array.from({ length: 200 }, () => (at = [at[0] + next() * 4 - 1, at[1] + next() * 4 - 2]));
    const thin = thinned(line, 0.25);
    assert.deepEqual([thin[0], thin.at(-1)], [line[0], line.at(-1)]);
    const places = thin.map((point) => line.indexOf(point));
    assert.deepEqual(places, [...places].sort((a, b) => a - b));
    for (const point of line) assert.ok(away(point, thin) <= 0.25 + 1e-9);
  }
});

test("a straight line needs its ends alone, a corner stays", () => {
  const straight = Array.from({ length: 100 }, (_, i) => [i, i / 2]);
  assert.equal(thinned(straight, 0.25).length, 2);
  const corner = [...straight, ...Array.from({ length: 50 }, (_, i) => [99, 50 + i])];
  assert.equal(thinned(corner, 0.25).length, 3);
  assert.deepEqual(thinned([[3, 4]], 0.25), [[3, 4]]);
});

test("a line that comes back to where it began is not lost", () => {
  const there = [[0, 0], [10, 0], [0, 0]];
  assert.deepEqual(thinned(there, 0.25), there);
});

/** Where a place of the photo comes to lie on a canvas, through the clip space of a place. */
function onCanvas({ clip }, [x, y], canvas) {
  const [cx, cy] = [x * clip[0] + clip[2], y * clip[1] + clip[3]];
  return [((cx + 1) / 2) * canvas.width, ((1 - cy) / 2) * canvas.height];
}

test("the graphics card and the pointer agree where the photo is", () => {
  const next = random(2);
  for (let round = 0; round < 100; round++) {
    const dpr = 1 + round % 3;
    const canvas = { width: 700 * dpr, height: 500 * dpr };
    const view = { x: next() * 300 - 100, y: next() * 300 - 100, scale: 0.1 + next() * 3 };
    const place = placed({ view, size: { width: 400, height: 300 }, split: 0 }, canvas, dpr);
    const point = [next() * 400, next() * 300];
    const [x, y] = onCanvas(place, point, canvas);
    const wanted = toScreen(view, point).map((value) => value * dpr);
    assert.ok(Math.hypot(x - wanted[0], y - wanted[1]) < 1e-6 * canvas.width);
  }
});

test("at 100 % a pixel of the photo is one of the device", () => {
  const canvas = { width: 640, height: 480 };
  const place = placed({ view: { x: 20.4, y: 7.5, scale: 1 }, size: { width: 100, height: 80 }, split: 0 }, canvas, 1);
  for (const value of onCanvas(place, [0, 0], canvas)) assert.ok(Math.abs((value % 1) - 0.5) < 1e-9);
});

test("before and after share the photo, and nothing beside it", () => {
  const canvas = { width: 300, height: 200 };
  const scene = { view: { x: -50, y: 30, scale: 1 }, size: { width: 200, height: 100 }, split: 0.5 };
  const { before, after } = placed(scene, canvas, 1);
  assert.deepEqual([before, after], [[0, 70, 50, 100], [50, 70, 100, 100]]);
  assert.equal(placed({ ...scene, split: 1 }, canvas, 1).after[2], 0);
  assert.equal(placed({ ...scene, split: 0 }, canvas, 1).before[2], 0);
  const gone = placed({ ...scene, view: { x: 400, y: 0, scale: 1 } }, canvas, 1);
  assert.deepEqual([gone.before[2], gone.after[2]], [0, 0]);
});

test("triangles run from front to back, and each the other way round", () => {
  const corners = Uint32Array.of(0, 1, 2, 3, 4, 5);
  assert.deepEqual([...frontToBack(corners)], [5, 4, 3, 2, 1, 0]);
  assert.deepEqual([...corners], [0, 1, 2, 3, 4, 5]);
});

test("two cells have seven lines, none of them a diagonal", () => {
  // 0 1 2
  // 3 4 5
  const lines = linesOf(Uint32Array.of(0, 1, 4, 0, 4, 3, 1, 2, 5, 1, 5, 4));
  const pairs = Array.from({ length: lines.length / 2 }, (_, i) => `${lines[2 * i]}-${lines[2 * i + 1]}`).sort();
  assert.deepEqual(pairs, ["0-1", "0-3", "1-2", "1-4", "2-5", "3-4", "4-5"]);
});

test("a mesh's footprint is one rectangle for each run of cells", () => {
  // 0 1 2 3     three cells above, below them the first and the third
  // 4 5 6 7
  // 8 9 10 11
  const rest = Float32Array.from({ length: 24 }, (_, i) => (i % 2 ? Math.floor(i / 8) * 10 : ((i / 2) % 4) * 5));
  const cell = (a) => [a, a + 1, a + 5, a, a + 5, a + 4];
  const corners = Uint32Array.from([0, 1, 2, 4, 6].flatMap(cell));
  const area = (t) => Math.abs((t[2] - t[0]) * (t[5] - t[1]) - (t[4] - t[0]) * (t[3] - t[1])) / 2;
  const triangles = footprintOf({ rest, corners });
  assert.equal(triangles.length / 6, 6);
  const areas = Array.from({ length: 6 }, (_, i) => area(triangles.subarray(6 * i)));
  assert.deepEqual(areas, [75, 75, 25, 25, 25, 25]);
});

test("frames that come late, and only while a grip is moved, make the picture coarse until it rests", () => {
  const pace = createPace();
  assert.deepEqual([90, 90, 90].map((waited) => pace.next(waited, false)), [1, 1, 1]);
  assert.deepEqual([90, 90, 10, 90, 90].map((waited) => pace.next(waited, true)), [1, 1, 1, 1, 1]);
  assert.deepEqual([90, 5, 5].map((waited) => pace.next(waited, true)), [COARSE, COARSE, COARSE]);
  assert.equal(pace.next(5, false), 1);
});

test("two fingers hold on to what they touch", () => {
  const before = [[100, 100], [200, 100]];
  const after = [[90, 140], [290, 140]];
  const { ratio, by, at } = pinched(before, after);
  // What is under a finger moves by `by`, then away from `at` by `ratio`.
  const moved = before.map(([x, y]) => [x + by[0], y + by[1]].map((value, k) => at[k] + (value - at[k]) * ratio));
  assert.deepEqual(moved, after);
  assert.equal(pinched([[5, 5], [5, 5]], after).ratio, 1);
});

test("a second finger makes a pinch soon, or near where the first came down", () => {
  assert.ok(isPinch(100, 80));
  assert.ok(isPinch(5000, 3));
  assert.ok(!isPinch(600, 80));
});

test("a box holds the pixels whose centres lie in it, inside the photo", () => {
  const size = { width: 100, height: 50 };
  assert.deepEqual(boxBetween([10.4, 3.6], [2.2, 1.1], size), [3, 2, 11, 4]);
  assert.deepEqual(boxBetween([-20, -20], [500, 500], size), [0, 0, 100, 50]);
  assert.equal(boxBetween([3.2, 3.2], [3.8, 3.8], size), null);
  assert.equal(boxBetween([200, 3], [300, 9], size), null);
});

test("a selection that is too large for a texture is thinned, not cut", () => {
  const patch = { box: [10, 10, 16, 14], data: Uint8Array.from({ length: 24 }, (_, i) => (i % 6 < 3 ? 255 : 0)) };
  assert.equal(fitting(patch, 6).data, patch.data);
  const thin = fitting(patch, 3);
  assert.deepEqual([thin.width, thin.height], [3, 2]);
  assert.deepEqual([...thin.data], [255, 255, 0, 255, 255, 0]);
});
