/**
 * Places chosen in standing areas: how many of each, never more than are left as far as we know.
 */
export class Standing {
  /** @param {import('./chart.js').Chart} chart @param {import('./seats.js').Seats} seats */
  constructor(chart, seats) {
    Object.assign(this, { chart, seats });
    /** @type {Map<number, number>} area → places, at least one */
    this.chosen = new Map();
  }

  get total() {
    return countPlaces(this.chosen);
  }

  /** @param {number} k @returns {number} */
  left(k) {
    return this.seats.free[k] ?? this.chart.areas[k].capacity;
  }

  /** @param {number} k @param {number} n @returns {number} how many it is now */
  set(k, n) {
    const to = Math.max(0, Math.min(n, this.left(k)));
    if (to > 0) this.chosen.set(k, to);
    else this.chosen.delete(k);
    return to;
  }

  /** After others took places. @returns {number[]} areas of which fewer are chosen now */
  shrink() {
    return [...this.chosen.keys()].filter((k) => this.chosen.get(k) > this.left(k) && (this.set(k, this.left(k)), true));
  }

  clear() {
    this.chosen.clear();
  }

  /** As the API has it. @returns {{area_id: string, quantity: number}[]} */
  request() {
    return [...this.chosen].map(([k, quantity]) => ({ area_id: this.chart.areas[k].id, quantity }));
  }
}

/** What the API says, by area. @param {import('./chart.js').Chart} chart @param {{area_id: string, quantity: number}[]} [areas] @returns {Map<number, number>} */
export function placesOf(chart, areas) {
  const found = (areas ?? []).map(({ area_id, quantity }) => [chart.areas.findIndex((a) => a.id === area_id), quantity]);
  return new Map(found.filter(([k]) => k >= 0));
}

/** @param {Map<number, number>} places */
export function countPlaces(places) {
  return [...places.values()].reduce((a, b) => a + b, 0);
}
