import { AVAILABLE, STATES } from '../client/packed.js';
import { h, throttled } from './dom.js';
import { show } from './money.js';
import { flagWords } from './words.js';

/**
 * The same seats as a list: sections hold rows, rows hold seats, each made when it is opened and dropped when it is closed,
 * so that 90,000 seats are never 90,000 elements. Within a row the arrow keys move and one seat is in the tab order.
 */
export class SeatList {
  /**
   * @param {HTMLElement} host
   * @param {import('./chart.js').Chart} chart
   * @param {import('./seats.js').Seats} seats
   * @param {object} on
   * @param {(seat: number) => void} on.toggle
   * @param {(seat: number) => void} on.focus   −1 when focus leaves
   * @param {(section: number) => void} on.show
   * @param {(seat: number) => import('./money.js').Money|undefined} on.price
   */
  constructor(host, chart, seats, on) {
    Object.assign(this, { host, chart, seats, on });
    /** @type {Map<number, HTMLButtonElement>} seats on display */
    this.buttons = new Map();
    this.marks = new Map();
    this.stale = new Set();
    this.rowSummaries = new Map();
    this.count = new Intl.NumberFormat();
    this.refresh = throttled(() => this.#refreshCounts(), 400);
    this.sections = chart.sections.map((_, s) => this.#section(s));
    this.#head();
    if (this.sections.length === 1) this.sections[0].details.open = true;
  }

  #head() {
    const filter = h('input', { type: 'search', id: 'find', placeholder: 'Find a section', autocomplete: 'off', oninput: () => this.#filter(filter.value) });
    this.none = h('p.hint', { hidden: true }, 'No section of that name.');
    this.host.replaceChildren(h('label.visually-hidden', { for: 'find' }, 'Find a section by name'), filter, this.none, ...this.sections.map((s) => s.details));
  }

  #filter(text) {
    const wanted = text.trim().toLowerCase();
    let any = false;
    this.sections.forEach(({ details }, s) => {
      details.hidden = !this.chart.sections[s].name.toLowerCase().includes(wanted);
      any ||= !details.hidden;
    });
    this.none.hidden = any;
  }

  // ---- sections

  #section(s) {
    const section = this.chart.sections[s];
    const left = h('span.left');
    const bar = h('span.bar', { 'aria-hidden': 'true' }, h('span.fill'));
    const swatch = h('span.swatch', { 'aria-hidden': 'true' });
    swatch.style.backgroundColor = this.chart.categories[section.category]?.color ?? '';
    const body = h('div.rows');
    const details = h('details.section', {}, h('summary', {}, swatch, h('span.name', {}, section.name), left, bar), body);
    details.addEventListener('toggle', () => this.#openSection(s, details.open, body));
    const entry = { details, left, fill: bar.firstChild };
    this.#count(s, entry);
    return entry;
  }

  #count(s, { left, fill, details }) {
    const n = this.seats.left(s);
    const total = this.chart.sections[s].seats;
    left.textContent = n ? `${this.count.format(n)} left` : 'sold out';
    fill.style.width = `${total ? (100 * n) / total : 0}%`;
    details.classList.toggle('none-left', n === 0);
  }

  #openSection(s, open, body) {
    if (!open) return this.#empty(body);
    if (body.hasChildNodes()) return;
    const section = this.chart.sections[s];
    body.append(h('button.link', { type: 'button', onclick: () => this.on.show(s) }, `Show section ${section.name} on the map`));
    for (const r of section.rows) body.append(this.#row(r));
    if (section.rows.length === 1) body.querySelector('details').open = true;
  }

  // ---- rows

  #row(r) {
    const left = h('span.left');
    const body = h('div.seats', { role: 'group', 'aria-label': `Row ${this.chart.rows[r].name}`, onkeydown: (e) => this.#keys(e, body) });
    const details = h('details.row', {}, h('summary', {}, `Row ${this.chart.rows[r].name}`, left), body);
    details.addEventListener('toggle', () => this.#openRow(r, details.open, body));
    this.rowSummaries.set(r, left);
    this.#countRow(r, left);
    return details;
  }

  #countRow(r, left) {
    const { first, count } = this.chart.rows[r];
    let free = 0;
    for (let i = first; i < first + count; i++) if (this.seats.state[i] === AVAILABLE) free++;
    left.textContent = free ? `${free} of ${count} left` : 'sold out';
  }

  #openRow(r, open, body) {
    if (!open) return this.#empty(body);
    if (body.hasChildNodes()) return;
    const { first, count } = this.chart.rows[r];
    for (let i = first; i < first + count; i++) body.append(this.#seat(i));
    const entry = body.querySelector('[aria-disabled=false]') ?? body.firstChild;
    if (entry) entry.tabIndex = 0;
  }

  /** Drops what a closed section or row showed, and forgets its elements. */
  #empty(body) {
    for (const [i, button] of this.buttons) if (body.contains(button)) this.buttons.delete(i);
    for (const [r, left] of this.rowSummaries) if (body.contains(left)) this.rowSummaries.delete(r);
    body.replaceChildren();
  }

  // ---- seats

  #seat(i) {
    const button = h('button.seat', {
      type: 'button',
      tabIndex: -1,
      onclick: () => this.on.toggle(i),
      onfocus: () => this.#focused(button, i),
      onblur: () => this.on.focus(-1),
    }, this.chart.numbers[i]);
    this.buttons.set(i, button);
    this.#paint(i, button);
    return button;
  }

  #paint(i, button) {
    const mark = this.marks.get(i);
    const state = this.seats.state[i];
    const own = mark === 'selected' || mark === 'mine' || mark === 'booked';
    button.className = `seat is-${mark ?? STATES[state]}`;
    button.setAttribute('aria-pressed', String(own));
    button.setAttribute('aria-disabled', String(state !== AVAILABLE && !own));
    button.setAttribute('aria-label', this.#describe(i, mark, STATES[state]));
  }

  #describe(i, mark, state) {
    const said = { selected: 'chosen', mine: 'held for you', booked: 'booked by you', lost: 'taken by someone else' }[mark] ?? state;
    const price = show(this.on.price(i));
    const category = this.chart.categories[this.chart.category[i]].name;
    return [`Seat ${this.chart.numbers[i]}`, said, category, price, ...flagWords(this.chart.flags[i])].filter(Boolean).join(', ');
  }

  /** What else there is to say of a seat that has the keyboard's focus. @param {number} i @param {string} text */
  describe(i, text) {
    this.buttons.get(i)?.setAttribute('aria-description', text);
  }

  #focused(button, i) {
    for (const sibling of button.parentElement.children) sibling.tabIndex = sibling === button ? 0 : -1;
    this.on.focus(i);
  }

  #keys(event, body) {
    const buttons = [...body.children];
    const at = buttons.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    buttons[Math.max(0, Math.min(buttons.length - 1, to))].focus();
  }

  // ---- what changes

  /** @param {number[]} changed */
  update(changed) {
    for (const i of changed) {
      const button = this.buttons.get(i);
      if (button) this.#paint(i, button);
      this.stale.add(this.chart.section[i]);
    }
    if (changed.length) this.refresh();
  }

  /** @param {Map<number, string>} marks */
  mark(marks) {
    const touched = new Set([...this.marks.keys(), ...marks.keys()]);
    this.marks = marks;
    for (const i of touched) {
      const button = this.buttons.get(i);
      if (button) this.#paint(i, button);
    }
  }

  #refreshCounts() {
    for (const s of this.stale) this.#count(s, this.sections[s]);
    for (const [r, left] of this.rowSummaries) if (this.stale.has(this.chart.rows[r].section)) this.#countRow(r, left);
    this.stale.clear();
  }
}
