/** A pointer that rests so long looks at what is under it; one that passes does not. Milliseconds. */
const REST = 150;
/** Between two messages; the server reads 20 a second. */
const GAP = 250;
/** What one focus may name. */
const MOST = 64;

/**
 * What the person looks at, for the event's heat: the seat or section under the pointer or the keyboard's focus, else the
 * seats that are chosen.
 */
export class Focus {
  /**
   * @param {object} o
   * @param {import('./chart.js').Chart} o.chart
   * @param {(at: {seat_ids?: string[], section?: string}|null) => void} o.send
   */
  constructor({ chart, send }) {
    this.chart = chart;
    this.send = send;
    this.target = null;
    this.gone = false;
    this.chosen = [];
    this.sent = { seat: -1, text: 'null' };
    this.sentAt = -GAP;
    /** @type {{viewers: number, chance: number}|null} how what was sent stands */
    this.look = null;
    this.timer = null;
  }

  /** @param {{seat: number, section: number}|null} target */
  hover(target) {
    this.target = target;
    this.#soon();
  }

  /** @param {boolean} away whether the page is not seen at all */
  away(away) {
    this.gone = away;
    this.#soon();
  }

  /** @param {Iterable<number>} seats */
  chose(seats) {
    this.chosen = [...seats].slice(0, MOST);
    this.#soon();
  }

  /** @param {{viewers: number, chance: number}|null} look */
  told(look) {
    this.look = look;
  }

  /** @param {number} seat @returns {{viewers: number, chance: number}|null} how it stands, if that is what is looked at */
  at(seat) {
    return seat >= 0 && this.sent.seat === seat ? this.look : null;
  }

  #wanted() {
    const { target, chart, chosen } = this;
    if (this.gone) return null;
    if (target?.seat >= 0) return { seat_ids: [chart.ids[target.seat]] };
    if (target?.section >= 0) return { section: chart.sections[target.section].name };
    return chosen.length ? { seat_ids: chosen.map((i) => chart.ids[i]) } : null;
  }

  #soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#say(), Math.max(REST, this.sentAt + GAP - performance.now()));
  }

  #say() {
    const at = this.#wanted();
    const text = JSON.stringify(at);
    if (text === this.sent.text) return;
    this.sent = { seat: at ? this.target?.seat ?? -1 : -1, text };
    this.sentAt = performance.now();
    this.look = null;
    this.send(at);
  }
}
