// @ts-check
/** @import {State} from "../types.js" */

import { emptyDoc } from "../document.js";
import { begun } from "../history.js";
import { NO_LIVE } from "../live.js";

/**
 * Before anything is opened and before the server has answered.
 *
 * @returns {State}
 */
export function firstState() {
  return {
    photos: {},
    history: begun(emptyDoc(null)),
    draft: null,
    ui: {
      tool: "drag",
      slot: { part: null, field: "region" },
      picked: [],
      radius: 24,
      subtract: false,
      segmenter: null,
      stage: { width: 0, height: 0 },
      view: { x: 0, y: 0, scale: 1 },
      fitted: true,
      mesh: false,
      original: false,
      split: null,
      fillOnRelease: false,
      candidates: 1,
    },
    live: NO_LIVE,
    server: { state: "asking", version: "", engines: [], fillers: [], segmenters: [], deformers: [] },
    results: [],
    shown: null,
    notices: [],
    busy: [],
  };
}
