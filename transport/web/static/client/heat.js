import { fromBase64 } from './frames.js';

/** The hottest class; 0 is quiet. Each is four times as contested as the one below. */
export const MAX_CLASS = 7;

/**
 * How contested an event's seats and sections are, as the heat frames tell it: all of it first, then what changes.
 */
export class HeatMap {
  constructor() {
    /** Whether all of it has been told: changes mean nothing before. */
    this.known = false;
    /** Class of each seat in chart order, 0…MAX_CLASS; may be one longer than there are seats. */
    this.classes = new Uint8Array(0);
    /** Class of each section in chart order. */
    this.sections = new Uint8Array(0);
    /** People who look at the event. */
    this.viewers = 0;
    /** @type {{viewers: number, chance: number}|null} how that stands which this connection looks at; null: not known (yet) */
    this.focus = null;
  }

  /**
   * @param {{classes?: string, seats?: [number, number][], sections?: number[]|[number, number][], viewers?: number, focus?: {viewers: number, chance: number}}} body
   * @returns {{seats: number[], sections: number[]}|null} what has another class now; null: any of it may
   */
  apply(body) {
    if (body.viewers !== undefined) this.viewers = body.viewers;
    if (body.focus) this.focus = body.focus;
    if (body.classes !== undefined) {
      this.classes = unpack(fromBase64(body.classes));
      this.sections = Uint8Array.from(body.sections ?? []);
      this.known = true;
      return null;
    }
    if (!this.known) return { seats: [], sections: [] };
    return { seats: change(this.classes, body.seats), sections: change(this.sections, body.sections) };
  }
}

/** Two classes a byte, the lower bits first. @param {Uint8Array} bytes */
function unpack(bytes) {
  const classes = new Uint8Array(bytes.length * 2);
  for (let i = 0; i < classes.length; i++) classes[i] = Math.min(MAX_CLASS, (bytes[i >> 1] >> ((i & 1) << 2)) & 15);
  return classes;
}

/** @param {Uint8Array} classes @param {[number, number][]} [list] @returns {number[]} indexes */
function change(classes, list = []) {
  const changed = [];
  for (const [i, to] of list) {
    if (i >= classes.length || classes[i] === to) continue;
    classes[i] = Math.min(MAX_CLASS, to);
    changed.push(i);
  }
  return changed;
}
