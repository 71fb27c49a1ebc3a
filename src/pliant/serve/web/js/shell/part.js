// @ts-check
import { html, nothing } from "../../vendor/lit-html.js";
import { addMark, marksOf, partOf, setMarks, setPart } from "../document.js";
import { numberField, picker, segments, slider } from "./controls.js";
import { icon } from "./icons.js";
import { defaultOf } from "./listed.js";
import { partName } from "./parts.js";

/** @import {IconName} from "./icons.js" */
/** @import {Frame} from "./page.js" */
/** @import {DragPart, Mark} from "../types.js" */

/** What can be said of the chosen part, or of the protected area. @param {Frame} frame */
export function part(frame) {
  const { doc, state } = frame;
  const { slot } = state.ui;
  const chosen = partOf(doc, slot.part);
  if (!chosen && slot.field !== "protect") return nothing;
  const guarded = slot.field === "protect" || !chosen;
  const name = guarded ? "Protected area" : partName(doc, chosen);
  return html`<section class="block" aria-labelledby="part-name">
    <header class="block-head"><h2 id="part-name">${name}</h2></header>
    ${!guarded && chosen.kind === "drag" ? bend(frame, chosen) : nothing}
    ${region(frame)}
  </section>`;
}

/** No deformer, where the border stays. */
const BY_PHOTO = {
  value: "",
  label: "by the photo",
  text: "what the arrows lie on moves as a whole where there is room for it, else all of it stretches",
};

/**
 * @param {Frame} frame
 * @param {DragPart} chosen
 */
function bend({ app, state }, chosen) {
  const deformers = state.server.deformers.filter((one) => one.edge === chosen.edge);
  const set = (/** @type {string} */ label, /** @type {Parameters<typeof setPart>[2]} */ patch) =>
    app.apply(label, (doc) => setPart(doc, chosen.id, patch));
  return html`${segments({
      name: "Edge",
      wide: true,
      value: chosen.edge,
      choices: [
        { value: "free", label: "Moves freely", title: "The part moves as a whole and uncovers what is behind it (free edge)" },
        { value: "pinned", label: "Border stays", title: "The border stays where it is and the inside stretches (pinned edge)" },
      ],
      pick: (edge) => set("Change edge", { edge }),
    })}
    ${strength({ app, state }, chosen)}
    ${picker({
      id: "deformer",
      name: "Bends",
      title: "The deformer: how the part follows its arrows",
      value: chosen.deform ?? (chosen.edge === "pinned" ? BY_PHOTO.value : (deformers[0]?.name ?? "")),
      choices: [
        ...deformers.map((one) => ({ value: one.name, label: one.name, text: one.summary })),
        ...(chosen.edge === "pinned" ? [BY_PHOTO] : []),
      ],
      pick: (deform) => set("Change deformer", { deform: deform || null }),
    })}`;
}

/**
 * @param {Pick<Frame, "app" | "state">} frame
 * @param {DragPart} chosen
 */
const strength = ({ app, state }, chosen) =>
  slider({
    name: "Strength",
    value: Math.round(chosen.strength * 100),
    max: 100,
    shown: `${Math.round(chosen.strength * 100)} %`,
    title: "How much of each pull is carried out",
    slide(value) {
      if (!state.draft) app.begin();
      app.change((doc) => setPart(doc, chosen.id, { strength: value / 100 }));
    },
    done: () => app.commit("Change strength"),
  });

/** The border of what is marked. @param {Frame} frame */
function region({ app, doc, state, page, turn }) {
  const { slot } = state.ui;
  const off = marksOf(doc, slot).length === 0;
  const add = (/** @type {string} */ label, /** @type {Mark} */ mark) => () => app.apply(label, (now) => addMark(now, slot, mark));
  /** @type {[IconName, string, string, () => void][]} */
  const changes = [
    ["grow", "Grow", `Grow by ${page.amount} px`, add("Grow", { kind: "grow", radius: page.amount })],
    ["shrink", "Shrink", `Shrink by ${page.amount} px`, add("Shrink", { kind: "grow", radius: -page.amount })],
    ["smooth", "Smooth", `Round off what is smaller than ${page.amount} px`, add("Smooth", { kind: "smooth", radius: page.amount })],
    ["invert", "Invert", "Mark what is not marked", add("Invert", { kind: "invert" })],
  ];
  const segmenter = defaultOf(state.server.segmenters);
  return html`<fieldset class="region"><legend class="unseen">Shape</legend>
    <div class="shape"><span class="name">Shape</span>
      ${changes.map(
        ([shape, name, what, press]) => html`<button class="button line only" type="button" title=${what} aria-label=${name} ?disabled=${off} @click=${press}>${icon(shape)}</button>`,
      )}
      <label class="amount" title="By how much Grow, Shrink and Smooth change the shape">${numberField({
        name: "Pixels by which the shape changes",
        value: page.amount,
        min: 1,
        max: 200,
        whole: true,
        set: (amount) => turn({ amount: amount ?? page.amount }),
      })}<span>px</span></label>
    </div>
    <div class="pair-row">${segmenter ? html`<button class="button line grow" type="button" ?disabled=${off} title="Move the border onto the object’s (${segmenter.name})" @click=${() => app.refine()}>
        ${icon("refine")}Refine border</button>` : nothing}
      <button class="button line" type="button" title="Take all paint away" ?disabled=${off} @click=${() => app.apply("Clear", (now) => setMarks(now, slot, []))}>Clear</button></div>
  </fieldset>`;
}
