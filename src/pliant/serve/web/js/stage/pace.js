// @ts-check
/**
 * Whether frames come in time. Where there is no graphics card a large photo can take longer than that; while a
 * grip is moved it is then drawn with fewer pixels, for an arrow that lags is worse than a picture that is soft
 * for a moment.
 */

const LATE = 40; // milliseconds from asking for a frame to getting it; two frames of most displays are 33
const OFTEN = 3; // frames in a row

/** A quarter of the pixels. */
export const COARSE = 0.5;

export function createPace() {
  let late = 0;
  return {
    /**
     * @param {number} waited  milliseconds from asking for this frame to getting it
     * @param {boolean} hurried  whether a grip is being moved
     * @returns {number}  how many of the pixels of a side are to be drawn
     */
    next(waited, hurried) {
      if (!hurried) late = 0;
      else if (late < OFTEN) late = waited > LATE ? late + 1 : 0;
      return late >= OFTEN ? COARSE : 1;
    },
  };
}
