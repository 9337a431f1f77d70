import { h } from './dom.js';

const KEPT = 'usher.heat';

/** The button that shows the heat, and what its colours mean. Nothing of it is sent while it is off. */
export class HeatSwitch {
  /**
   * @param {HTMLElement} host
   * @param {object} o
   * @param {(on: boolean) => void} o.onSwitch
   * @param {Storage} [o.store]
   */
  constructor(host, { onSwitch, store }) {
    Object.assign(this, { onSwitch, store });
    this.count = new Intl.NumberFormat();
    this.button = h('button', { type: 'button', id: 'heat', 'aria-pressed': 'false', title: 'Show where others try and look', onclick: () => this.set(!this.on) }, 'Heat');
    this.viewers = h('span.viewers');
    const steps = Array.from({ length: 7 }, (_, k) => h(`i.heat-${k + 1}`));
    this.scale = h('div.heat-scale', { hidden: true }, h('span.heat-steps', { 'aria-hidden': 'true' }, ...steps), h('span', {}, 'quiet'), h('span', {}, 'contested'), this.viewers);
    host.replaceChildren(this.button, this.scale);
    this.on = false;
  }

  /** As it was left the last time. */
  restore() {
    let kept = null;
    try {
      kept = this.store?.getItem(KEPT);
    } catch { /* a browser that keeps nothing */ }
    if (kept === 'on') this.set(true);
  }

  set(on) {
    this.on = on;
    this.button.setAttribute('aria-pressed', String(on));
    this.scale.hidden = !on;
    this.show(0);
    try {
      this.store?.setItem(KEPT, on ? 'on' : 'off');
    } catch { /* a browser that keeps nothing */ }
    this.onSwitch(on);
  }

  /** @param {number} viewers */
  show(viewers) {
    this.viewers.textContent = viewers > 0 ? `${this.count.format(viewers)} looking` : '';
  }
}
