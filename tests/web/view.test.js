import assert from "node:assert/strict";
import { test } from "node:test";

import { fit, kept, SCALES, step, toPhoto, toScreen, zoomed } from "../../src/pliant/serve/web/js/view.js";
import { random } from "./helpers.js";

const photo = { width: 768, height: 510 };
const stage = { width: 900, height: 700 };

const close = (a, b) => a.forEach((value, i) => assert.ok(Math.abs(value - b[i]) < 1e-9, `${a} is not ${b}`));

test("screen and photo are inverse, and the first pixel's centre is half a pixel from the corner", () => {
  const next = random(1);
  for (let i = 0; i < 200; i++) {
    const view = { x: next() * 500 - 250, y: next() * 500 - 250, scale: 0.05 + next() * 20 };
    const at = [next() * 4000 - 1000, next() * 4000 - 1000];
    close(toPhoto(view, toScreen(view, at)), at);
  }
  assert.deepEqual(toScreen({ x: 10, y: 20, scale: 4 }, [0, 0]), [12, 22]);
  assert.deepEqual(toScreen({ x: 10, y: 20, scale: 4 }, [-0.5, -0.5]), [10, 20]);
});

test("zooming keeps the point under the pointer", () => {
  const next = random(2);
  let view = fit(photo, stage);
  for (let i = 0; i < 100; i++) {
    const at = [next() * stage.width, next() * stage.height];
    const before = toPhoto(view, at);
    view = zoomed(view, view.scale * (0.5 + next() * 1.5), at);
    close(toPhoto(view, at), before);
  }
  assert.equal(zoomed(view, 1e9, [0, 0]).scale, SCALES.most);
  assert.equal(zoomed(view, 0, [0, 0]).scale, SCALES.least);
});

test("a fitted photo is whole and in the middle, and no small one is blown up", () => {
  for (const size of [photo, { width: 50, height: 4000 }, { width: 4000, height: 3 }]) {
    const view = fit(size, stage);
    const right = view.x + size.width * view.scale;
    assert.ok(view.x >= 0 && right <= stage.width && view.scale <= 1);
    close([view.x + right], [stage.width]);
  }
  assert.equal(fit({ width: 20, height: 20 }, stage).scale, 1);
  assert.ok(fit(photo, { width: 0, height: 0 }).scale > 0, "a stage that has no size yet");
});

test("steps stop at life size, up and down", () => {
  for (const by of /** @type {const} */ ([1, -1])) {
    let scale = by > 0 ? 0.13 : 7.7;
    const seen = Array.from({ length: 30 }, () => (scale = step(scale, by)));
    assert.ok(seen.includes(1));
    assert.ok(seen.every((value, i) => !i || (value - seen[i - 1]) * by > 0));
  }
});

test("however far the photo is moved, some of it stays", () => {
  for (const x of [-1e5, 1e5]) {
    const view = kept({ x, y: -x, scale: 2 }, photo, stage);
    const [left, top] = toScreen(view, [-0.5, -0.5]);
    assert.ok(left < stage.width && top < stage.height);
    assert.ok(left + photo.width * 2 > 0 && top + photo.height * 2 > 0);
  }
  const view = fit(photo, stage);
  assert.equal(kept(view, photo, stage), view);
});
