import { AVAILABLE } from '../client/packed.js';
import { Standing, placesOf } from './standing.js';

/**
 * What a shopper would like and does not hold yet: seats and places, those of them that others took, and what can be had instead.
 * Invariant: no seat is both selected and lost.
 */
export class Choice {
  /** @param {import('./chart.js').Chart} chart @param {import('./seats.js').Seats} seats @param {number} most seats and places */
  constructor(chart, seats, most) {
    Object.assign(this, { chart, seats, most });
    /** @type {Set<number>} */
    this.selection = new Set();
    this.standing = new Standing(chart, seats);
    /** @type {Map<number, number>} seats that others took, with their state then */
    this.lost = new Map();
    /** @type {string[][]} the server's offers */
    this.alternatives = [];
    /** @type {{wanted: string, got: string}[]} the server's own proposal */
    this.suggested = [];
    /** @type {number[]} the seats of a hold that ended */
    this.again = [];
  }

  /** Seats and places. */
  get total() {
    return this.selection.size + this.standing.total;
  }

  /** As the API has it. @returns {{seat_ids?: string[], areas?: {area_id: string, quantity: number}[]}} */
  request() {
    const wanted = {};
    if (this.selection.size) wanted.seat_ids = [...this.selection].map((i) => this.chart.ids[i]);
    if (this.standing.total) wanted.areas = this.standing.request();
    return wanted;
  }

  /** Chooses what an earlier request asked for. @param {{seat_ids?: string[], areas?: {area_id: string, quantity: number}[]}} request */
  restore({ seat_ids, areas }) {
    this.selection = new Set(this.chart.seatsOf(seat_ids ?? []));
    this.standing.chosen = placesOf(this.chart, areas);
  }

  /** These seats and no others. @param {number[]} wanted @returns {boolean} whether all of them are free */
  replace(wanted) {
    this.selection = new Set(wanted.filter((i) => i >= 0 && this.seats.state[i] === AVAILABLE).slice(0, this.most));
    this.forget();
    this.again = [];
    return this.selection.size === wanted.length;
  }

  /** What was lost, and what was offered for it. */
  forget() {
    this.lost.clear();
    this.alternatives = [];
    this.suggested = [];
  }

  /** Once it is held. */
  empty() {
    this.selection.clear();
    this.standing.clear();
    this.lost.clear();
    this.again = [];
  }

  /** @returns {number[]} the seats with the server's proposal for those that are gone */
  withSuggested() {
    const instead = new Map(this.suggested.map(({ wanted, got }) => [this.chart.indexOf(wanted), this.chart.indexOf(got)]));
    const wanted = [...this.selection, ...this.lost.keys()];
    return wanted.map((i) => instead.get(i) ?? i);
  }

  /** @param {string[]} seatIds an offer: a whole replacement, or just for the seats that were lost @returns {number[]} the seats with it */
  withAlternative(seatIds) {
    const offered = seatIds.map((id) => this.chart.indexOf(id));
    const kept = [...this.selection];
    const whole = kept.length + this.lost.size;
    return offered.length === whole || kept.length + offered.length > whole ? offered : [...kept, ...offered];
  }

  /** Loses those of these seats that others have now. @param {number[]} changed @returns {number[]} what it lost */
  loseTaken(changed) {
    const gone = changed.filter((i) => this.selection.has(i) && this.seats.state[i] !== AVAILABLE);
    for (const i of gone) this.#lose(i);
    return gone;
  }

  /** What a refusal tells. @param {import('../client/errors.js').UsherError} error */
  refused({ conflicts, areas, alternatives, suggested }) {
    for (const i of this.chart.seatsOf(conflicts.map((c) => c.seat_id))) this.#lose(i);
    for (const { area_id, left } of areas) this.seats.setFree(this.chart.areas.map((a, k) => (a.id === area_id ? left : this.standing.left(k))));
    this.standing.shrink();
    this.alternatives = alternatives;
    this.suggested = suggested;
  }

  #lose(i) {
    this.selection.delete(i);
    this.lost.set(i, this.seats.state[i]);
  }
}
