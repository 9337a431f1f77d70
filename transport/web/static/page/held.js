import { countPlaces, placesOf } from './standing.js';
import { countWord, together } from './words.js';

/**
 * The hold a shopper has, if any: remembered, watched, and what is to be said of it.
 * Invariant: without a hold there are no seats, no places and no watch.
 */
export class Held {
  /**
   * @param {object} o
   * @param {import('./chart.js').Chart} o.chart
   * @param {import('./clock.js').ServerClock} o.clock
   * @param {import('../client/live.js').Live} o.live
   * @param {import('./memory.js').Memory} o.memory
   * @param {(hold: object) => void} o.onTold  by the live connection
   */
  constructor(o) {
    Object.assign(this, o);
    this.#none();
  }

  #none() {
    /** @type {import('../usher.js').Hold|null} */
    this.hold = null;
    /** @type {number[]} */
    this.seats = [];
    /** @type {Map<number, number>} by area */
    this.places = new Map();
    this.watch = null;
  }

  /** @param {import('../usher.js').Hold} hold */
  take(hold) {
    this.renew(hold);
    this.seats = this.chart.seatsOf(hold.seat_ids);
    this.places = placesOf(this.chart, hold.areas);
    this.memory.hold = { hold_id: hold.hold_id, fencing_token: hold.fencing_token };
    this.watch ??= this.live.watchHold(hold.hold_id, this.onTold);
  }

  /** News of the same hold. @param {object} hold */
  renew(hold) {
    this.clock.hear(hold.server_time);
    this.hold = { ...this.hold, ...hold };
  }

  drop() {
    this.watch?.close();
    this.#none();
    this.memory.hold = null;
  }

  /** @returns {string} e.g. `2 seats and one place` */
  word() {
    return countWord(this.seats.length, countPlaces(this.places));
  }

  /** @returns {string} how long there is to book it */
  minutes() {
    return `You have ${Math.round(this.clock.left(this.hold.expires_at) / 60_000)} minutes to book.`;
  }

  /** Seats that were got in place of others, in words. @returns {string[]} */
  instead() {
    const name = (id) => together(this.chart, this.chart.seatsOf([id])) || id;
    return (this.hold?.substituted ?? []).map(({ wanted, got }) => `You got ${name(got)} instead of ${name(wanted)}.`);
  }
}
