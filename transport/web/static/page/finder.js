import { h } from './dom.js';
import { show } from './money.js';

/** "Find me the best": how many, of which price, together or not. Remembers what was said while the basket is built anew. */
export class Finder {
  /** @param {import('./checkout.js').Checkout} checkout */
  constructor(checkout) {
    this.checkout = checkout;
    this.quantity = Math.min(2, checkout.most);
    this.category = '';
    this.together = true;
    const used = new Set(checkout.chart.category);
    this.categories = checkout.chart.categories.filter((_, k) => used.has(k));
  }

  /** @returns {{quantity: number, category?: string, adjacent?: boolean}} as the API has it */
  wish() {
    return { quantity: this.quantity, ...(this.category ? { category: this.category } : {}), ...(this.together ? {} : { adjacent: false }) };
  }

  /** @returns {HTMLElement} */
  form() {
    const { checkout: c } = this;
    const numbers = Array.from({ length: c.most }, (_, k) => k + 1);
    const quantity = this.#select('best-quantity', numbers.map((n) => [String(n), n === 1 ? '1 seat' : `${n} seats`]), String(this.quantity), (v) => (this.quantity = Number(v)));
    const priced = (name) => [name, show(c.event.prices?.[name])].filter(Boolean).join(' · ');
    const category = this.categories.length > 1 && this.#select('best-category', [['', 'Any price'], ...this.categories.map(({ name }) => [name, priced(name)])], this.category, (v) => (this.category = v));
    const together = h('input', { type: 'checkbox', id: 'best-together', 'data-key': 'best-together', checked: this.together, onchange: () => (this.together = together.checked) });
    return h('form.finder', { 'aria-label': 'Best available', onsubmit: (e) => this.#submit(e) },
      h('h3', {}, 'Best available'),
      h('div.wish', {}, this.#labelled('best-quantity', 'How many', quantity), category && this.#labelled('best-category', 'Which price', category), h('label', { for: 'best-together' }, together, ' side by side')),
      h('button.quiet', { type: 'submit', 'data-key': 'best', disabled: c.busy }, 'Find the best'),
    );
  }

  #submit(event) {
    event.preventDefault();
    this.checkout.holdBest(this.wish());
  }

  #labelled(id, text, control) {
    return h('span', {}, h('label.visually-hidden', { for: id }, text), control);
  }

  #select(id, options, value, set) {
    const select = h('select', { id, 'data-key': id, onchange: () => set(select.value) }, ...options.map(([v, text]) => h('option', { value: v, selected: v === value }, text)));
    return select;
  }
}
