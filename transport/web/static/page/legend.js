import { ACCESSIBLE, COMPANION, RESTRICTED } from './chart.js';
import { h } from './dom.js';
import { show } from './money.js';

/** What the colours and shapes mean, with prices; only of what this chart and event have. */
export function legend(host, chart, event) {
  const used = new Uint8Array(chart.categories.length);
  let flags = 0;
  for (let i = 0; i < chart.n; i++) {
    used[chart.category[i]] = 1;
    flags |= chart.flags[i];
  }
  const categories = chart.categories.map((c, k) => used[k] && category(c, event.prices?.[c.name])).filter(Boolean);
  const state = (name, text) => h('li', {}, h(`span.mark.${name}`, { 'aria-hidden': 'true' }), text);
  host.replaceChildren(
    h('summary', {}, 'Key'),
    h('ul', {}, ...categories,
      state('held', 'Held by someone'), state('booked', 'Sold'), state('blocked', 'Not on sale'), state('selected', 'Your choice'),
      flags & ACCESSIBLE && state('accessible', 'Wheelchair'), flags & COMPANION && state('companion', 'Companion'), flags & RESTRICTED && state('restricted', 'Restricted view')),
  );
}

function category({ name, color }, price) {
  const swatch = h('span.mark', { 'aria-hidden': 'true' });
  swatch.style.backgroundColor = color;
  return h('li', {}, swatch, h('span', {}, name), price && h('b', {}, show(price)));
}
