import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { addDrag, setGrip } from "../../src/pliant/serve/web/js/grips.js";
import { boxOf, patchOf } from "../../src/pliant/serve/web/js/regions.js";
import { box, desk, pull, refusal, settled, SIZE, texts } from "./desk.js";
import { frozen } from "./helpers.js";

/** @type {any[]} */
const open = [];
afterEach(() => open.splice(0).forEach((app) => app.stop()));

async function working(given) {
  const made = await desk(given);
  open.push(made.app);
  return made;
}

const present = (app) => app.get().history.present;
const steps = (app) => app.get().history.past.map(({ label }) => label);
const to = (part, x) => (doc) => setGrip(doc, { part, id: "d", end: "to" }, [x, 12]);

/** Let the newest job end with its picture. */
async function end(server, job = server.jobs.at(-1)) {
  job.heard("done", { seed: 0 });
  job.end();
  await settled();
}

// ------------------------------------------------------------------------------------------- gestures

test("the page starts with the example, fitted, and nothing to undo", async () => {
  const { app } = await working();
  const { history, ui, server } = app.get();
  assert.equal(app.photo().name, "photo.png");
  assert.deepEqual([history.past, history.future, server.state], [[], [], "there"]);
  assert.ok(ui.view.scale === 1 && ui.view.x === 120 && ui.fitted);
  assert.equal(ui.fillOnRelease, true, "the default filler needs no model");
});

test("a gesture is one step, however often it changes", async () => {
  const { app } = await working();
  const part = pull(app);
  app.begin();
  for (let x = 0; x < 50; x++) app.change(to(part, x));
  assert.deepEqual(
    [app.doc().parts[0].drags[0].to, present(app).parts[0].drags[0].to],
    [
      [49, 12],
      [20, 12],
    ],
  );
  app.commit("Move handle");
  assert.deepEqual(steps(app), ["Paint", "Pull", "Move handle"]);
  app.undo();
  assert.deepEqual(app.doc().parts[0].drags[0].to, [20, 12]);
  app.redo();
  assert.deepEqual(app.doc().parts[0].drags[0].to, [49, 12]);
});

test("an aborted gesture leaves nothing, and what comes after it changes nothing", async () => {
  const { app } = await working();
  const part = pull(app);
  const before = present(app);
  app.begin();
  app.change(to(part, 50));
  app.abort();
  app.change(to(part, 51));
  app.commit("Move handle");
  assert.equal(app.doc(), before);
  assert.equal(steps(app).length, 2);
});

test("a gesture that changes nothing is no step, and leaves the result on the stage", async () => {
  const { app, server } = await working();
  pull(app);
  await settled();
  await end(server);
  assert.ok(app.get().shown);
  app.begin();
  app.change((doc) => doc);
  app.commit("Click");
  assert.equal(steps(app).length, 2);
  assert.ok(app.get().shown);
});

test("undo in a gesture takes the gesture back, not the step before", async () => {
  const { app } = await working();
  const part = pull(app);
  app.begin();
  app.change(to(part, 50));
  app.undo();
  assert.deepEqual([app.get().draft, steps(app)], [null, ["Paint", "Pull"]]);
});

test("painting makes a part where there is none, and paints on in it", async () => {
  const { app } = await working();
  app.begin();
  for (let x = 10; x < 20; x++) app.mark(box(0, 0, x, 5));
  app.commit("Paint");
  const [part] = present(app).parts;
  assert.deepEqual(
    [present(app).parts.length, part.region, app.get().ui.slot.part],
    [1, [box(0, 0, 19, 5)], part.id],
  );
  app.begin();
  app.mark(box(0, 0, 1, 30));
  app.commit("Paint");
  assert.equal(present(app).parts[0].region.length, 2);
  app.undo();
  app.undo();
  assert.deepEqual(app.get().ui.slot, { part: null, field: "region" }, "the list of a part that is no more");
});

test("painting that is aborted gives its part back", async () => {
  const { app } = await working();
  app.begin();
  app.mark(box(0, 0, 9, 9));
  app.abort();
  assert.deepEqual([present(app).parts, app.get().ui.slot.part], [[], null]);
});

test("a stroke beside the photo, and an eraser without a part, are said and leave nothing", async () => {
  const { app } = await working();
  app.begin();
  app.mark(box(-20, -20, -5, -5));
  app.commit("Paint");
  app.begin();
  app.mark(box(0, 0, 9, 9, true));
  app.commit("Erase");
  assert.deepEqual([present(app).parts, steps(app)], [[], []]);
  assert.match(texts(app)[0], /Draw on the photo/);
  assert.match(texts(app)[1], /Choose a part first/);
});

test("what is picked is forgotten with what it picks", async () => {
  const { app } = await working();
  const part = pull(app);
  app.ui({ picked: [{ part, id: "d", end: "to" }] });
  app.undo();
  assert.deepEqual(app.get().ui.picked, []);
});

test("the state is never written into", async () => {
  const { app, server } = await working();
  app.subscribe((state) =>
    frozen([state.history, state.draft, state.ui, state.results.map(({ bitmap, thumb, ...rest }) => rest)]),
  );
  const part = pull(app);
  app.apply("Move handle", to(part, 30));
  await settled();
  await end(server);
  app.undo();
  app.redo();
  app.zoom("in");
  app.pan([3, 3]);
});

// ------------------------------------------------------------------------------------------- results

test("filling sends photo, edit and choices, and its candidates have seeds of their own", async () => {
  const { app, server } = await working();
  app.ui({ fillOnRelease: false, candidates: 3 });
  pull(app);
  app.apply("Set seed", (doc) => ({ ...doc, seed: 7, filler: "telea", options: { tear: 3 } }));
  await app.fill();
  assert.deepEqual(
    server.jobs.map(({ asked }) => asked.seed),
    [7, 8, 9],
  );
  const { file, edit, engine, filler, options } = server.jobs[1].asked;
  assert.deepEqual(
    [file, edit.seed, engine, filler, options],
    [app.photo().file, 8, "inpaint4drag", "telea", { tear: 3 }],
  );
  assert.deepEqual(
    app.get().results.map(({ seed, state }) => [seed, state]),
    [
      [9, "queued"],
      [8, "queued"],
      [7, "queued"],
    ],
  );
});

test("a result's way from sending to its picture", async () => {
  const { app, server } = await working();
  app.ui({ fillOnRelease: false });
  pull(app);
  await app.fill();
  const [job] = server.jobs;
  const now = () => app.get().results[0];
  job.heard("queued", {});
  job.heard("stage", { name: "fill" });
  assert.deepEqual([now().state, now().stage, now().share], ["running", "fill", null]);
  job.heard("step", { index: 2, total: 8 });
  job.heard("preview", { image: "data:x" });
  assert.deepEqual([now().share, now().peek], [0.25, "data:x"]);
  await end(server);
  const { state, share, peek, facts, file } = now();
  assert.deepEqual([state, share, peek, facts], ["done", null, null, { seed: 0 }]);
  assert.equal(await file.text(), "result");
  assert.equal(app.get().shown, now().id, "it is of the document that is open");
  assert.equal(app.resultFile(now().id).name, "photo-edited.png");
});

test("a result of a document that has meanwhile changed does not take the stage", async () => {
  const { app, server } = await working();
  app.ui({ fillOnRelease: false });
  const part = pull(app);
  await app.fill();
  app.apply("Move handle", to(part, 40));
  await end(server);
  assert.deepEqual([app.get().results[0].state, app.get().shown], ["done", null]);
});

test("what is incomplete is said, and nothing is sent", async () => {
  const { app, server } = await working();
  await app.fill();
  pull(app);
  app.ui({ slot: { part: null, field: "region" } });
  app.begin();
  app.mark(box(40, 5, 50, 9));
  app.commit("Paint");
  await app.fill();
  assert.deepEqual(texts(app), [
    "There is nothing to fill yet. Paint a part and pull it.",
    "Part 2 has no arrow yet. Pull it, or delete it.",
  ]);
  assert.ok(
    server.jobs.every(({ asked }) => asked.edit.regions.length === 1),
    "on release the complete part alone",
  );
});

test("what the server refuses is shown in its words, at sending, while running and at fetching", async () => {
  const { app, server } = await working();
  app.ui({ fillOnRelease: false });
  pull(app);
  server.refuses = refusal(503, "queue_full");
  await app.fill();
  await settled();
  server.refuses = null;
  await app.fill();
  server.jobs[0].heard("failed", { status: 422, code: "handle_outside_region", detail: "Handle 1", title: "No" });
  server.jobs[0].end();
  await app.fill();
  server.result = async () => Promise.reject(refusal(0, "unreachable"));
  await end(server);
  const found = app
    .get()
    .results.map(({ state, problem }) => [state, problem.code])
    .toReversed();
  assert.deepEqual(found, [
    ["failed", "queue_full"],
    ["failed", "handle_outside_region"],
    ["failed", "unreachable"],
  ]);
});

test("cancelling reaches the server, while sending and while running; what is done stays", async () => {
  const { app, server } = await working();
  app.ui({ fillOnRelease: false });
  pull(app);
  let sent = () => {};
  server.slowly = new Promise((resolve) => (sent = () => resolve(null)));
  const filling = app.fill();
  await settled();
  app.cancel(app.get().results[0].id);
  sent();
  await filling;
  await settled();
  assert.deepEqual(server.cancelled, ["/api/v1/jobs/0"]);
  await app.fill();
  await settled();
  app.cancel(app.get().results[0].id);
  await settled();
  assert.deepEqual(server.cancelled, ["/api/v1/jobs/0", "/api/v1/jobs/1"]);
  await app.fill();
  await settled();
  await end(server);
  app.cancel(app.get().results[0].id);
  assert.deepEqual(
    app.get().results.map(({ state }) => state),
    ["done", "cancelled", "cancelled"],
  );
});

test("letting a handle go fills; dragging on leaves one such result, the last", async () => {
  const { app, server } = await working();
  const part = pull(app);
  await settled();
  assert.equal(server.jobs.length, 1);
  await end(server);
  const [first] = app.get().results;
  assert.deepEqual([app.get().shown, first.automatic], [first.id, true]);
  for (let i = 0; i < 5; i++) {
    app.begin();
    app.change(to(part, 30 + i));
    assert.equal(app.get().shown, null, "back to the live bend");
    app.commit("Move handle");
    await settled();
    assert.equal(app.get().results.length, 2, "the one before stays until the new one is there");
    await end(server);
    assert.equal(app.get().results.length, 1);
  }
  assert.ok(first.bitmap.isClosed);
});

test("a new gesture cancels what was begun on release, and nothing that was begun by hand", async () => {
  const { app, server } = await working();
  const part = pull(app);
  await settled();
  app.begin();
  assert.equal(app.get().results.length, 1, "a press alone changes nothing yet");
  app.change(to(part, 33));
  app.commit("Move handle");
  await settled();
  assert.deepEqual(server.cancelled, ["/api/v1/jobs/0"]);
  assert.equal(app.get().results.length, 1);
  app.ui({ fillOnRelease: false });
  await app.fill();
  await settled();
  app.apply("Move handle", to(part, 34));
  await settled();
  assert.deepEqual(server.cancelled, ["/api/v1/jobs/0", "/api/v1/jobs/1"]);
  assert.deepEqual(
    app.get().results.map(({ state, automatic }) => [state, automatic]),
    [["queued", false]],
  );
  app.ui({ fillOnRelease: true });
  app.apply("Move handle", to(part, 35));
  await settled();
  assert.equal(app.get().results.length, 1, "it would only wait behind the other");
});

test("a result that was taken up by hand stays", async () => {
  const { app, server } = await working();
  const part = pull(app);
  await settled();
  await end(server);
  await app.show(app.get().results[0].id);
  app.apply("Move handle", to(part, 33));
  await settled();
  await end(server);
  assert.deepEqual(
    app.get().results.map(({ automatic }) => automatic),
    [true, false],
  );
});

test("painting, choosing and undoing do not fill", async () => {
  const { app, server } = await working();
  pull(app);
  await settled();
  app.begin();
  app.mark(box(0, 0, 40, 40));
  app.commit("Paint");
  app.apply("Set prompt", (doc) => ({ ...doc, prompt: "x" }));
  app.undo();
  app.undo();
  app.undo();
  await settled();
  assert.equal(server.jobs.length, 1);
});

test("bitmaps of old results are let go, and come back when they are shown", async () => {
  const { app, server } = await working();
  app.ui({ fillOnRelease: false });
  pull(app);
  for (let i = 0; i < 9; i++) {
    await app.fill();
    await end(server);
  }
  const oldest = app.get().results.at(-1);
  const ready = app.get().results.filter(({ bitmap }) => bitmap);
  assert.ok(ready.length <= 7 && app.get().results.every(({ thumb }) => thumb && !thumb.isClosed));
  await app.show(app.get().results[8].id);
  assert.equal(app.get().shown, oldest.id);
  assert.ok(app.get().results[8].bitmap && !app.get().results[8].bitmap.isClosed);
});

test("a removed result is cancelled, and leaves stage and list", async () => {
  const { app, server } = await working();
  app.ui({ fillOnRelease: false });
  pull(app);
  await app.fill();
  await settled();
  app.remove(app.get().results[0].id);
  await settled();
  assert.deepEqual([app.get().results, server.cancelled], [[], ["/api/v1/jobs/0"]]);
  await app.fill();
  await end(server);
  app.remove(app.get().results[0].id);
  assert.deepEqual([app.get().results, app.get().shown], [[], null]);
});

test("going on from a result makes it the photo; undo brings photo and parts back", async () => {
  const { app, server } = await working();
  app.ui({ fillOnRelease: false });
  pull(app);
  const [before, photo] = [present(app), app.photo()];
  await app.fill();
  await end(server);
  await app.continueFrom(app.get().results[0].id);
  assert.deepEqual([app.photo().name, present(app).parts, app.get().shown], ["photo-edited.png", [], null]);
  app.undo();
  assert.deepEqual([present(app), app.photo()], [before, photo]);
});

test("a result's edit can be made the present one", async () => {
  const { app, server } = await working();
  app.ui({ fillOnRelease: false });
  const part = pull(app);
  const before = present(app);
  await app.fill();
  await end(server);
  app.apply("Move handle", to(part, 50));
  app.reopen(app.get().results[0].id);
  assert.equal(present(app), before);
});

// --------------------------------------------------------------------------------------------- files

const edit = (size = [SIZE.width, SIZE.height]) =>
  JSON.stringify({ version: 1, size, regions: [{ region: "all", drags: [{ from: [1, 1], to: [2, 2] }] }] });

test("a photo opens as a step, and what is filled with stays chosen", async () => {
  const { app } = await working();
  pull(app);
  app.apply("Choose filler", (doc) => ({ ...doc, filler: "telea", prompt: "a bird" }));
  assert.equal(await app.open(new File(["other"], "other.png")), true);
  const { parts, filler, prompt } = present(app);
  assert.deepEqual(
    [app.photo().name, parts, filler, prompt, steps(app).at(-1)],
    ["other.png", [], "telea", "", "Open other.png"],
  );
  app.undo();
  assert.equal(app.photo().name, "photo.png");
});

test("a photo of another size is shown whole, one of the same where the last one stood", async () => {
  const { app, reader } = await working();
  app.zoom(3);
  const { view } = app.get().ui;
  await app.open(new File(["same"], "same.png"));
  assert.equal(app.get().ui.view, view);
  reader.size = { width: 600, height: 10 };
  await app.open(new File(["wide"], "wide.png"));
  assert.ok(app.get().ui.fitted && app.get().ui.view.scale < 1);
});

test("a bad file is said, and nothing is lost", async () => {
  const { app } = await working();
  pull(app);
  const before = present(app);
  assert.equal(await app.open(new File(["bad"], "notes.txt")), false);
  assert.equal(await app.open(new File(["{]"], "broken.json")), false);
  assert.equal(await app.open(new File([edit([9, 9])], "small.json")), false);
  assert.equal(present(app), before);
  assert.deepEqual(texts(app), [
    "notes.txt could not be opened: this is no picture that can be read.",
    "broken.json could not be opened: This file is not JSON.",
    "small.json could not be opened: This edit is for a photo of 9 × 9; the open one is 60 × 40.",
  ]);
  assert.deepEqual(app.get().busy, []);
});

test("an edit document applies to the open photo, as a step", async () => {
  const { app } = await working();
  assert.equal(await app.open(new File([edit()], "edit.json")), true);
  assert.deepEqual([present(app).parts.length, steps(app)], [1, ["Open edit"]]);
});

test("of two files opened at once the later counts", async () => {
  const { app, reader } = await working();
  const { photo } = reader;
  let late = () => {};
  reader.photo = async (file, name) => {
    if (name === "slow.png") await new Promise((resolve) => (late = () => resolve(null)));
    return photo(file, name);
  };
  const slow = app.open(new File(["1"], "slow.png"));
  await settled();
  await app.open(new File(["2"], "quick.png"));
  late();
  assert.equal(await slow, false);
  assert.equal(app.photo().name, "quick.png");
});

test("photos that no step and no result knows any more are let go", async () => {
  const { app } = await working();
  await app.open(new File(["1"], "first.png"));
  const { bitmap } = app.photo();
  app.undo();
  await app.open(new File(["2"], "second.png"));
  assert.ok(bitmap.isClosed);
  assert.equal(Object.keys(app.get().photos).length, 2);
});

test("the edit document is saved under the photo's name; what is left out is said", async () => {
  const { app } = await working();
  assert.equal(await app.editFile(), null);
  pull(app);
  const file = await app.editFile();
  assert.equal(file.name, "photo.json");
  assert.equal(JSON.parse(await file.text()).regions.length, 1);
  assert.equal(texts(app).length, 1);
});

// ----------------------------------------------------------------------------------------- selecting

test("what a segmenter finds is added to the part, or makes one", async () => {
  const { app, reader } = await working();
  reader.selected = [0, 1, 60];
  await app.select({ point: [1, 1] });
  const [part] = present(app).parts;
  assert.deepEqual(boxOf(patchOf(part.region, SIZE)), [0, 0, 2, 2]);
  assert.equal(app.get().ui.slot.part, part.id);
  app.ui({ subtract: true });
  reader.selected = [60];
  await app.select({ point: [1, 1] });
  assert.deepEqual(boxOf(patchOf(present(app).parts[0].region, SIZE)), [0, 0, 2, 1]);
  assert.deepEqual(steps(app), ["Select object", "Select object"]);
});

test("a newer click takes an older one's place", async () => {
  const { app, server, reader } = await working();
  server.select = async (_, signal) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (signal.aborted) throw signal.reason;
    return new Blob(["mask"]);
  };
  reader.selected = [0];
  await Promise.all([app.select({ point: [1, 1] }), app.select({ point: [2, 2] })]);
  assert.deepEqual([steps(app), texts(app), app.get().busy], [["Select object"], [], []]);
});

test("refining sends the drawn region and stands in its place", async () => {
  const { app, server, reader } = await working();
  await app.refine();
  assert.match(texts(app)[0], /Paint one first/);
  pull(app);
  let sent = null;
  server.select = async (asked) => ((sent = asked), new Blob(["mask"]));
  reader.selected = [70, 71];
  await app.refine();
  assert.equal(sent.mask.type, "image/png");
  assert.deepEqual(boxOf(patchOf(present(app).parts[0].region, SIZE)), [10, 1, 12, 2]);
  app.undo();
  assert.deepEqual(boxOf(patchOf(present(app).parts[0].region, SIZE)), [5, 5, 30, 30]);
});

test("an object that is found in the middle of a gesture waits for its end", async () => {
  const { app, reader } = await working();
  const part = pull(app);
  reader.selected = [0];
  app.begin();
  app.change(to(part, 44));
  const selecting = app.select({ point: [1, 1] });
  await settled();
  assert.ok(app.get().draft);
  app.commit("Move handle");
  await selecting;
  assert.deepEqual(steps(app).slice(-2), ["Move handle", "Select object"]);
});

test("nothing found, or a segmenter that is not there, is said", async () => {
  const { app, server } = await working();
  await app.select({ point: [1, 1] });
  server.select = async () => Promise.reject(refusal(501, "missing_requirement"));
  await app.select({ point: [1, 1] });
  assert.match(texts(app)[0], /Nothing was found there/);
  assert.equal(texts(app)[1], "no: missing_requirement");
  assert.deepEqual(present(app).parts, []);
});

// -------------------------------------------------------------------------------------------- session

test("jobs that ran when the page was left are followed to their end", async () => {
  const left = await working();
  left.app.ui({ fillOnRelease: false });
  pull(left.app);
  await left.app.fill();
  await settled();
  const { history, photos, results } = left.app.get();
  const saved = { history, ui: { radius: 9 }, photos: Object.values(photos), results, served: null };
  const { app, server } = await working({ session: { restore: async () => saved } });
  assert.deepEqual([present(app), app.get().ui.radius], [history.present, 9]);
  await end(server);
  assert.deepEqual([app.get().results[0].state, app.get().results[0].job], ["done", "/api/v1/jobs/0"]);
});

test("a region drawn outside any part says what to do, through the document that is sent", async () => {
  const { app } = await working();
  const part = pull(app);
  app.ui({ fillOnRelease: false });
  app.apply("Pull", (doc) => addDrag(doc, part, { id: "e", from: [50, 35], to: [55, 35] }));
  await app.fill();
  assert.deepEqual(texts(app), [
    "An arrow of part 1 begins outside it. Move its start onto the part, or delete it.",
  ]);
});
