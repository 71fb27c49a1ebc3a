// @ts-check
/**
 * Files that are dropped on the page or pasted into it.
 *
 * @import {App} from "../app.js"
 * @import {Page} from "./page.js"
 */

/**
 * @param {App} app
 * @param {(patch: Partial<Page>) => void} turn
 */
export function takeFiles(app, turn) {
  let inside = 0; // Entering a child comes before leaving its parent.
  const over = (/** @type {number} */ by) => (/** @type {DragEvent} */ event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    inside = Math.max(inside + by, 0);
    turn({ dropping: inside > 0 });
  };
  addEventListener("dragenter", over(1));
  addEventListener("dragleave", over(-1));
  addEventListener("dragover", over(0));
  addEventListener("drop", (event) => {
    event.preventDefault();
    inside = 0;
    turn({ dropping: false });
    openFirst(app, event.dataTransfer?.files);
  });
  addEventListener("paste", (event) => {
    if (!isTyping(event.target)) openFirst(app, event.clipboardData?.files);
  });
}

/**
 * @param {App} app
 * @param {FileList | undefined} files
 */
function openFirst(app, files) {
  if (!files?.length) return;
  if (files.length > 1) app.notice(`${files.length} files were given; ${files[0].name} is opened.`);
  void app.open(files[0]);
}

/** @param {EventTarget | null} target */
const isTyping = (target) => target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type !== "range");
