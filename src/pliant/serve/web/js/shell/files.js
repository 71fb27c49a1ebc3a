// @ts-check
/**
 * What leaves the page: results and edit documents, as downloads and through the clipboard.
 *
 * @import {App} from "../app.js"
 * @import {Result, State} from "../types.js"
 */

/** @typedef {"image/png" | "image/jpeg" | "image/webp"} Format */

/** @type {{name: string, text: string, type: Format}[]} */
export const formats = [
  { name: "PNG", text: "exact, keeps the edit", type: "image/png" },
  { name: "JPEG", text: "without edit and camera data", type: "image/jpeg" },
  { name: "WebP", text: "smaller still", type: "image/webp" },
];

/**
 * The result that Save means: the one on the stage, else the one of the present document.
 *
 * @param {State} state
 * @returns {Result | null}
 */
export function resultToSave(state) {
  const done = state.results.filter((result) => result.state === "done" && result.file);
  const shown = done.find((result) => result.id === state.shown);
  return shown ?? done.find((result) => result.doc === state.history.present) ?? null;
}

/** @param {State} state */
export const editToSave = (state) => state.history.present.parts.length > 0;

/**
 * @param {App} app
 * @param {Format} type
 * @param {string} [id]  of a result; the one that Save means if left out
 */
export async function saveResult(app, type, id = resultToSave(app.get())?.id) {
  const file = id && app.resultFile(id);
  if (!file) return app.notice("Nothing to save yet: fill first.");
  if (type === "image/png") return download(file, file.name);
  try {
    download(await encoded(file, type), file.name.replace(/\.png$/, type === "image/jpeg" ? ".jpg" : ".webp"));
  } catch {
    app.notice("This browser could not write that format. Save as PNG.", "error");
  }
}

/** @param {App} app */
export async function saveEdit(app) {
  const file = await app.editFile();
  if (file) download(file, file.name);
}

/**
 * @param {App} app
 * @param {string} [id]  of a result
 */
export async function copyResult(app, id = resultToSave(app.get())?.id) {
  const file = id && app.resultFile(id);
  if (!file) return app.notice("Nothing to copy yet: fill first.");
  try {
    await navigator.clipboard.write([new ClipboardItem({ "image/png": file })]);
    app.notice("Picture copied.");
  } catch {
    app.notice("The browser did not allow copying. Save the picture instead.", "error");
  }
}

/**
 * @param {Blob} file
 * @param {Format} type
 */
async function encoded(file, type) {
  const bitmap = await createImageBitmap(file);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  bitmap.close();
  const blob = await canvas.convertToBlob({ type, quality: 0.95 });
  if (blob.type !== type) throw new Error(`got ${blob.type}`);
  return blob;
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // Some browsers read the file only after the click has been handled.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
