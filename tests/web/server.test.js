import assert from "node:assert/strict";
import { createServer as listen } from "node:http";
import { afterEach, test } from "node:test";

import { createServer, problemOf, Refusal } from "../../src/pliant/serve/web/js/server.js";

/** @type {(() => void)[]} */
const stops = [];
afterEach(() => stops.splice(0).forEach((stop) => stop()));

/**
 * A real server that answers as `handle` says, and the page's client of it.
 *
 * @param {(request: any, answer: any, body: string) => void} handle
 */
async function serving(handle, token = null, folder = "") {
  const seen = [];
  const web = listen((request, answer) => {
    let body = "";
    request.setEncoding("latin1");
    request.on("data", (text) => (body += text));
    request.on("end", () => {
      seen.push({ method: request.method, path: request.url, headers: request.headers, body });
      handle(request, answer, body);
    });
  });
  await new Promise((resolve) => web.listen(0, "127.0.0.1", () => resolve(null)));
  stops.push(() => (web.closeAllConnections(), web.close()));
  const base = `http://127.0.0.1:${web.address().port}${folder}/`;
  return { seen, base, server: createServer({ base, token: () => token }) };
}

const json = (answer, value, status = 200) =>
  answer.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));

const JOB = {
  status_url: "/api/v1/jobs/7",
  events_url: "/api/v1/jobs/7/events",
  result_url: "/api/v1/jobs/7/result",
};

test("an edit is sent as a form, with what was chosen and nothing else", async () => {
  const { server, seen } = await serving((_, answer) => json(answer, JOB, 202));
  const asked = {
    file: new Blob(["photo"]),
    edit: { version: 1 },
    seed: 3,
    engine: "x",
    filler: null,
    options: {},
  };
  assert.deepEqual(await server.edit(asked), JOB);
  await server.edit({ ...asked, filler: "telea", options: { tear: 2 } });
  const names = seen.map(({ body }) => [...body.matchAll(/ name="(\w+)"/g)].map(([, name]) => name));
  assert.deepEqual(names, [
    ["image", "edit", "seed", "engine"],
    ["image", "edit", "seed", "engine", "filler", "options"],
  ]);
  assert.deepEqual(
    [seen[0].method, seen[0].path, seen[0].headers.prefer],
    ["POST", "/api/v1/edit", "respond-async"],
  );
  assert.ok(seen[1].body.includes('{"tear":2}') && seen[0].body.includes('{"version":1}'));
});

test("the token goes with every request, and addresses start from the page's folder", async () => {
  const { server, seen } = await serving((_, answer) => json(answer, []), "secret", "/photos/pliant");
  await server.list("fillers");
  await server.cancel("/photos/pliant/api/v1/jobs/7");
  await server.file("example/photo.jpg");
  assert.deepEqual(
    seen.map(({ method, path }) => `${method} ${path}`),
    [
      "GET /photos/pliant/api/v1/fillers",
      "DELETE /photos/pliant/api/v1/jobs/7",
      "GET /photos/pliant/example/photo.jpg",
    ],
  );
  assert.ok(seen.every(({ headers }) => headers.authorization === "Bearer secret"));
});

test("what the server refuses is its problem; what does not answer is unreachable", async () => {
  const problem = { status: 422, code: "invalid_document", detail: "regions is missing" };
  const { server, base } = await serving((_, answer) => json(answer, { ...problem, title: "No" }, 422));
  await assert.rejects(server.list("fillers"), (error) => {
    assert.deepEqual(problemOf(error), problem);
    return error instanceof Refusal;
  });
  stops.splice(0).forEach((stop) => stop());
  const gone = createServer({ base, token: () => null });
  await assert.rejects(gone.list("fillers"), (error) => problemOf(error).code === "unreachable");
});

test("an answer that is no problem document is still a problem", async () => {
  const { server } = await serving((_, answer) => answer.writeHead(502).end("<html>Bad gateway"));
  await assert.rejects(
    server.list("fillers"),
    ({ problem }) => problem.status === 502 && /answered 502/.test(problem.detail),
  );
});

test("files of other servers are not asked for", async () => {
  const { server, seen } = await serving((_, answer) => answer.end());
  await assert.rejects(server.file("http://example.com/photo.jpg"), Refusal);
  assert.deepEqual(seen, []);
});

test("the server's photo comes with its name; without one there is none", async () => {
  let has = true;
  const { server } = await serving((_, answer) => {
    const name = "inline; filename*=UTF-8''caf%C3%A9%20%281%29.jpg";
    if (has) answer.writeHead(200, { "Content-Type": "image/jpeg", "Content-Disposition": name }).end("photo");
    else answer.writeHead(204).end();
  });
  const photo = await server.photo();
  assert.deepEqual([photo.name, photo.type, await photo.text()], ["café (1).jpg", "image/jpeg", "photo"]);
  has = false;
  assert.equal(await server.photo(), null);
});

test("a server that takes no work is there", async () => {
  const { server } = await serving((_, answer) => json(answer, { ready: false }, 503));
  assert.deepEqual(await server.health(), { version: "", ready: false });
});

test("a job is followed to its end, and taken up where its events broke off", async () => {
  const asked = [];
  const { server } = await serving((request, answer) => {
    asked.push(request.headers["last-event-id"]);
    answer.writeHead(200, { "Content-Type": "text/event-stream" });
    answer.write(": still here\n\n");
    if (asked.length === 1) {
      answer.write('id: 1\nevent: queued\ndata: {}\n\nid: 2\nevent: step\ndata: {"index": 1, "to');
      setTimeout(() => answer.destroy(), 30);
    } else {
      answer.end(
        'id: 2\nevent: step\ndata: {"index": 1, "total": 2}\n\nid: 3\nevent: done\ndata: {"seed": 4}\n\n',
      );
    }
  });
  const heard = [];
  await server.follow(JOB, (kind, data) => heard.push([kind, data]));
  assert.deepEqual(heard, [
    ["queued", {}],
    ["step", { index: 1, total: 2 }],
    ["done", { seed: 4 }],
  ]);
  assert.deepEqual(asked, [undefined, "1"]);
});

test("a job that is over when it is asked for is over", async () => {
  const { server } = await serving((request, answer) => {
    if (request.url.endsWith("/events")) answer.writeHead(204).end();
    else json(answer, { ...JOB, state: "failed", problem: { code: "internal" }, result: null });
  });
  const heard = [];
  await server.follow(JOB, (kind, data) => heard.push([kind, data]));
  assert.deepEqual(heard, [["failed", { code: "internal" }]]);
});

test("a job that the server has forgotten is not asked for again and again", async () => {
  const { server, seen } = await serving((_, answer) =>
    json(answer, { code: "unknown_job", detail: "Gone" }, 404),
  );
  await assert.rejects(
    server.follow(JOB, () => {}),
    ({ problem }) => problem.code === "unknown_job",
  );
  assert.equal(seen.length, 1);
});

test("following ends when it is told to", async () => {
  const { server } = await serving((_, answer) => {
    answer.writeHead(200).write("id: 1\nevent: queued\ndata: {}\n\n");
  });
  const control = new AbortController();
  const following = server.follow(JOB, () => control.abort(), control.signal);
  await assert.rejects(following, { name: "AbortError" });
});
