import { h } from './dom.js';
import { minutes } from './clock.js';
import { Finder } from './finder.js';
import { show, sum } from './money.js';
import { countPlaces, placesOf } from './standing.js';
import { countWord, flagWords, together } from './words.js';

/** The last minute is shown as such. */
const HURRY = 60_000;

/**
 * The basket panel: shows what a Checkout holds and passes on what is pressed. It is built anew at every change, which is
 * rare; only the countdown ticks, in place.
 */
export class Basket {
  /**
   * @param {HTMLElement} host
   * @param {import('./checkout.js').Checkout} checkout
   * @param {(seat: number) => void} onShow
   */
  constructor(host, checkout, onShow) {
    Object.assign(this, { host, checkout, onShow });
    this.payment = 'succeed';
    this.finder = new Finder(checkout);
    setInterval(() => this.#tick(), 250);
  }

  render() {
    const { checkout: c } = this;
    const focused = this.host.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.host.dataset.phase = c.phase;
    this.host.setAttribute('aria-busy', String(c.busy));
    this.host.replaceChildren(
      ...[this.#title(), c.phase === 'held' && this.#countdown(), this.#notice(), this.#instead(), this.#seats(), this.#lost(), this.#alternatives(), this.#again(), this.#total(), this.#payment(), this.#actions(), this.#routing(), this.#finder(), this.#tickets()].filter(Boolean),
    );
    // Rebuilding must not throw the keyboard back to the top of the page.
    if (focused) (this.host.querySelector(`[data-key="${CSS.escape(focused)}"]`) ?? this.host.querySelector('button'))?.focus();
    this.#tick();
  }

  #title() {
    const { checkout: c } = this;
    if (c.phase === 'choosing' && !c.isOpen()) return h('h2', { id: 'basket-title' }, 'Your tickets');
    const text = { choosing: c.choice.total ? `Your choice: ${countWord(c.choice.selection.size, c.choice.standing.total)}` : 'Choose your seats', holding: 'Holding your seats…', held: `Held for you: ${c.held.word()}`, paying: 'Paying…', booked: 'You are going!' }[c.phase];
    return h('h2', { id: 'basket-title' }, text);
  }

  #countdown() {
    this.timer = h('span.timer', { role: 'timer', 'aria-label': 'Time left to book' });
    this.meter = h('span.meter', { 'aria-hidden': 'true' }, h('span'));
    const extend = this.#button('extend', 'More time', () => this.checkout.extend(), 'quiet');
    return h('div.countdown', {}, this.timer, h('span', {}, 'left to book'), extend, this.meter);
  }

  #tick() {
    const { checkout: c } = this;
    if (c.phase !== 'held' || !this.timer) return;
    const left = c.clock.left(c.held.hold.expires_at);
    this.timer.textContent = minutes(left);
    this.timer.classList.toggle('hurry', left < HURRY);
    this.meter.firstChild.style.width = `${Math.min(100, (100 * left) / ((c.event.hold_seconds ?? 480) * 1000))}%`;
    if (left < HURRY && this.warned !== c.held.hold.expires_at) {
      this.warned = c.held.hold.expires_at;
      if (left > 0) c.announce('Less than a minute left to book your seats.', true);
    }
    // Half a second of grace: the server's own word, by the live connection, should be first.
    if (left === 0 && this.asked !== c.held.hold.expires_at) {
      this.asked = c.held.hold.expires_at;
      setTimeout(() => c.ranOut(), 500);
    }
  }

  #notice() {
    const { notice } = this.checkout;
    return notice && h(`p.notice.${notice.kind}`, {}, notice.text);
  }

  /** What was got in place of what was wanted. */
  #instead() {
    const lines = this.checkout.phase === 'held' ? this.checkout.held.instead() : [];
    return lines.length > 0 && h('div.notice.info.instead', {}, ...lines.map((text) => h('p', {}, text)));
  }

  /** Which pattern the router picked, for the curious. */
  #routing() {
    const { held: { hold }, phase } = this.checkout;
    return phase === 'held' && hold.routing && h('p.routing', {}, `${hold.routing.pattern.replaceAll('_', ' ')}: ${hold.routing.because}`);
  }

  #finder() {
    const { checkout: c } = this;
    return c.phase === 'choosing' && c.isOpen() && c.choice.total === 0 && this.finder.categories.length > 0 && this.finder.form();
  }

  #seats() {
    const { checkout: c } = this;
    if (c.phase === 'booked') return this.#confirmation();
    const [seats, standing] = c.choice.total ? [[...c.choice.selection], c.choice.standing.chosen] : [c.held.seats, c.held.places];
    if (seats.length === 0 && standing.size === 0) {
      return c.phase === 'choosing' && c.isOpen() && c.choice.lost.size === 0 && !c.choice.again.length && h('p.hint', {}, `Click a section to come closer, then the seats you want: ${c.most} at most. Prefer a list? It is just below.`);
    }
    return h('ul.chosen', {}, ...seats.map((i) => this.#line(i, c.choice.selection.has(i))), ...this.#places(standing, c.choice.total > 0));
  }

  /** @param {Map<number, number>} standing */
  #places(standing, removable) {
    const { checkout: c } = this;
    return [...standing].map(([k, n]) => {
      const { name, category } = c.chart.areas[k];
      const swatch = h('span.swatch', { 'aria-hidden': 'true' });
      swatch.style.backgroundColor = c.chart.categories[category].color;
      const price = c.areaPrice(k);
      return h('li', {},
        swatch,
        h('span.where', {}, h('strong', {}, name), h('small', {}, `standing, ${countWord(0, n)}`)),
        h('span.price', {}, show(price && { ...price, amount: price.amount * n })),
        removable && h('button.remove', { type: 'button', 'data-key': `fewer-${k}`, 'aria-label': `One place fewer in ${name}`, disabled: c.busy, onclick: () => c.addPlaces(k, -1) }, '−'),
      );
    });
  }

  #line(i, removable) {
    const { checkout: c } = this;
    const { chart } = c;
    const category = chart.categories[chart.category[i]];
    const swatch = h('span.swatch', { 'aria-hidden': 'true' });
    swatch.style.backgroundColor = category.color;
    const where = `${chart.sections[chart.section[i]].name} · row ${chart.rows[chart.row[i]].name} · seat ${chart.numbers[i]}`;
    const details = [category.name, ...flagWords(chart.flags[i])].join(', ');
    return h('li', {},
      swatch,
      h('button.where', { type: 'button', 'data-key': `show-${i}`, title: 'Show on the map', onclick: () => this.onShow(i) }, h('strong', {}, where), h('small', {}, details)),
      h('span.price', {}, show(c.price(i))),
      removable && h('button.remove', { type: 'button', 'data-key': `remove-${i}`, 'aria-label': `Remove ${where}`, disabled: c.busy, onclick: () => c.toggle(i) }, '×'),
    );
  }

  #lost() {
    const { checkout: c } = this;
    if (c.choice.lost.size === 0) return null;
    const { chart } = c;
    const line = (i) => h('li', {}, h('s', {}, `${chart.sections[chart.section[i]].name} · row ${chart.rows[chart.row[i]].name} · seat ${chart.numbers[i]}`), ' ', h('small', {}, 'taken by someone else'));
    return h('div.lost', {}, h('h3', {}, 'No longer yours to choose'), h('ul', {}, ...[...c.choice.lost.keys()].map(line)));
  }

  #alternatives() {
    const { checkout: c } = this;
    const offers = c.choice.alternatives.filter((a) => a.length > 0);
    if (offers.length === 0 && c.choice.suggested.length === 0) return null;
    const name = (ids) => together(c.chart, c.chart.seatsOf(ids));
    const instead = c.choice.suggested.length > 0 && this.#button('suggested', `Take ${name(c.choice.suggested.map((s) => s.got))} instead of ${name(c.choice.suggested.map((s) => s.wanted))}`, () => c.takeSuggested(), 'quiet');
    return h('div.offers', {}, h('h3', {}, 'Close by and free'), instead, ...offers.map((ids, k) => this.#button(`offer-${k}`, `Take ${name(ids)}`, () => c.takeAlternative(ids), 'quiet')));
  }

  #again() {
    const { checkout: c } = this;
    if (c.phase !== 'choosing' || c.choice.again.length === 0 || c.choice.total > 0) return null;
    return this.#button('again', 'Choose the same seats again', () => c.choose(c.choice.again), 'quiet');
  }

  #total() {
    const { checkout: c } = this;
    const [seats, standing] = c.choice.total ? [[...c.choice.selection], c.choice.standing.chosen] : c.phase === 'booked' ? [[], new Map()] : [c.held.seats, c.held.places];
    if (seats.length === 0 && standing.size === 0) return null;
    const total = sum([...seats.map((i) => c.price(i)), ...[...standing].flatMap(([k, n]) => Array(n).fill(c.areaPrice(k)))]);
    return total && h('p.total', {}, h('span', {}, 'Total'), h('strong', {}, total.map(show).join(' + ')));
  }

  #payment() {
    if (this.checkout.phase !== 'held') return null;
    const option = (value, text) => h('option', { value, selected: this.payment === value }, text);
    const select = h('select', { id: 'payment', 'data-key': 'payment', onchange: () => (this.payment = select.value) }, option('succeed', 'Test card that works'), option('decline', 'Test card that is declined'), option('late', 'Test card that answers late'));
    return h('div.pay', {}, h('label', { for: 'payment' }, 'Pay with'), select);
  }

  #actions() {
    const { checkout: c } = this;
    const box = (...buttons) => h('div.actions', {}, ...buttons);
    if (c.phase === 'held') return box(this.#button('book', 'Book now', () => c.book(this.#method()), 'primary'), this.#button('release', 'Release', () => c.release(), 'quiet'));
    if (c.phase === 'choosing' && c.choice.total) return box(this.#button('hold', `Hold ${countWord(c.choice.selection.size, c.choice.standing.total)}`, () => c.holdSeats(), 'primary'), this.#button('clear', 'Clear', () => c.clear(), 'quiet'));
    if (c.phase === 'holding' || c.phase === 'paying') return box(h('button.primary', { type: 'button', disabled: true }, c.phase === 'paying' ? 'Paying…' : 'Holding…'));
    if (c.phase === 'booked' && c.isOpen()) return box(this.#button('more', 'Choose more seats', () => { c.phase = 'choosing'; c.clear(); }, 'quiet'));
    return null;
  }

  #method() {
    return this.payment === 'succeed' ? { method: 'sandbox' } : { method: 'sandbox', outcome: this.payment, ...(this.payment === 'late' ? { delay_ms: 12_000 } : {}) };
  }

  #confirmation() {
    const { booking, chart } = this.checkout;
    const seats = chart.seatsOf(booking.seat_ids);
    return h('div.confirmation', {},
      h('ul.chosen', {}, ...seats.map((i) => this.#line(i, false)), ...this.#places(placesOf(chart, booking.areas), false)),
      booking.amount && h('p.total', {}, h('span', {}, 'Paid'), h('strong', {}, show(booking.amount))),
      booking.booking_id && h('p.reference', {}, 'Booking ', h('code', {}, booking.booking_id)),
    );
  }

  #tickets() {
    const { checkout: c } = this;
    if (c.tickets.length === 0) return null;
    const standing = (t) => (t.areas ?? []).map((a) => `${a.area_id} × ${a.quantity}`);
    const line = (t) => h('li', {}, h('span', {}, [...t.seats, ...standing(t)].join(', ')), t.booking_id && this.#button(`cancel-${t.booking_id}`, 'Cancel and refund', () => c.cancel(t), 'link'));
    return h('details.tickets', { open: this.ticketsOpen, ontoggle: (e) => (this.ticketsOpen = e.target.open) }, h('summary', {}, `Your tickets for this event (${c.tickets.reduce((n, t) => n + t.seats.length + countPlaces(placesOf(c.chart, t.areas)), 0)})`), h('ul', {}, ...c.tickets.map(line)));
  }

  #button(key, text, onclick, kind) {
    return h(`button.${kind}`, { type: 'button', 'data-key': key, disabled: this.checkout.busy, onclick }, text);
  }
}
