import { h } from './dom.js';
import { show } from './money.js';

/** Standing areas as a list: what is left of each, and how many places one wants. Hidden where there are none. */
export class AreaList {
  /**
   * @param {HTMLElement} host
   * @param {import('./chart.js').Chart} chart
   * @param {import('./checkout.js').Checkout} checkout
   */
  constructor(host, chart, checkout) {
    Object.assign(this, { host, chart, checkout });
    this.count = new Intl.NumberFormat();
    this.lines = chart.areas.map((_, k) => this.#line(k));
    host.hidden = this.lines.length === 0;
    host.replaceChildren(h('h2', { id: 'areas-title' }, 'Standing'), h('ul', {}, ...this.lines.map((l) => l.item)));
    this.render();
  }

  #line(k) {
    const area = this.chart.areas[k];
    const swatch = h('span.swatch', { 'aria-hidden': 'true' });
    swatch.style.backgroundColor = this.chart.categories[area.category]?.color ?? '';
    const left = h('small');
    const wanted = h('output', { 'aria-label': `Places in ${area.name}`, 'aria-live': 'polite' }, '0');
    const button = (sign, by, what) => h('button.step', { type: 'button', 'aria-label': `${what} in ${area.name}`, onclick: () => this.checkout.addPlaces(k, by) }, sign);
    const [fewer, more] = [button('−', -1, 'One place fewer'), button('+', 1, 'One place more')];
    const item = h('li.area', {}, swatch, h('span.where', {}, h('strong', {}, area.name), left), h('span.price', {}, show(this.checkout.areaPrice(k))), h('span.steps', {}, fewer, wanted, more));
    return { item, left, wanted, fewer, more };
  }

  render() {
    const { choice: { standing }, phase, busy } = this.checkout;
    this.lines.forEach((line, k) => {
      const left = standing.left(k);
      const n = standing.chosen.get(k) ?? 0;
      line.left.textContent = left ? `${this.count.format(left)} left` : 'sold out';
      line.wanted.textContent = String(n);
      line.item.classList.toggle('none-left', left === 0);
      line.fewer.disabled = busy || phase !== 'choosing' || n === 0;
      line.more.disabled = busy || phase !== 'choosing' || n >= left;
    });
  }
}
