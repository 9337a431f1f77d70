import { Queue } from '../client/queue.js';
import { UsherError } from '../client/errors.js';
import { QueueJoin } from './queuejoin.js';
import { QueueView } from './queueview.js';

/** The events that share the queue: those of the series, unless the event has one of its own. */
function nightsOf(event, others) {
  const shares = (e) => e.waiting_room && (e.waiting_room.scope ?? 'series') === 'series' && e.series === event.series;
  if (!event.series || !shares(event)) return [];
  const list = others.filter(shares);
  return list.some((e) => e.event_id === event.event_id) ? list : [event, ...list];
}

/** @param {import('../usher.js').EventInfo} e */
const nightLabel = (e) => [e.name, e.event_id.split(':').slice(1).join(' ')].filter(Boolean).join(' · ');

/**
 * The waiting room of an event: its panel, and what it means for the rest of the page. Seats can only be looked at until it is
 * one's turn.
 */
export class WaitingRoom {
  /**
   * @param {object} o
   * @param {HTMLElement} o.host
   * @param {import('../usher.js').Usher} o.usher
   * @param {import('../client/live.js').Live} o.live
   * @param {import('../usher.js').EventInfo} o.event
   * @param {import('../usher.js').EventInfo[]} o.others
   * @param {string} o.holderId
   * @param {Storage} o.store
   * @param {import('./clock.js').ServerClock} o.clock
   * @param {string} [o.returnUrl]
   * @param {(url: string) => void} o.go       leaves the page for another
   * @param {(text: string, urgent?: boolean) => void} o.announce
   * @param {() => void} o.onChange
   */
  constructor(o) {
    Object.assign(this, o);
    const nights = nightsOf(o.event, o.others);
    this.shared = nights.length > 0;
    this.queue = new Queue({ ...o, eventId: o.event.event_id, room: this.shared ? `series/${o.event.series}` : `event/${o.event.event_id}`, onChange: () => this.#changed() });
    const tiers = Object.keys(o.event.waiting_room.tiers ?? {}).sort();
    const wish = new QueueJoin({ tiers, nights: nights.map((e) => ({ event_id: e.event_id, label: nightLabel(e) })), eventId: o.event.event_id });
    const entrantsUrl = `${o.usher.base}/v1/events/${encodeURIComponent(o.event.event_id)}/room/entrants`;
    this.view = new QueueView(o.host, { queue: this.queue, clock: o.clock, wish, draw: null, entrantsUrl, opensAt: o.event.onsale_at, announce: o.announce });
    this.host.hidden = false;
    document.addEventListener('visibilitychange', () => this.#enter());
  }

  async start() {
    this.view.render();
    await Promise.all([this.queue.restore(), this.#learnDraw()]);
    this.#changed();
  }

  // ---- what the checkout asks

  isOpen() {
    return this.queue.token !== '';
  }

  token() {
    return this.queue.token;
  }

  knock() {
    this.view.knock();
  }

  /** The server would not take the token: it knows better how that stands. */
  refused() {
    this.queue.ask();
  }

  // ---- what happens

  #changed() {
    if (this.queue.place && this.queue.place.phase !== this.phase) {
      this.phase = this.queue.place.phase;
      this.#learnDraw();
    }
    this.view.render();
    this.onChange();
    this.#enter();
  }

  /** On to the shop, once somebody is there to go: who looks elsewhere keeps the time to begin, and no more. */
  #enter() {
    const { queue, event } = this;
    const { place } = queue;
    if (queue.state !== 'admitted' || this.gone || document.visibilityState === 'hidden') return;
    if (this.returnUrl) return this.#handOver();
    if (place.session_started) return;
    if (place.event_id && place.event_id !== event.event_id) {
      this.gone = true;
      return this.go(`?event=${encodeURIComponent(place.event_id)}`);
    }
    if (this.begun === place.ticket) return; // answered or on its way; a refusal is shown
    this.begun = place.ticket;
    queue.begin();
  }

  /** The address with the token in it is the server's to make: it knows which ones are allowed. */
  #handOver() {
    const { place } = this.queue;
    if (place.redirect_url) {
      this.gone = true;
      return this.go(place.redirect_url);
    }
    if (this.asked === place.ticket) return;
    this.asked = place.ticket;
    this.queue.ask();
  }

  async #learnDraw() {
    if (!this.event.waiting_room.lobby || !this.event.onsale_at || this.view.draw?.seed) return; // without an opening there is no draw
    try {
      this.view.draw = await this.usher.draw(this.event.event_id, { attempts: 2 });
      this.view.render();
    } catch (error) {
      if (!(error instanceof UsherError)) throw error; // what it would have shown is a help, not a need
    }
  }
}
