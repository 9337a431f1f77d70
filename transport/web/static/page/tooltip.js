import { STATES } from '../client/packed.js';
import { h } from './dom.js';
import { show } from './money.js';
import { flagWords, lookWords } from './words.js';

const SAID = { selected: 'In your basket', mine: 'Held for you', booked: 'Your ticket', lost: 'Taken by someone else' };

/** What is under the pointer, in words. The list says the same to those who do not point. */
export class Tooltip {
  /** @param {HTMLElement} host positioned; the tip is placed within it */
  constructor(host, chart, seats, checkout, focus) {
    Object.assign(this, { host, chart, seats, checkout, focus });
    this.tip = h('div.tip', { hidden: true, 'aria-hidden': 'true' });
    host.append(this.tip);
  }

  /** @param {{seat: number, section: number, x: number, y: number}|null} target */
  show(target) {
    this.target = target;
    this.refresh();
  }

  /** What it says may have changed under a pointer that rests. */
  refresh() {
    const { target } = this;
    this.tip.hidden = !target;
    if (!target) return;
    this.tip.replaceChildren(...(target.seat >= 0 ? this.#seat(target.seat) : this.#section(target.section)));
    const { offsetWidth: w, offsetHeight: h } = this.tip;
    const x = Math.max(6, Math.min(this.host.clientWidth - w - 6, target.x - w / 2));
    const above = target.y - h - 18;
    this.tip.style.transform = `translate(${Math.round(x)}px, ${Math.round(above > 6 ? above : target.y + 22)}px)`;
  }

  #seat(i) {
    const { chart, seats, checkout } = this;
    const category = chart.categories[chart.category[i]];
    const state = SAID[checkout.marks().get(i)] ?? STATES[seats.state[i]];
    const extra = flagWords(chart.flags[i]);
    const contested = lookWords(this.focus.at(i));
    return [
      h('strong', {}, `Section ${chart.sections[chart.section[i]].name}`),
      h('span', {}, `Row ${chart.rows[chart.row[i]].name} · Seat ${chart.numbers[i]}`),
      h('span', {}, [category.name, show(checkout.price(i))].filter(Boolean).join(' · ')),
      h('em', {}, [state, ...extra].join(' · ')),
      contested && h('span.contested', {}, contested),
    ];
  }

  #section(s) {
    const { chart, seats } = this;
    const section = chart.sections[s];
    const left = new Intl.NumberFormat().format(seats.left(s));
    return [h('strong', {}, `Section ${section.name}`), h('span', {}, `${left} of ${new Intl.NumberFormat().format(section.seats)} left`), h('em', {}, chart.categories[section.category]?.name ?? '')];
  }
}
