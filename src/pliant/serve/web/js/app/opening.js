// @ts-check
/**
 * Whatever can be opened: pictures, edit documents, and pictures that hold an edit.
 *
 * @import {Doc, Photo, Size, State} from "../types.js"
 * @import {Store} from "../store.js"
 * @import {ServerClient} from "../server.js"
 * @import {Pictures} from "./pictures.js"
 * @import {Ask} from "../app.js"
 */

import { docOf, emptyDoc, photoOf } from "../document.js";
import { EditFault, embeddedEdit, fromEdit, parsed, sizeOf } from "../editfile.js";
import { problemOf, Refusal } from "../server.js";
import { blobOf } from "./pictures.js";
import { sorted } from "./tidy.js";

/**
 * @param {object} given
 * @param {Store<State>} given.store
 * @param {ServerClient} given.server
 * @param {Pictures} given.pictures
 * @param {{replace: (label: string, doc: Doc) => void}} given.gestures
 * @param {(text: string, kind?: "info" | "error") => void} given.notice
 * @param {<T>(label: string, work: () => Promise<T>) => Promise<T>} given.busy
 * @param {Ask} given.ask
 */
export function createOpening({ store, server, pictures, gestures, notice, busy, ask }) {
  let turn = 0;

  /**
   * @param {Blob | string} source
   * @param {string} [given]  the file's name
   * @returns {Promise<boolean>}
   */
  async function open(source, given) {
    const name = given ?? (source instanceof File ? source.name : nameIn(source));
    const own = ++turn;
    try {
      return await busy(`Opening ${name}`, async () => {
        const file = typeof source === "string" ? await server.file(source) : source;
        if (await isDocument(file, name)) return await openEdit(await file.text());
        return (await openHeld(file)) ?? (await openPhoto(file, name, own));
      });
    } catch (error) {
      notice(`${name} could not be opened: ${reasonOf(error)}`, "error");
      return false;
    }
  }

  /**
   * The edit in a picture, if it holds one for the open photo and the user wants it.
   *
   * @param {Blob} file
   * @returns {Promise<boolean | null>}  null: it is to be opened as a photo
   */
  async function openHeld(file) {
    const [text, photo] = [await embeddedEdit(file).catch(() => null), photoOf(store.get())];
    if (!text || !photo || !isFor(text, photo.size)) return null;
    const answer = await ask({
      title: "This picture holds an edit",
      text: "It was made by Pliant. Its edit fits the open photo.",
      choices: [
        { value: "edit", label: "Use its edit on the open photo" },
        { value: "photo", label: "Open it as a photo" },
      ],
    });
    if (answer === null) return false;
    return answer === "edit" ? openEdit(text) : null;
  }

  /** @param {string} text */
  async function openEdit(text) {
    const photo = photoOf(store.get());
    if (!photo) throw new EditFault("An edit needs its photo: open that first.");
    const read = await fromEdit(parsed(text), photo.size, (uri) => pictures.mask(blobOf(uri)));
    gestures.replace("Open edit", { ...docOf(store.get()), ...read });
    const [front, { ui }] = [read.parts.at(-1), store.get()];
    store.set({
      ui: { ...ui, slot: { part: front?.id ?? null, field: front?.kind === "pair" ? "source" : "region" } },
    });
    return true;
  }

  /**
   * @param {Blob} file
   * @param {string} name
   * @param {number} own
   */
  async function openPhoto(file, name, own) {
    const photo = await pictures.photo(file, name);
    // Of two that were opened at once the later one counts, whichever is read first.
    if (own !== turn) return false;
    use(photo, `Open ${name}`);
    return true;
  }

  /**
   * A photo without parts; what it is filled with stays chosen.
   *
   * @param {Photo} photo
   * @param {string} label
   */
  function use(photo, label) {
    const { engine, options, filler } = docOf(store.get());
    store.set({ photos: { ...store.get().photos, [photo.id]: photo } });
    gestures.replace(label, { ...emptyDoc(photo.id), engine, options, filler });
    const { photos, gone } = sorted(store.get());
    if (Object.keys(gone).length) store.set({ photos });
    Object.values(gone).forEach(({ bitmap }) => bitmap.close());
  }

  return {
    open,

    /** @param {import("../types.js").Result} result */
    async continueFrom({ file, doc }) {
      if (!file) return;
      const base = store.get().photos[doc.photo ?? ""]?.name ?? "photo";
      try {
        use(await pictures.photo(file, editedName(base)), "Continue from result");
      } catch (error) {
        notice(`The result could not be opened: ${reasonOf(error)}`, "error");
      }
    },
  };
}

/**
 * @param {string} name  of a photo
 * @returns {string}  of a picture made from it
 */
export const editedName = (name) => `${baseOf(name).replace(/-edited$/, "")}-edited.png`;

/** @param {string} name */
export const baseOf = (name) => name.replace(/\.[^.]{1,5}$/, "") || "photo";

/** @param {Blob | string} source */
const nameIn = (source) =>
  typeof source === "string" ? (source.split("/").at(-1) ?? "photo") : "The pasted picture";

/**
 * @param {Blob} file
 * @param {string} name
 */
async function isDocument(file, name) {
  if (/\.json$/i.test(name) || file.type === "application/json") return true;
  return /^\s*\{/.test(await file.slice(0, 64).text());
}

/**
 * Whether `text` is an edit of a photo of `photo`.
 *
 * @param {string} text
 * @param {Size} photo
 */
function isFor(text, photo) {
  try {
    const size = sizeOf(parsed(text));
    return size?.width === photo.width && size.height === photo.height;
  } catch {
    return false; // what cannot be used is a picture like any other
  }
}

/** @param {unknown} error */
function reasonOf(error) {
  if (error instanceof EditFault || error instanceof Refusal) return problemOf(error).detail;
  return "this is no picture that can be read.";
}
