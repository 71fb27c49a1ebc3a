import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { deflateSync, inflateSync } from "node:zlib";

import { addMark, addPart, dragPart, emptyDoc, pairPart } from "../../src/pliant/serve/web/js/document.js";
import { maskPng } from "../../src/pliant/serve/web/js/edit/png.js";
import { EditFault, embeddedEdit, fromEdit, parsed, toEdit } from "../../src/pliant/serve/web/js/editfile.js";
import { addDrag, addPin } from "../../src/pliant/serve/web/js/grips.js";
import { maskOf, patchOf } from "../../src/pliant/serve/web/js/regions.js";
import { chunks, maskIn, png } from "./png.js";
import { random } from "./helpers.js";

const size = { width: 61, height: 40 };

/** @returns {Promise<any>} */
const readMask = async (uri) => maskIn(Buffer.from(uri.split(",")[1], "base64"));

const box = (x0, y0, x1, y1, erase = false) => ({ kind: "box", box: [x0, y0, x1, y1], erase });
const stroke = (points, radius = 5, erase = false) => ({ kind: "stroke", points, radius, erase });
const triangle = {
  kind: "polygon",
  points: [
    [5, 5],
    [50, 8],
    [20, 35],
  ],
  erase: false,
};

/** A document with one complete part that has these marks. */
function docWith(region) {
  return addDrag(addPart(emptyDoc("p"), dragPart("a", region)), "a", { id: "d", from: [20, 15], to: [30, 18.5] });
}

const REGIONS = {
  strokes: {
    marks: [
      stroke([
        [10, 15],
        [30, 15],
      ]),
      stroke([[12, 15]], 2, true),
    ],
    form: "strokes",
  },
  polygon: { marks: [triangle], form: "polygon" },
  box: { marks: [box(4, 4, 40, 30)], form: "box" },
  everything: { marks: [{ kind: "invert" }], form: null },
  mixed: {
    marks: [
      stroke([
        [10, 15],
        [30, 15],
      ]),
      triangle,
    ],
    form: "mask",
  },
  grown: { marks: [triangle, { kind: "grow", radius: 2 }], form: "mask" },
  "two boxes": { marks: [box(4, 4, 40, 30), box(10, 10, 15, 40, true)], form: "mask" },
  inverted: { marks: [stroke([[40, 30]]), { kind: "invert" }], form: "mask" },
};

for (const [name, { marks, form }] of Object.entries(REGIONS)) {
  test(`${name}: written in the document's words, and read back as the same pixels`, async () => {
    const { edit, parts, missing } = await toEdit(docWith(marks), size);
    assert.deepEqual([parts, missing], [["a"], []]);
    const { region } = edit.regions[0];
    if (form) assert.ok(form in region, JSON.stringify(region).slice(0, 80));
    else assert.equal(region, "all");
    const read = await fromEdit(JSON.parse(JSON.stringify(edit)), size, readMask);
    assert.deepEqual(maskOf(read.parts[0].region, size), maskOf(marks, size));
    const again = await toEdit({ ...emptyDoc("p"), ...read }, size);
    assert.deepEqual(again.edit, edit);
  });
}

test("everything a document says is written, and nothing that is as it would be anyway", async () => {
  let doc = docWith([box(0, 0, 61, 40)]);
  doc = addPin(doc, "a", { id: "q", at: [3, 4.00049] });
  doc = { ...doc, parts: [{ ...doc.parts[0], edge: "pinned", deform: "membrane", strength: 0.5 }] };
  doc = addPart(doc, { ...pairPart("b"), source: [triangle], target: [box(1, 1, 9, 9)] });
  doc = { ...addMark(doc, { part: null, field: "protect" }, box(0, 0, 3, 3)), prompt: "a bird", seed: 7 };
  const { edit, parts } = await toEdit(doc, size);
  assert.deepEqual(parts, ["a", "b"]);
  assert.deepEqual(edit, {
    version: 1,
    size: [61, 40],
    regions: [
      {
        region: { box: [0, 0, 61, 40] },
        drags: [{ from: [20, 15], to: [30, 18.5] }],
        pins: [[3, 4]],
        edge: "pinned",
        deform: "membrane",
        strength: 0.5,
      },
      { source: { polygon: triangle.points }, target: { box: [1, 1, 9, 9] } },
    ],
    protect: { box: [0, 0, 3, 3] },
    prompt: "a bird",
    seed: 7,
  });
});

test("what is incomplete is left out, and said", async () => {
  let doc = addPart(docWith([box(0, 0, 61, 40)]), dragPart("empty"));
  doc = addPart(doc, dragPart("erased", [box(5, 5, 9, 9), box(0, 0, 61, 40, true)]));
  doc = addPart(doc, dragPart("still", [box(5, 5, 9, 9)]));
  doc = addPart(doc, { ...pairPart("pair"), source: [triangle] });
  const { edit, parts, missing } = await toEdit(doc, size);
  assert.deepEqual(parts, ["a"]);
  assert.equal(edit.regions.length, 1);
  assert.deepEqual(missing, [
    { part: "empty", lacks: "region" },
    { part: "erased", lacks: "region" },
    { part: "still", lacks: "drags" },
    { part: "pair", lacks: "target" },
  ]);
  assert.deepEqual(await toEdit(addPart(emptyDoc("p"), dragPart("x")), size), {
    edit: null,
    parts: [],
    missing: [{ part: "x", lacks: "region" }],
  });
});

test("handles and pins outside their region are left out, and said; a part without any handle left is as well", async () => {
  let doc = docWith([box(15, 10, 25, 20)]);
  doc = addDrag(doc, "a", { id: "far", from: [40, 30], to: [1, 1] });
  doc = addPin(doc, "a", { id: "pin", at: [0, 0] });
  const { edit, missing } = await toEdit(doc, size);
  assert.equal(edit.regions[0].drags.length, 1);
  assert.ok(!("pins" in edit.regions[0]));
  assert.deepEqual(missing, [
    { part: "a", lacks: "handle", id: "far" },
    { part: "a", lacks: "pin", id: "pin" },
  ]);
  const alone = addDrag(addPart(emptyDoc("p"), dragPart("a", [box(0, 0, 5, 5)])), "a", {
    id: "d",
    from: [9, 9],
    to: [1, 1],
  });
  assert.equal((await toEdit(alone, size)).edit, null);
});

test("the same marks are encoded once", async () => {
  const marks = [triangle, { kind: "grow", radius: 1 }];
  const first = (await toEdit(docWith(marks), size)).edit.regions[0].region;
  assert.equal((await toEdit({ ...docWith(marks), seed: 3 }, size)).edit.regions[0].region, first);
  const other = (await toEdit(docWith(marks), { width: 70, height: 40 })).edit.regions[0].region;
  assert.notEqual(other.mask, first.mask);
});

test("a mask PNG is one that others read, of any width", async () => {
  const next = random(4);
  for (const width of [1, 7, 8, 9, 16, 33]) {
    const own = { width, height: 5 };
    const data = Uint8Array.from({ length: width * 5 }, () => (next() < 0.5 ? 255 : 0));
    const patch = patchOf(
      [{ kind: "mask", mask: { box: [0, 0, width, 5], data }, erase: false, replace: false }],
      own,
    );
    const file = Buffer.from(await (await maskPng(patch, own)).arrayBuffer());
    assert.deepEqual(maskIn(file).data, data);
  }
});

const HELD = '{"version": 1, "prompt": "größer"}';
const utf8 = Buffer.from(HELD);
const key = Buffer.from("pliant:edit\0");
const TEXTS = {
  iTXt: png(["iTXt", Buffer.concat([key, Buffer.from("\0\0\0\0"), utf8])]),
  "iTXt, packed": png(["iTXt", Buffer.concat([key, Buffer.from("\x01\0en\0key\0"), deflateSync(utf8)])]),
  "zTXt, packed": png(["zTXt", Buffer.concat([key, Buffer.from("\0"), deflateSync(Buffer.from(HELD, "latin1"))])]),
  tEXt: png(["tEXt", Buffer.concat([key, Buffer.from(HELD, "latin1")])]),
  "after others": png(
    ["tEXt", Buffer.from("Comment\0no")],
    ["iTXt", Buffer.concat([key, Buffer.from("\0\0\0\0"), utf8])],
  ),
};

for (const [name, file] of Object.entries(TEXTS)) {
  test(`the edit in a picture is found: ${name}`, async () => {
    assert.equal(await embeddedEdit(new Blob([file])), HELD);
  });
}

test("pictures without an edit have none, nor has what is no PNG, or ends too soon", async () => {
  const plain = png(["tEXt", Buffer.from("Comment\0pliant:edit")]);
  const held = TEXTS.iTXt;
  const files = [plain, Buffer.from("not a picture"), Buffer.alloc(0), held.subarray(0, 9), held.subarray(0, 20)];
  for (const file of files) assert.equal(await embeddedEdit(new Blob([file])), null);
});

test("text in a picture that unpacks without end is refused", async () => {
  const bomb = deflateSync(Buffer.alloc(65 * 2 ** 20));
  const file = png(["zTXt", Buffer.concat([key, Buffer.from("\0"), bomb])]);
  await assert.rejects(embeddedEdit(new Blob([file])), RangeError);
  assert.ok(inflateSync(bomb).length > 64 * 2 ** 20);
});

/** A valid document, with one thing changed. */
const wrong = (change) => {
  const edit = {
    version: 1,
    size: [61, 40],
    regions: [{ region: { box: [0, 0, 9, 9] }, drags: [{ from: [1, 1], to: [2, 2] }] }],
  };
  change(edit);
  return edit;
};

const FAULTS = [
  [(e) => (e.size = [60, 40]), /for a photo of 60 × 40; the open one is 61 × 40/],
  [(e) => (e.colour = 1), /unknown field colour/],
  [(e) => (e.regions = []), /regions must be a list of 1/],
  [(e) => (e.seed = 2 ** 60), /seed must be a whole number/],
  [(e) => (e.prompt = 3), /prompt must be text/],
  [(e) => (e.regions[0].strenght = 1), /regions\[0\] has the unknown field strenght/],
  [(e) => (e.regions[0].strength = 2), /regions\[0\].strength must be 0 to 1/],
  [(e) => (e.regions[0].drags = []), /regions\[0\].drags/],
  [(e) => (e.regions[0].drags[0].to = [1]), /regions\[0\].drags\[0\].to must be two numbers/],
  [(e) => (e.regions[0].pins = [[1, "2"]]), /regions\[0\].pins\[0\]/],
  [(e) => (e.regions[0].edge = "loose"), /edge must be "free" or "pinned"/],
  [(e) => (e.regions[0].region = { box: [0, 0, 0, 9] }), /box must be/],
  [
    (e) =>
      (e.regions[0].region = {
        polygon: [
          [0, 0],
          [1, 1],
        ],
      }),
    /at least 3 points/,
  ],
  [
    (e) => (e.regions[0].region = { strokes: [{ points: [[0, 0]], radius: 0 }] }),
    /radius must be a number above 0/,
  ],
  [(e) => (e.regions[0].region = { mask: "head.png" }), /names the mask file head.png/],
  [
    (e) => (e.regions[0].region = { mask: "data:image/png;base64,AAAA" }),
    /mask of regions\[0\].region cannot be read/,
  ],
  [(e) => (e.regions[0].region = "some"), /must be a region/],
  [(e) => (e.regions[0] = { source: "all" }), /regions\[0\].target must be a region/],
  [(e) => (e.regions[0] = 4), /regions\[0\] must be an object/],
];

for (const [change, message] of FAULTS) {
  test(`a document that breaks a rule is refused: ${message.source}`, async () => {
    const read = async () => fromEdit(parsed(JSON.stringify(wrong(change))), size, readMask);
    await assert.rejects(read, (error) => error instanceof EditFault && message.test(error.message));
  });
}

test("what is no edit document is said to be none", () => {
  for (const text of ["", "[]", "3", "null", "{}", '{"version": 2, "regions": []}', '{"version": 1}']) {
    assert.throws(() => parsed(text), EditFault);
  }
});

test("a document without a size fits any photo", async () => {
  const edit = wrong((e) => delete e.size);
  assert.equal((await fromEdit(edit, size, readMask)).parts.length, 1);
});

test("the example of the documentation is read", async () => {
  const text = readFileSync(new URL("../../docs/document.md", import.meta.url), "utf8");
  const edit = parsed(/```json\n([^]*?)```/.exec(text)[1]);
  edit.regions[0].region = "all";
  const { parts, protect } = await fromEdit(edit, { width: 768, height: 512 }, readMask);
  assert.deepEqual(
    parts.map(({ kind }) => kind),
    ["drag", "pair"],
  );
  assert.deepEqual(protect, [box(0, 0, 768, 40)]);
});

test("chunks are cut as the test's own writer makes them", () => {
  assert.deepEqual(
    chunks(TEXTS.iTXt).map(([kind]) => kind),
    ["IHDR", "iTXt", "IDAT", "IEND"],
  );
});
