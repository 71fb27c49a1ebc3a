import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { boxOf, isEmpty, isSelected, maskOf, outlinesOf, patchOf } from "../../src/pliant/serve/web/js/regions.js";
import { squaredDistances } from "../../src/pliant/serve/web/js/regions/distance.js";
import { random } from "./helpers.js";

const vectors = JSON.parse(readFileSync(new URL("fixtures/regions.json", import.meta.url), "utf8"));
const { size } = vectors;

/** @param {import("./helpers.js").Mask} mask */
const rowsOf = ({ width, height, data }) =>
  Array.from({ length: height }, (_, y) =>
    Array.from(data.subarray(y * width, (y + 1) * width), (value) => (value ? "#" : ".")).join(""),
  );

/** @param {string[]} rows */
const maskMark = (rows) => ({
  kind: /** @type {const} */ ("mask"),
  mask: {
    box: /** @type {[number, number, number, number]} */ ([0, 0, rows[0].length, rows.length]),
    data: Uint8Array.from(rows.join(""), (c) => (c === "#" ? 255 : 0)),
  },
  erase: false,
  replace: false,
});

/** Whether the 3x3 pixels around x, y hold both kinds. */
function isBorder(rows, x, y) {
  const seen = new Set();
  for (let j = y - 1; j <= y + 1; j++) for (let i = x - 1; i <= x + 1; i++) if (rows[j]?.[i]) seen.add(rows[j][i]);
  return seen.size > 1;
}

for (const { name, marks, rows } of vectors.drawn) {
  test(`${name}: as the server draws it, to within a pixel of its border`, () => {
    const ours = rowsOf(maskOf(marks, size));
    let differing = 0;
    for (let y = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++) {
        if (ours[y][x] === rows[y][x]) continue;
        differing++;
        assert.ok(
          isBorder(rows, x, y),
          `(${x}, ${y}) of\n${ours.join("\n")}\nis not at the border of\n${rows.join("\n")}`,
        );
      }
    }
    const border = rows.flatMap((row, y) => [...row].filter((_, x) => isBorder(rows, x, y))).length;
    assert.ok(differing <= 0.15 * border, `${differing} of ${border} border pixels differ`);
  });
}

for (const { name, rows, radius, grown } of vectors.grown) {
  test(`${name} grown by ${radius}: exactly as by the server`, () => {
    assert.deepEqual(rowsOf(maskOf([maskMark(rows), { kind: "grow", radius }], size)), grown);
  });
}

test("distances are those of a search through all pixels", () => {
  const next = random(3);
  const [width, height] = [23, 17];
  const data = Uint8Array.from({ length: width * height }, () => (next() < 0.03 ? 255 : 0));
  const found = squaredDistances(data, width, height, true);
  for (let i = 0; i < data.length; i++) {
    let best = Infinity;
    for (let j = 0; j < data.length; j++) {
      if (data[j])
        best = Math.min(
          best,
          ((i % width) - (j % width)) ** 2 + (Math.floor(i / width) - Math.floor(j / width)) ** 2,
        );
    }
    assert.equal(found[i], best);
  }
  assert.ok(squaredDistances(new Uint8Array(6), 3, 2, true).every((value) => value === Infinity));
});

test("a disc grown and shrunk again is the disc", () => {
  const disc = { kind: /** @type {const} */ ("stroke"), points: [[24, 20]], radius: 9, erase: false };
  const again = maskOf([disc, { kind: "grow", radius: 5 }, { kind: "grow", radius: -5 }], size);
  const ours = maskOf([disc], size);
  const differing = again.data.filter((value, i) => value !== ours.data[i]).length;
  assert.ok(differing <= 8, `${differing} pixels differ`);
  const area = ours.data.filter(Boolean).length;
  assert.ok(Math.abs(area - Math.PI * 81) < 12, `${area} pixels`);
});

test("smoothing keeps straight borders and the photo's, and rounds a corner off", () => {
  /** @type {any[]} */
  const half = [{ kind: "box", box: [0, 0, 20, 40], erase: false }];
  assert.deepEqual(maskOf([...half, { kind: "smooth", radius: 4 }], size).data, maskOf(half, size).data);
  const square = [{ kind: /** @type {const} */ ("box"), box: [10, 10, 30, 30], erase: false }];
  const round = patchOf([...square, { kind: "smooth", radius: 4 }], size);
  assert.ok(!isSelected(round, [10, 10]) && !isSelected(round, [29, 29]));
  assert.ok(isSelected(round, [10, 20]) && isSelected(round, [20, 29]) && !isSelected(round, [9, 20]));
});

test("a speck is smoothed away, and a hole in what is large", () => {
  const speck = [
    { kind: /** @type {const} */ ("box"), box: [10, 10, 11, 11], erase: false },
    { kind: "smooth", radius: 2 },
  ];
  assert.ok(isEmpty(patchOf(speck, size)));
  const holed = [
    { kind: /** @type {const} */ ("box"), box: [0, 0, 48, 40], erase: false },
    { kind: "box", box: [20, 20, 21, 21], erase: true },
    { kind: "smooth", radius: 2 },
  ];
  assert.ok(isSelected(patchOf(holed, size), [20, 20]));
});

test("inverting twice is nothing; inverting nothing is everything", () => {
  const marks = vectors.drawn[0].marks;
  const twice = maskOf([...marks, { kind: "invert" }, { kind: "invert" }], size);
  assert.deepEqual(twice.data, maskOf(marks, size).data);
  assert.deepEqual(boxOf(patchOf([{ kind: "invert" }], size)), [0, 0, size.width, size.height]);
});

test("a mask is added, taken away, or stands for everything before it", () => {
  const box = { kind: /** @type {const} */ ("box"), box: [0, 0, 10, 10], erase: false };
  const mask = maskMark(rowsOf(maskOf([{ ...box, box: [5, 5, 20, 20] }], size)));
  assert.deepEqual(boxOf(patchOf([box, mask], size)), [0, 0, 20, 20]);
  const less = patchOf([box, { ...mask, erase: true }], size);
  assert.ok(isSelected(less, [4, 9]) && !isSelected(less, [5, 5]));
  assert.deepEqual(boxOf(patchOf([box, { ...mask, replace: true }], size)), [5, 5, 20, 20]);
});

test("a mask that is larger than the photo is cut", () => {
  const mask = { box: [-3, 30, 60, 50], data: new Uint8Array(63 * 20).fill(255) };
  const marks = [{ kind: "mask", mask, erase: false, replace: false }];
  assert.deepEqual(boxOf(patchOf(marks, size)), [0, 30, 48, 40]);
});

test("a stroke that goes on is the stroke drawn at once, whether it paints or erases", () => {
  const next = random(5);
  const base = [{ kind: "box", box: [4, 4, 44, 36], erase: false }];
  for (const erase of [false, true]) {
    /** @type {[number, number][]} */
    let points = [];
    for (let i = 0; i < 40; i++) {
      points = [...points, [next() * 60 - 6, next() * 50 - 5]];
      const stroke = { kind: "stroke", points, radius: 3, erase };
      const live = maskOf([...base, stroke], size);
      const once = maskOf(
        [...base.map((mark) => ({ ...mark })), { ...stroke, points: points.map((p) => [...p]) }],
        size,
      );
      assert.deepEqual(live.data, once.data);
    }
  }
});

test("a stroke that is drawn anew is not drawn onto what it was", () => {
  /** @type {(points: number[][]) => any} */
  const stroke = (points) => ({ kind: "stroke", points, radius: 2, erase: false });
  const start = [5, 5];
  patchOf([stroke([start, [20, 20]])], size);
  const straight = patchOf([stroke([start, [40, 5]])], size);
  assert.ok(!isSelected(straight, [20, 20]) && isSelected(straight, [20, 5]));
});

test("a stroke of another kind is not drawn onto the one before, though it has the same points", () => {
  const points = [
    [5, 5],
    [40, 5],
  ];
  const base = { kind: "box", box: [0, 0, 48, 40], erase: false };
  /** @type {(radius: number, erase: boolean) => any} */
  const last = (radius, erase) => patchOf([base, { kind: "stroke", points, radius, erase }], size);
  assert.ok(!isSelected(last(6, true), [20, 10]));
  assert.ok(isSelected(last(2, true), [20, 10]));
  assert.ok(isSelected(last(6, false), [20, 5]));
});

test("the same marks give the same patch, for each size its own", () => {
  const [marks, copy] = [vectors.drawn[3].marks, [...vectors.drawn[3].marks]];
  assert.equal(patchOf(marks, size), patchOf(copy, { ...size }));
  assert.notEqual(patchOf(marks, size), patchOf(marks, { width: 20, height: 20 }));
  assert.equal(maskOf(marks, { width: 20, height: 20 }).data.length, 400);
});

test("outlines enclose what is selected: the area inside them is the number of pixels", () => {
  for (const { marks } of vectors.drawn) {
    const patch = patchOf(marks, size);
    const area = outlinesOf(patch).reduce((sum, line) => sum + shoelace(line), 0);
    assert.equal(area, patch.data.filter(Boolean).length);
  }
});

test("the outline of a box is its four corners, and of a ring two lines", () => {
  const box = [{ kind: /** @type {const} */ ("box"), box: [5, 7, 30, 20], erase: false }];
  assert.deepEqual(
    outlinesOf(patchOf(box, size)).map((line) => [...line]),
    [[29.5, 6.5, 29.5, 19.5, 4.5, 19.5, 4.5, 6.5]],
  );
  const ring = [...box, { kind: /** @type {const} */ ("box"), box: [10, 10, 20, 15], erase: true }];
  assert.equal(outlinesOf(patchOf(ring, size)).length, 2);
});

test("pixels that touch at a corner have one outline", () => {
  const rows = ["#.", ".#"];
  const patch = patchOf([maskMark(rows)], { width: 2, height: 2 });
  assert.equal(outlinesOf(patch).length, 1);
});

/** @param {Float32Array} line */
function shoelace(line) {
  let sum = 0;
  for (let i = 0; i < line.length; i += 2) {
    const j = (i + 2) % line.length;
    sum += line[i] * line[j + 1] - line[j] * line[i + 1];
  }
  return sum / 2;
}
