import { AVAILABLE } from '../client/packed.js';

/**
 * The state of every seat of the event, and the counts that follow from it.
 * Invariant: for each section the four counts add up to its seats, and the totals are the sums over sections.
 */
export class Seats {
  /** @param {import('./chart.js').Chart} chart */
  constructor(chart) {
    this.chart = chart;
    this.state = new Uint8Array(chart.n);
    this.bySection = new Int32Array(chart.sections.length * 4);
    this.total = new Int32Array(4);
    this.version = 0;
    this.known = false;
    /** @type {(number|null)[]} places left in each standing area; null: not known */
    this.free = chart.areas.map(() => null);
    this.#recount();
  }

  /** The whole map. @param {import('../client/packed.js').PackedMap} map @param {number} version @returns {number[]} indexes that changed */
  replace(map, version) {
    const before = this.state.slice();
    // The map may count up to three seats more than the chart when its length came from bytes alone.
    for (let i = 0; i < this.chart.n; i++) this.state[i] = map.get(i);
    this.version = version;
    this.#recount();
    const changed = [];
    if (this.known) for (let i = 0; i < before.length; i++) if (before[i] !== this.state[i]) changed.push(i);
    this.known = true;
    return changed;
  }

  /** @param {[number, number][]} changes @param {number} version @returns {number[]} indexes whose state is another now */
  apply(changes, version) {
    const changed = [];
    for (const [i, to] of changes) {
      if (i >= this.chart.n) continue;
      const from = this.state[i];
      if (from === to) continue;
      const at = this.chart.section[i] * 4;
      this.bySection[at + from]--;
      this.bySection[at + to]++;
      this.total[from]--;
      this.total[to]++;
      this.state[i] = to;
      changed.push(i);
    }
    this.version = version;
    return changed;
  }

  /** @param {number[]} left by area; holes stay as they are */
  setFree(left) {
    left.forEach((n, k) => (this.free[k] = n));
  }

  /** @param {number} section @returns {number} seats that can be bought */
  left(section) {
    return this.bySection[section * 4 + AVAILABLE];
  }

  #recount() {
    this.bySection.fill(0);
    this.total.fill(0);
    for (let i = 0; i < this.state.length; i++) {
      this.bySection[this.chart.section[i] * 4 + this.state[i]]++;
      this.total[this.state[i]]++;
    }
  }
}
