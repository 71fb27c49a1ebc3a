// @ts-check
/** Puts the page together. */

import { createApp } from "./app.js";
import { listen } from "./keys.js";
import { createServer } from "./server.js";
import { ask, dialog } from "./shell/dialogs.js";
import { copyResult, saveResult } from "./shell/files.js";
import { firstPage } from "./shell/page.js";
import { mountShell } from "./shell/shell.js";
import { canDrawMeshes } from "./stage/gl.js";
import { mountStage } from "./stage/stage.js";
import { createStore } from "./store.js";
import { createToken } from "./token.js";

const token = createToken();
const pages = createStore(firstPage());
const server = createServer({ base: document.baseURI, token: token.get });
const app = createApp({ server, token, ask, pictures: !canDrawMeshes() });
mountShell(app, pages);
const stage = mountStage(/** @type {HTMLElement} */ (document.getElementById("canvas")), app);
listen({
  app,
  stage,
  open: () => document.getElementById("opener")?.click(),
  save: () => void saveResult(app, "image/png"),
  copy: () => void copyResult(app),
  sheet: () => dialog("keys").showModal(),
});
void app.start({ photo: "example/lighthouse.jpg", edit: "example/lighthouse.json" });
