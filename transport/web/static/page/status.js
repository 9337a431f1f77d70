import { h } from './dom.js';

/** Changes a second are a mean over this many seconds. */
const WINDOW = 4;

const WORDS = { live: 'Live', connecting: 'Connecting', reconnecting: 'Reconnecting', polling: 'Live connection lost, refreshing', stale: 'Out of date, trying again', closed: 'Disconnected' };

/** The states in the order of their numbers, and what the strip calls them. */
const COUNTS = { available: 'free', held: 'held', booked: 'sold', blocked: 'blocked' };

/** The strip under the map: is it live, which version, how many of each, how fast it moves. */
export class Status {
  /** @param {HTMLElement} host @param {import('./seats.js').Seats} seats */
  constructor(host, seats) {
    Object.assign(this, { host, seats });
    this.count = new Intl.NumberFormat();
    this.recent = new Array(WINDOW).fill(0);
    this.light = h('span.light', {}, h('span.dot', { 'aria-hidden': 'true' }), h('span.word'));
    this.version = h('span.version', { title: 'Version of the seat map' });
    this.rate = h('span.rate');
    this.counts = Object.entries(COUNTS).map(([name, word]) => h(`span.count.is-${name}`, {}, h('span.key', { 'aria-hidden': 'true' }), h('b', {}), ` ${word}`));
    host.replaceChildren(this.light, ...this.counts, this.rate, this.version);
    this.set('connecting');
    setInterval(() => this.#second(), 1000);
  }

  /** @param {keyof WORDS} state */
  set(state) {
    this.state = state;
    this.host.dataset.state = state;
    this.light.lastChild.textContent = WORDS[state];
  }

  /** @param {number} changes */
  moved(changes) {
    this.recent[0] += changes;
  }

  show() {
    this.version.textContent = this.seats.known ? `v${this.seats.version}` : '';
    this.counts.forEach((span, state) => (span.children[1].textContent = this.seats.known ? this.count.format(this.seats.total[state]) : '–'));
  }

  #second() {
    const rate = this.recent.reduce((a, b) => a + b, 0) / WINDOW;
    this.rate.textContent = `${rate < 10 ? Math.round(rate * 10) / 10 : this.count.format(Math.round(rate))} changes/s`;
    this.recent.pop();
    this.recent.unshift(0);
  }
}
