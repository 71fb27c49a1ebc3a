// @ts-check
/**
 * The app: everything that the stage and the panels can ask for. State flows one way: a call here makes a new
 * state in the store, and whoever draws is told by `subscribe`.
 *
 * @import {Box, Doc, Mark, Photo, Point, Question, Size, State, Ui} from "./types.js"
 * @import {ServerClient} from "./server.js"
 * @import {Pictures} from "./app/pictures.js"
 *
 * @typedef {object} App
 *
 * @property {() => State} get
 * @property {(listener: (state: State, before: State) => void) => () => void} subscribe  returns what ends it
 * @property {() => Doc} doc  the draft while a gesture runs, else the present document
 * @property {() => Photo | null} photo  that of `doc()`
 *
 * Gestures. One gesture is one step of undo. `begin` ... `change` ... `commit`; `abort` takes all back. A gesture
 * that is begun while another runs aborts that one; a commit that changed nothing leaves no step. The first change
 * takes a shown result off the stage.
 *
 * @property {() => void} begin
 * @property {(edit: (doc: Doc) => Doc) => void} change  `edit` gets the draft
 * @property {(mark: Mark) => void} mark  the gesture's own mark in the list that `ui.slot` names: the first call
 *   adds it, later ones replace it. Where the slot has no part a new drag part is made and becomes the slot's.
 * @property {(label: string) => void} commit  `label` names the step, as in "Undo Move handle": "Move handle"
 * @property {() => void} abort
 * @property {(label: string, edit: (doc: Doc) => Doc) => void} apply  a gesture of one change
 * @property {() => void} undo
 * @property {() => void} redo
 *
 * What undo does not know.
 *
 * @property {(patch: Partial<Ui>) => void} ui
 * @property {(size: Size) => void} resize  the stage has this size, in CSS pixels
 * @property {(to: "fit" | "in" | "out" | number, at?: Point) => void} zoom  a number is CSS pixels per pixel of
 *   the photo; `at` stays where it is, in CSS pixels of the stage (its middle if left out)
 * @property {(by: Point) => void} pan  in CSS pixels
 *
 * Files.
 *
 * @property {(example: {photo: string, edit: string}) => Promise<void>} start  called once: what was open before
 *   the page was loaded, else the photo that the server was started with, else the example, by the addresses of
 *   its files
 * @property {(source: Blob | string, name?: string) => Promise<boolean>} open  a picture, an edit document, or
 *   the address of one on this server; false, and a notice, where nothing came of it
 * @property {() => Promise<File | null>} editFile  the edit document; null, and a notice, where there is nothing
 *   complete
 * @property {(result: string) => File | null} resultFile  a finished result, named after its photo
 *
 * Results.
 *
 * @property {() => Promise<void>} fill
 * @property {(result: string) => void} cancel  a finished one stays as it is
 * @property {(result: string) => void} remove  takes it off the list; cancels it first
 * @property {(result: string | null) => Promise<void>} show  null: the photo with its live bend
 * @property {(result: string) => Promise<void>} continueFrom  makes it the photo
 * @property {(result: string) => void} reopen  makes its document the present one
 *
 * Selecting.
 *
 * @property {(prompt: {point: Point} | {box: Box} | {}) => Promise<void>} select  adds what the segmenter finds
 *   to the list that `ui.slot` names, or takes it away with `ui.subtract`; `{}` for segmenters that need no prompt
 * @property {() => Promise<void>} refine  moves the border of that list's region onto the object's
 *
 * @property {(text: string, kind?: "info" | "error") => void} notice
 * @property {(notice: string) => void} dismiss
 * @property {(token: string) => void} unlock  the token that the server wants
 * @property {() => void} stop  ends all that runs by itself: for tests, and before the page goes
 */

/** @typedef {(question: Question) => Promise<string | null>} Ask */
/** @typedef {ReturnType<typeof createSession>} Session */

import { createFilling } from "./app/filling.js";
import { createFiles } from "./app/files.js";
import { firstState } from "./app/first.js";
import { createGestures } from "./app/gestures.js";
import { createHealth } from "./app/health.js";
import { createNotices } from "./app/notices.js";
import { createOpening } from "./app/opening.js";
import { createPictures } from "./app/pictures.js";
import { createSelecting } from "./app/selecting.js";
import { createShowing } from "./app/showing.js";
import { createStarting } from "./app/starting.js";
import { createViewing } from "./app/viewing.js";
import { photoOf } from "./document.js";
import { createLive } from "./live.js";
import { createSession } from "./session.js";
import { createStore } from "./store.js";

/**
 * The app, its parts put together.
 *
 * @param {object} given
 * @param {ServerClient} given.server
 * @param {{set: (token: string) => void}} given.token
 * @param {Ask} given.ask  how the user is asked something
 * @param {boolean} [given.pictures]  whether the server draws the bend, because this browser cannot
 * @param {Pictures} [given.reader]  of picture files
 * @param {Session} [given.session]
 * @returns {App}
 */
export function createApp(given) {
  const { server, token, ask, reader = createPictures(server), session = createSession() } = given;
  const store = createStore(firstState());
  const { notice, dismiss, busy } = createNotices(store);
  const filling = createFilling({ store, server, pictures: reader, notice });
  const showing = createShowing(store, reader);
  const gestures = createGestures(store, notice, filling.released);
  const opening = createOpening({ store, server, pictures: reader, gestures, notice, busy, ask });
  const selecting = createSelecting({ store, server, pictures: reader, gestures, notice, busy });
  const viewing = createViewing(store);
  const health = createHealth(store, server);
  const files = createFiles(store, showing, notice);
  const live = createLive({ store, server, pictures: given.pictures ?? false });
  const starting = createStarting({ store, server, pictures: reader, session, opening, health });

  return {
    get: store.get,
    subscribe: store.subscribe,
    photo: () => photoOf(store.get()),
    ...gestures,
    ...viewing,
    ...files,
    ...selecting,
    notice,
    dismiss,
    open: opening.open,
    fill: filling.fill,
    cancel: filling.cancel,
    remove: filling.remove,
    show: showing.show,
    async continueFrom(id) {
      const result = showing.taken(id);
      if (result) await opening.continueFrom(result);
    },
    reopen(id) {
      const result = showing.taken(id);
      if (result) gestures.replace("Open the result's edit", result.doc);
    },
    async start(example) {
      await starting.start(example);
      filling.resume();
    },
    unlock(given) {
      token.set(given);
      void health.look();
    },
    stop: () => [live, health, filling, showing, starting].forEach((part) => part.stop()),
  };
}
