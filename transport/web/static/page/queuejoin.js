import { h } from './dom.js';

/**
 * What is asked before somebody joins a queue: a tier, where the event has some, and which nights of a series, in which order.
 * It is built once and remembers what was said.
 */
export class QueueJoin {
  /** @param {{tiers: string[], nights: {event_id: string, label: string}[], eventId: string}} o */
  constructor({ tiers, nights, eventId }) {
    this.tiers = tiers;
    this.tier = '';
    // The night whose page this is comes first.
    this.nights = [...nights].sort((a, b) => Number(b.event_id === eventId) - Number(a.event_id === eventId)).map((night) => ({ ...night, wanted: true }));
    this.list = h('ol.nights');
    this.#order();
    this.element = h('div.wish-list', {}, this.tiers.length > 0 && this.#tierSelect(), this.nights.length > 1 && this.#nightList());
  }

  /** @returns {{tier?: string, nights?: string[]}} as the API has it */
  wish() {
    const nights = this.nights.filter((n) => n.wanted).map((n) => n.event_id);
    return { ...(this.tier ? { tier: this.tier } : {}), ...(this.nights.length > 1 ? { nights } : {}) };
  }

  #tierSelect() {
    const option = (value, text) => h('option', { value }, text);
    const select = h('select', { id: 'queue-tier', onchange: () => (this.tier = select.value) }, option('', 'General'), ...this.tiers.map((t) => option(t, t)));
    return h('p.pay', {}, h('label', { for: 'queue-tier' }, 'Queue as'), select);
  }

  #nightList() {
    return h('fieldset', {}, h('legend', {}, 'Which nights, the one you want most first'), this.list);
  }

  #order() {
    this.list.replaceChildren(...this.nights.map((night, k) => this.#night(night, k)));
  }

  #night(night, k) {
    const id = `night-${k}`;
    const box = h('input', { type: 'checkbox', id, checked: night.wanted, onchange: () => this.#want(night, box) });
    const up = h('button.step', { type: 'button', 'data-key': `up-${night.event_id}`, 'aria-label': `${night.label}: one earlier`, disabled: k === 0, onclick: () => this.#move(k) }, '↑');
    return h('li', {}, box, h('label', { for: id }, night.label), up);
  }

  /** At least one night stays wanted. */
  #want(night, box) {
    night.wanted = box.checked || this.nights.every((n) => n === night || !n.wanted);
    box.checked = night.wanted;
  }

  #move(k) {
    const [night] = this.nights.splice(k, 1);
    this.nights.splice(k - 1, 0, night);
    this.#order();
    const moved = this.list.querySelector(`[data-key="${CSS.escape(`up-${night.event_id}`)}"]`);
    (moved?.disabled ? this.list.children[0].querySelector('input') : moved)?.focus();
  }
}
