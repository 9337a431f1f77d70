import { PackedMap, Usher, newKey } from './usher.js';
import { AreaList } from './page/arealist.js';
import { Basket } from './page/basket.js';
import { readChart } from './page/chart.js';
import { Checkout } from './page/checkout.js';
import { ServerClock } from './page/clock.js';
import { announcer, h } from './page/dom.js';
import { feed } from './page/feed.js';
import { Focus } from './page/focus.js';
import { HeatLayer } from './page/heatlayer.js';
import { HeatSwitch } from './page/heatswitch.js';
import { legend } from './page/legend.js';
import { SeatList } from './page/list.js';
import { SeatMap } from './page/map.js';
import { Seats } from './page/seats.js';
import { Status } from './page/status.js';
import { Tooltip } from './page/tooltip.js';
import { WaitingRoom } from './page/waiting.js';
import { explain, lookWords } from './page/words.js';

/** While there is nothing to sell yet the page looks again this often, milliseconds. */
const LOOK_AGAIN = 3000;

const $ = (id) => document.getElementById(id);
const usher = new Usher();
const announce = announcer($('polite'), $('urgent'));

/** Who holds: made once, kept by the browser. An account would be better; until there is one, this is as good as the tab. */
function holderId() {
  try {
    const kept = localStorage.getItem('usher.holder');
    if (kept) return kept;
    const made = `web-${newKey()}`;
    localStorage.setItem('usher.holder', made);
    return made;
  } catch {
    return `web-${newKey()}`;
  }
}

/** @returns {string|undefined} a parameter of the page's address */
function parameter(name) {
  return new URLSearchParams(location.search).get(name) || undefined;
}

/** The event of `?event=`, else the first that is on sale. @returns {Promise<{event: import('./usher.js').EventInfo, others: object[]}>} */
async function chooseEvent() {
  const wanted = parameter('event');
  const { items } = await usher.events({ limit: 100 });
  if (wanted) return { event: await usher.event(wanted), others: items };
  while (items.length === 0) {
    say('No event is on sale yet.', 'This page looks again by itself.');
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
    items.push(...(await usher.events({ limit: 100 })).items);
  }
  return { event: await usher.event(items[0].event_id), others: items };
}

function say(title, text = '') {
  $('curtain').hidden = false;
  $('curtain').replaceChildren(h('strong', {}, title), h('span', {}, text));
}

function showHead(event, others) {
  const when = new Date(event.starts_at ?? NaN);
  const zone = event.timezone || 'UTC';
  $('event-name').textContent = event.name || event.event_id;
  $('event-when').textContent = Number.isNaN(when.getTime()) ? event.event_id : new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: 'numeric', minute: '2-digit', timeZone: zone }).format(when);
  document.title = `${event.name || event.event_id} · Usher`;
  if (others.length < 2) return;
  const label = (e) => `${e.name || e.event_id} · ${e.event_id.split(':').slice(1).join(' ')}`;
  const list = others.some((e) => e.event_id === event.event_id) ? others : [event, ...others];
  const picker = h('select', { id: 'picker', onchange: () => (location.search = `?event=${encodeURIComponent(picker.value)}`) }, ...list.map((e) => h('option', { value: e.event_id, selected: e.event_id === event.event_id }, label(e))));
  $('pick').replaceChildren(h('label.visually-hidden', { for: 'picker' }, 'Another event'), picker);
}

/** Builds the page around one event and connects its parts. */
async function open(event, others) {
  showHead(event, others);
  say('Drawing the house…');
  const chart = readChart(await usher.chart(event.chart_id, { sha256: event.chart_sha256 }));
  const seats = new Seats(chart);
  const live = usher.live();
  const clock = new ServerClock();
  const status = new Status($('status'), seats);
  const holder = holderId();
  const room = event.waiting_room
    ? new WaitingRoom({ host: $('queue'), usher, live, event, others, holderId: holder, store: localStorage, clock, returnUrl: parameter('return_url'), go: (url) => location.assign(url), announce, onChange: () => paint() })
    : null;
  const checkout = new Checkout({ usher, live, event, chart, seats, clock, holderId: holder, session: sessionStorage, store: localStorage, announce, admission: room, onChange: () => paint() });
  const list = new SeatList($('list'), chart, seats, { toggle: (i) => checkout.toggle(i), focus: (i) => focusSeat(i), show: (s) => map.showSection(s), price: (i) => checkout.price(i) });
  const focus = new Focus({ chart, send: (at) => live.focus(event.event_id, at) });
  const tooltip = new Tooltip($('stage'), chart, seats, checkout, focus);
  const heat = new HeatLayer(chart);
  const map = new SeatMap($('map'), chart, seats, { onSeat: (i) => checkout.toggle(i), onArea: (k) => checkout.addPlaces(k, 1), onHover: (target) => point(target) }, heat);
  const basket = new Basket($('basket'), checkout, (i) => map.showSeat(i));
  const areas = new AreaList($('areas'), chart, checkout);
  $('map').seatMap = map; // for browser tests and for measuring: $('map').seatMap.measure()

  function paint() {
    const marks = checkout.marks();
    map.mark(marks);
    list.mark(marks);
    basket.render();
    areas.render();
    const outside = !checkout.isOpen();
    $('basket').hidden = outside && checkout.phase === 'choosing' && checkout.tickets.length === 0;
    $('areas').hidden = outside || chart.areas.length === 0;
    tooltip.refresh();
    focus.chose(checkout.choice.selection);
  }
  function point(target) {
    tooltip.show(target);
    focus.hover(target);
  }
  function focusSeat(i) {
    focus.hover(i < 0 ? null : { seat: i, section: chart.section[i] });
    map.point(i);
    if (i >= 0) map.showSeat(i);
  }
  function changed(indexes, first) {
    checkout.seatsChanged(indexes);
    const others = indexes.filter((i) => !checkout.isOwn(i));
    if (!first) status.moved(indexes.length);
    map.patch(indexes);
    if (!first) map.flash(others);
    list.update(indexes);
    tooltip.refresh();
    status.show();
    document.body.dataset.version = String(seats.version);
  }

  legend($('legend'), chart, event);
  const wide = matchMedia('(min-width: 821px)'); // as in style.css: a bar where there is room, a fold on phones
  const fold = () => ($('legend').open = wide.matches);
  wide.addEventListener('change', fold);
  fold();
  wireButtons(map);
  wireHeat({ live, event, chart, map, heat, focus, tooltip, list });
  paint();
  feed({
    usher, live, event,
    onMap: (packed, version) => {
      const first = !seats.known;
      const moved = seats.replace(new PackedMap(chart.n, packed.slice(0, Math.ceil(chart.n / 4))), version);
      changed(first ? Array.from(seats.state.keys()) : moved, first);
      $('curtain').hidden = true;
    },
    onDelta: (changes, version) => changed(seats.apply(changes, version), false),
    onAreas: (left) => {
      checkout.areasChanged(left);
      areas.render();
      map.areas();
    },
    onDelayed: (delayed) => {
      if ($('delayed').hidden !== delayed) return;
      $('delayed').hidden = !delayed;
      announce(delayed ? 'Live data is delayed. Seats may be gone that are shown as free.' : 'Live data is current again.');
    },
    onState: (state) => {
      status.set(state);
      document.body.dataset.live = state;
    },
    onError: (error) => !seats.known && say('This event cannot be shown.', error.message ?? ''),
  });
  await room?.start(); // before the hold, whose request may have to be shown the admission
  await checkout.restore();
}

function wireButtons(map) {
  $('zoom-in').onclick = () => map.zoom(1.7);
  $('zoom-out').onclick = () => map.zoom(1 / 1.7);
  $('zoom-all').onclick = () => map.showAll();
}

/** The heat is only asked for while it is shown. */
function wireHeat({ live, event, chart, map, heat, focus, tooltip, list }) {
  let watch = null;
  const onHeat = (h) => {
    map.warm(heat.update(h));
    toggle.show(h.viewers);
    focus.told(h.focus);
    tooltip.refresh();
    if (focus.sent.seat >= 0) list.describe(focus.sent.seat, lookWords(h.focus));
  };
  const toggle = new HeatSwitch($('heat-box'), {
    store: localStorage,
    onSwitch: (on) => {
      map.showHeat(on);
      watch?.close();
      watch = on ? live.watchEvent(event.event_id, { heat: true, onHeat }) : null;
      if (!on) focus.told(null);
    },
  });
  // Who has turned to another tab looks at nothing here.
  document.addEventListener('visibilitychange', () => focus.away(document.visibilityState === 'hidden'));
  toggle.restore();
}

async function start() {
  for (;;) {
    try {
      const { event, others } = await chooseEvent();
      return await open(event, others);
    } catch (error) {
      if (error.name !== 'UsherError') {
        say('This page has a fault.', String(error.message ?? error));
        throw error;
      }
      say(error.status === 404 ? 'There is no such event.' : 'The box office does not answer.', explain(error, false));
      if (!error.retryable) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
    }
  }
}

start();
