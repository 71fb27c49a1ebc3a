/**
 * The values that flow through the editor. All are treated as immutable: a change makes a new value.
 *
 * Points are `[x, y]` in pixels of the photo, pixel centres at integers, as everywhere in Pliant.
 *
 * @typedef {[number, number]} Point
 * @typedef {{width: number, height: number}} Size
 * @typedef {[number, number, number, number]} Box  x0, y0, x1, y1; x1 and y1 not included
 *
 * A region is what a list of marks selects, one after the other.
 *
 * @typedef {{kind: "stroke", points: Point[], radius: number, erase: boolean}} StrokeMark
 * @typedef {{kind: "polygon", points: Point[], erase: boolean}} PolygonMark
 * @typedef {{kind: "box", box: Box, erase: boolean}} BoxMark
 * @typedef {{kind: "mask", mask: Patch, erase: boolean, replace: boolean}} MaskMark  what a segmenter or a file
 *   selects; with `replace` it stands for everything before it
 * @typedef {{kind: "grow", radius: number}} GrowMark  negative shrinks
 * @typedef {{kind: "smooth", radius: number}} SmoothMark
 * @typedef {{kind: "invert"}} InvertMark
 * @typedef {StrokeMark | PolygonMark | BoxMark | MaskMark | GrowMark | SmoothMark | InvertMark} Mark
 *
 * One byte for each pixel of the photo, row after row: 255 is selected, 0 is not.
 * @typedef {{width: number, height: number, data: Uint8Array}} Mask
 *
 * The same on a box inside the photo that holds all that is selected, row after row; nothing is selected outside
 * it.
 * @typedef {{box: Box, data: Uint8Array}} Patch
 *
 * @typedef {{id: string, from: Point, to: Point}} Drag
 * @typedef {{id: string, at: Point}} Pin
 * @typedef {"free" | "pinned"} Edge
 *
 * @typedef {object} DragPart  a deformable region with what pulls and holds it
 * @property {"drag"} kind
 * @property {string} id
 * @property {Mark[]} region
 * @property {Drag[]} drags
 * @property {Pin[]} pins
 * @property {Edge} edge
 * @property {string | null} deform  null: free, the best one; pinned, the photo decides
 * @property {number} strength  0 to 1
 *
 * @typedef {object} PairPart  a handle region and the target region it is mapped onto
 * @property {"pair"} kind
 * @property {string} id
 * @property {Mark[]} source
 * @property {Mark[]} target
 *
 * @typedef {DragPart | PairPart} Part
 *
 * @typedef {object} Doc  all that undo and redo know
 * @property {string | null} photo  its id among the photos
 * @property {Part[]} parts  later ones stand in front
 * @property {Mark[]} protect
 * @property {string} prompt
 * @property {number} seed
 * @property {string} engine
 * @property {Record<string, number | boolean | string>} options  of the engine
 * @property {string | null} filler  null: the server's default
 *
 * Which list of marks the selection tools draw into. `part` null: a new part is made.
 * @typedef {{part: string | null, field: "region" | "source" | "target" | "protect"}} Slot
 *
 * A point that can be picked: a drag's end or a pin.
 * @typedef {{part: string, id: string, end: "from" | "to" | "pin"}} Grip
 *
 * @typedef {{past: Step[], present: Doc, future: Step[]}} History
 * @typedef {{doc: Doc, label: string}} Step
 *
 * @typedef {object} Photo
 * @property {string} id
 * @property {string} name  of its file
 * @property {Blob} file  as it was opened; this is what the server gets
 * @property {Size} size
 * @property {ImageBitmap} bitmap  to be shown; never larger than the photo, smaller where a texture could not
 *   hold it
 *
 * @typedef {"move" | "drag" | "pin" | "brush" | "eraser" | "lasso" | "polygon" | "box" | "select" | "hand"}
 *   ToolName
 *
 * Where the photo stands: the screen position, in CSS pixels of the stage, of its top left corner, and CSS pixels
 * per pixel.
 * @typedef {{x: number, y: number, scale: number}} View
 *
 * @typedef {object} Ui  what undo does not know
 * @property {ToolName} tool
 * @property {Slot} slot
 * @property {Grip[]} picked
 * @property {number} radius  of the brush, in pixels of the photo
 * @property {boolean} subtract  whether selection tools take away
 * @property {string | null} segmenter  of the select tool; null: the first that works
 * @property {Size} stage  of the stage, in CSS pixels; the stage says it through `app.resize`
 * @property {View} view
 * @property {boolean} fitted  whether the view follows the stage's size
 * @property {boolean} mesh  whether the mesh is shown
 * @property {boolean} original  whether the original is shown, while a key is held
 * @property {number | null} split  before and after, divided at this share of the width; null: not divided
 * @property {boolean} fillOnRelease
 * @property {number} candidates
 *
 * @typedef {{region: number, rest: Float32Array, corners: Uint32Array}} Mesh  `region`: index in the sent document
 * @typedef {{id: number, meshes: Mesh[]}} Topology
 *
 * @typedef {object} Live  what the server last said of the bend
 * @property {"closed" | "open" | "lost"} socket
 * @property {Topology | null} topology
 * @property {Float32Array | null} vertices  x, y of every vertex, mesh after mesh
 * @property {string[]} parts  ids of the parts of the sent document, by the index of their region
 * @property {Blob | null} picture  a preview rendered by the server, where this browser cannot draw meshes
 * @property {Problem | null} problem
 *
 * @typedef {{status: number, code: string, detail: string}} Problem
 *
 * @typedef {object} Result
 * @property {string} id
 * @property {Doc} doc  what was asked for
 * @property {number} seed
 * @property {boolean} automatic  filled on release and not yet looked at by hand: the next such fill takes its
 *   place
 * @property {"sending" | "queued" | "running" | "done" | "failed" | "cancelled"} state
 * @property {string | null} job  its URL on the server
 * @property {string} stage
 * @property {number | null} share  0 to 1 of the stage, where known
 * @property {string | null} peek  a small picture of work in progress, as a data URI
 * @property {Blob | null} file
 * @property {ImageBitmap | null} bitmap  null where it is not done, or was let go to save memory: `app.show`
 *   brings it back
 * @property {ImageBitmap | null} thumb  small, for lists; there as long as the result
 * @property {Record<string, any> | null} facts
 * @property {Problem | null} problem
 *
 * @typedef {object} Listed  an engine, filler, segmenter or deformer as the server declares it
 * @property {string} name
 * @property {string} summary
 * @property {boolean} [offered]
 * @property {boolean} [available]
 * @property {string} [missing]
 * @property {Record<string, string>} [options]
 *
 * @typedef {object} Server
 * @property {"asking" | "there" | "gone" | "locked"} state  locked: it wants a token
 * @property {string} version
 * @property {Record<string, any>[]} engines
 * @property {Record<string, any>[]} fillers
 * @property {Record<string, any>[]} segmenters
 * @property {Record<string, any>[]} deformers
 *
 * @typedef {{id: string, kind: "info" | "error", text: string}} Notice
 *
 * What the app asks of the user; the answer is the value of a choice, or null for none of them.
 * @typedef {{title: string, text: string, choices: {value: string, label: string}[]}} Question
 *
 * @typedef {object} State
 * @property {Record<string, Photo>} photos
 * @property {History} history
 * @property {Doc | null} draft  the document while a gesture changes it; null between gestures
 * @property {Ui} ui
 * @property {Live} live
 * @property {Server} server
 * @property {Result[]} results  newest first
 * @property {string | null} shown  the id of the result on the stage; null: the photo with its live bend
 * @property {Notice[]} notices
 * @property {string[]} busy  what the user waits for, in words: "Opening photo.jpg"; empty: nothing
 */

export {};
