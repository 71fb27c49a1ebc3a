// @ts-check
import { html, nothing } from "../../vendor/lit-html.js";
import { LIMITS, lacking, setOption, setWish } from "../document.js";
import { numberField, picker, segments, textIn, toggle } from "./controls.js";
import { icon } from "./icons.js";
import { defaultOf, reasonOf } from "./listed.js";
import { partName } from "./parts.js";
import { progress } from "./progress.js";

/** @import {Frame} from "./page.js" */

/** @param {Frame} frame */
export function fill(frame) {
  const { app, page, turn, state } = frame;
  return html`<section class="block" aria-labelledby="fill-name">
    <header class="block-head"><h2 id="fill-name">Fill</h2></header>
    ${filler(frame)} ${prompt(frame)}
    ${toggle("Fill when I let go", state.ui.fillOnRelease, (on) => app.ui({ fillOnRelease: on }), "Paints what the pull uncovered as soon as you let go of an arrow")}
    <details class="more" ?open=${page.more} @toggle=${(/** @type {Event} */ event) => turn({ more: /** @type {HTMLDetailsElement} */ (event.target).open })}>
      <summary>${icon("chevron")}More</summary>
      <div class="more-body">${seed(frame)} ${candidates(frame)} ${engine(frame)} ${engineOptions(frame)}</div>
    </details>
  </section>`;
}

/** @param {Frame} frame */
function filler({ app, doc, state }) {
  const engine = state.server.engines.find((one) => one.name === doc.engine);
  if (engine && !("filler" in engine.options)) return nothing;
  const { fillers } = state.server;
  return picker({
    id: "filler",
    name: "Paint with",
    title: "The filler: what paints the hole",
    value: doc.filler ?? defaultOf(fillers)?.name ?? "",
    choices: fillers.map((one) => ({ value: one.name, label: one.name, text: one.summary, reason: reasonOf(one, "filler") })),
    pick: (name) => app.apply("Change filler", (now) => setWish(now, { filler: name })),
  });
}

/** Only where something reads it. @param {Frame} frame */
function prompt({ app, doc, state }) {
  const engine = state.server.engines.find((one) => one.name === doc.engine);
  const filler = state.server.fillers.find((one) => (doc.filler ? one.name === doc.filler : one.default));
  const read = engine && "filler" in engine.options ? filler?.understands_prompt : engine?.understands_prompt;
  if (!read) return nothing;
  return html`<label class="field"><span class="name">What should be there</span>
    <textarea class="input" rows="2" maxlength="10000" placeholder="A few words about the photo" .value=${doc.prompt}
      @change=${(/** @type {Event} */ event) => app.apply("Change prompt", (now) => setWish(now, { prompt: textIn(event) }))}></textarea></label>`;
}

/** @param {Frame} frame */
const seed = ({ app, doc }) => {
  const set = (/** @type {number | null} */ seed) => app.apply("Change seed", (now) => setWish(now, { seed: seed ?? now.seed }));
  return html`<div class="row"><label class="row grow" title="The same seed gives the same picture"><span class="name grow">Seed</span>
      ${numberField({ name: "Seed", value: doc.seed, min: 0, max: LIMITS.seed, whole: true, set })}</label>
    <button class="button only line" type="button" title="Another seed" aria-label="Another seed" @click=${() => set(Math.floor(Math.random() * 100_000))}>${icon("dice")}</button></div>`;
};

/** @param {Frame} frame */
const candidates = ({ app, state }) =>
  html`<div class="row"><span class="name grow" title="Results with one seed after the other, to choose from">Results at once</span>${segments({
    name: "Results at once",
    value: String(state.ui.candidates),
    choices: ["1", "2", "3", "4"].map((value) => ({ value, label: value })),
    pick: (value) => app.ui({ candidates: Number(value) }),
  })}</div>`;

/** @param {Frame} frame */
const engine = ({ app, doc, state }) =>
  picker({
    id: "engine",
    name: "Method",
    title: "The engine: the drag-editing method",
    value: doc.engine,
    choices: state.server.engines.map((one) => ({ value: one.name, label: one.name, text: described(one), reason: reasonOf(one, "engine") })),
    pick: (name) => app.apply("Change method", (now) => setWish(now, { engine: name })),
  });

/** @param {Record<string, any>} engine */
const described = (engine) => `${engine.summary}${engine.understands_pairs === false ? "; no region pairs" : ""}`;

/**
 * The engine says what each option is: one of some names, yes and no where its default is one of them, or a number.
 * Other text names models and folders of the server's machine, which no page chooses.
 *
 * @param {Frame} frame
 */
function engineOptions({ app, doc, state }) {
  const engine = state.server.engines.find((one) => one.name === doc.engine);
  /** @type {[string, string][]} */
  const listed = Object.entries(engine?.options ?? {});
  const set = (/** @type {string} */ name, /** @type {number | boolean | string | null} */ value) =>
    app.apply(`Change ${name}`, (now) => setOption(now, name, value));
  return listed.filter(([name]) => !engine?.texts?.includes(name)).map(([name, text]) => {
    const yes = /default: (true|on|yes|false|off|no)\b/i.exec(text)?.[1];
    const value = doc.options[name];
    /** @type {string[] | undefined} */
    const names = engine?.choices?.[name];
    if (names) {
      const choices = names.map((each) => ({ value: each, label: each }));
      return html`<div class="field"><span class="row"><span class="name grow">${name}</span>
        ${segments({ name, value: String(value ?? names[0]), choices, pick: (each) => set(name, each) })}</span>
        <small class="help">${text}</small></div>`;
    }
    if (yes) return toggle(name, typeof value === "boolean" ? value : /true|on|yes/i.test(yes), (on) => set(name, on), text);
    return html`<label class="field"><span class="row"><span class="name grow">${name}</span>
      ${numberField({ name, value: typeof value === "number" ? value : null, empty: true, set: (next) => set(name, next) })}</span>
      <small class="help">${text}</small></label>`;
  });
}

/** The button that is always there, and what it waits for. @param {Frame} frame */
export function fillBar(frame) {
  const { app, state } = frame;
  const running = state.results.find((result) => ["sending", "queued", "running"].includes(result.state));
  if (running) {
    return html`<div class="fill-bar">${progress(running)}
      <button class="button line tall" type="button" @click=${() => app.cancel(running.id)}>Cancel</button></div>`;
  }
  const lack = missing(frame);
  return html`<div class="fill-bar"><p class="fill-need">${lack ?? "Paints what the pull uncovered"}</p>
    <button class="button accent tall" type="button" title="Fill (Ctrl+Enter)" ?disabled=${lack !== null} @click=${() => app.fill()}>Fill</button></div>`;
}

/**
 * What has to be done before there is something to fill; null: nothing.
 *
 * @param {Frame} frame
 */
export function missing({ doc, photo, state }) {
  if (!photo) return "Open a photo first";
  if (state.server.state === "gone") return "The server is away";
  if (state.server.state === "locked") return "The server wants its token";
  if (!doc.parts.length) return "Paint a part first";
  const engine = state.server.engines.find((one) => one.name === doc.engine);
  const pair = doc.parts.find((part) => part.kind === "pair");
  if (pair && engine?.understands_pairs === false) return `${partName(doc, pair)}: ${engine.name} takes no region pairs, choose another method`;
  const open = doc.parts.find(lacking);
  if (!open) return null;
  const todo = { region: "paint it", drags: "pull it", source: "paint what is taken", target: "paint where it goes" };
  return `${partName(doc, open)}: ${todo[lacking(open) ?? "region"]}, or delete it`;
}
