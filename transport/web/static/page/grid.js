/**
 * Seats by place: which are in view, which is under the finger. A uniform grid in compressed rows (two integer arrays),
 * since seats are spread evenly and never move.
 */
export class Grid {
  /** @param {Float32Array} x @param {Float32Array} y @param {import('./chart.js').Box} box @param {number} [cell] units */
  constructor(x, y, box, cell = 60) {
    this.x = x;
    this.y = y;
    this.left = box.left;
    this.top = box.top;
    // A chart with one seat a mile away must not cost a million empty cells.
    this.cell = Math.max(cell, (box.right - box.left) / 1000, (box.bottom - box.top) / 1000);
    this.columns = Math.floor((box.right - box.left) / this.cell) + 1;
    this.lines = Math.floor((box.bottom - box.top) / this.cell) + 1;
    this.#fill();
  }

  /** Counting sort: start[c] … start[c+1] are the places of cell c's seats in items. */
  #fill() {
    const { x, y } = this;
    const start = new Int32Array(this.columns * this.lines + 1);
    for (let i = 0; i < x.length; i++) start[this.#cellOf(x[i], y[i]) + 1]++;
    for (let c = 1; c < start.length; c++) start[c] += start[c - 1];
    const next = start.slice();
    const items = new Int32Array(x.length);
    for (let i = 0; i < x.length; i++) items[next[this.#cellOf(x[i], y[i])]++] = i;
    this.start = start;
    this.items = items;
  }

  #column(x) {
    return Math.min(this.columns - 1, Math.max(0, Math.floor((x - this.left) / this.cell)));
  }

  #line(y) {
    return Math.min(this.lines - 1, Math.max(0, Math.floor((y - this.top) / this.cell)));
  }

  #cellOf(x, y) {
    return this.#line(y) * this.columns + this.#column(x);
  }

  /** Calls fn(items, from, to) for each run of seats whose cells touch the box. @param {import('./chart.js').Box} box */
  runs(box, fn) {
    const c0 = this.#column(box.left);
    const c1 = this.#column(box.right);
    for (let line = this.#line(box.top), last = this.#line(box.bottom); line <= last; line++) {
      const from = this.start[line * this.columns + c0];
      const to = this.start[line * this.columns + c1 + 1];
      if (from < to) fn(this.items, from, to);
    }
  }

  /** @param {number} wx @param {number} wy @param {number} reach units @returns {number} the nearest seat within reach, or −1 */
  nearest(wx, wy, reach) {
    let best = -1;
    let bestD = reach * reach;
    this.runs({ left: wx - reach, top: wy - reach, right: wx + reach, bottom: wy + reach }, (items, from, to) => {
      for (let k = from; k < to; k++) {
        const i = items[k];
        const d = (this.x[i] - wx) ** 2 + (this.y[i] - wy) ** 2;
        if (d <= bestD) {
          bestD = d;
          best = i;
        }
      }
    });
    return best;
  }
}
