import { UsherError } from './errors.js';

/** How often the place is asked for while there is no live connection, milliseconds. */
const POLL_EVERY = 5000;

/** What is a ticket's own; all else of a place is replaced with every word of the server. */
const OWN = ['ticket', 'entrant', 'tier', 'event_id', 'events'];

/**
 * @typedef {object} Place  a ticket as the server tells of it
 * @property {string} ticket
 * @property {"lobby"|"waiting"|"admitted"|"expired"|"left"} state
 * @property {string} [reason]         of expired: not_used, timed_out; of left: booked, left, unknown
 * @property {string} event_id         the event to go to
 * @property {string[]} [events]       the wanted nights of a series
 * @property {string} [tier]
 * @property {string} [entrant]        the hashed id in the list of the draw
 * @property {number} [drawn_place]    from 1, in its lane
 * @property {"before"|"drawing"|"line"} phase
 * @property {string} [opens_at]
 * @property {number} [in_lobby]
 * @property {number} [position]       from 1
 * @property {number} [ahead]
 * @property {{low: number, high: number}} [eta_seconds]  absent while nobody can tell
 * @property {number} rate_per_minute
 * @property {boolean} [paused]
 * @property {string} [paused_reason]
 * @property {boolean} [nothing_left]  of what it waits for, at the moment
 * @property {string} [milestone]      next_1000, next_100, next_10 or next: just crossed
 * @property {string} [admission_token]
 * @property {string} [expires_at]     until when the session has to begin, or lasts
 * @property {boolean} [session_started]
 * @property {string} [redirect_url]
 * @property {string} server_time
 */

/**
 * One shopper's place in a queue: joined, remembered, followed, given up, without a word about how it looks.
 *
 *     none → lobby → waiting → admitted → left, expired
 *
 * The ticket is in the store, which a browser keeps and its tabs share: who closes the tab keeps the place, and another tab has
 * the same. Invariant: a ticket that is followed is the one in the store; who is in none follows nothing.
 */
export class Queue {
  /**
   * @param {object} o
   * @param {import('../usher.js').Usher} o.usher
   * @param {import('./live.js').Live} o.live
   * @param {string} o.eventId
   * @param {string} o.holderId
   * @param {string} [o.room]       what the place is remembered by: of a series' events, the same; default: the event
   * @param {Storage} o.store
   * @param {string} [o.returnUrl]  where an admitted shopper is sent, if the event allows it
   * @param {() => void} o.onChange
   * @param {number} [o.pollEvery]  milliseconds
   */
  constructor(o) {
    Object.assign(this, { room: o.eventId, pollEvery: POLL_EVERY, ...o });
    /** @type {Place|null} */
    this.place = null;
    /** The first position that was seen: what progress is measured from. */
    this.first = 0;
    /** The last milestone that was told of. */
    this.milestone = '';
    this.busy = false;
    /** @type {UsherError|null} of what was asked for last */
    this.error = null;
    this.watch = null;
    this.timer = null;
    this.key = `usher.queue.${this.room}`;
    this.onStorage = (e) => e.key === this.key && this.#otherTab();
    globalThis.addEventListener?.('storage', this.onStorage);
  }

  /** @returns {"none"|Place["state"]} */
  get state() {
    return this.place?.state ?? 'none';
  }

  get waits() {
    return this.state === 'lobby' || this.state === 'waiting';
  }

  /** What has to be shown with a reservation; '' while not admitted. */
  get token() {
    return this.state === 'admitted' ? this.place.admission_token ?? '' : '';
  }

  /** From 0, where the first position was seen, to 1. */
  get progress() {
    if (this.state === 'admitted') return 1;
    const { position } = this.place ?? {};
    if (!position || this.first < 2) return 0;
    return Math.min(1, Math.max(0, (this.first - position) / this.first));
  }

  /** Goes on with the place that was remembered, if there is one. */
  async restore() {
    const kept = this.#kept();
    if (!kept) return;
    this.first = kept.first ?? 0;
    await this.ask(kept.ticket);
  }

  /** Takes a place, or the one that the holder has. @param {{tier?: string, nights?: string[]}} [wish] */
  async join({ tier, nights } = {}) {
    await this.#act(async () => {
      const wish = { holder_id: this.holderId, tier: tier || undefined, nights: nights?.length ? nights : undefined, return_url: this.returnUrl || undefined };
      const place = await this.usher.joinQueue(this.eventId, wish);
      this.#drop();
      this.first = 0;
      this.#hear(place);
    });
  }

  /** Gives the place up, or ends the admission. */
  async leave() {
    const { ticket } = this.place ?? {};
    if (!ticket) return;
    await this.#act(async () => {
      await this.usher.leaveQueue(ticket);
      this.#forget();
    });
  }

  /** Begins the session of an admission that is not begun, so that its time does not run out while seats are chosen. */
  async begin() {
    if (this.state !== 'admitted' || this.place.session_started || this.busy) return;
    await this.#act(async () => {
      const { ticket } = this.place;
      const session = await this.usher.verifyAdmission({ event_id: this.eventId, holder_id: this.holderId, admission_token: this.token, start: true });
      if (this.place?.ticket === ticket && this.state === 'admitted') this.place = { ...this.place, session_started: true, expires_at: session.expires_at, server_time: session.server_time ?? this.place.server_time };
    });
    if (this.error?.status === 403) await this.ask();
  }

  /** Asks how it stands, where the live connection may not have told. @param {string} [ticket] */
  async ask(ticket = this.place?.ticket) {
    if (!ticket) return;
    try {
      const news = await this.usher.queue(ticket, { returnUrl: this.returnUrl, attempts: 2 });
      if (this.#isOurs(ticket)) this.#hear(news);
    } catch (error) {
      if (!(error instanceof UsherError)) throw error;
      if (!this.#isOurs(ticket)) return;
      if (error.status === 404) this.#forget();
      else this.#failed(error, ticket);
    }
    this.onChange();
  }

  /** An answer may be of a place that was given up while it was on its way. */
  #isOurs(ticket) {
    return !this.place || this.place.ticket === ticket;
  }

  /** Follows no more; the place stays. */
  close() {
    this.#drop();
    globalThis.removeEventListener?.('storage', this.onStorage);
  }

  // ---- what the server says

  /** @param {Place} news  of a ticket, or what all in the lobby are told alike, which names none */
  #hear(news) {
    const { place } = this;
    const same = place && (!news.ticket || news.ticket === place.ticket);
    if (same && Date.parse(news.server_time) < Date.parse(place.server_time)) return; // overtaken on its way
    const own = same ? Object.fromEntries(OWN.filter((name) => place[name] !== undefined).map((name) => [name, place[name]])) : {};
    this.place = { ...own, ...news };
    if (news.milestone) this.milestone = news.milestone;
    if (this.state !== 'waiting') this.milestone = '';
    if (this.place.position > this.first) this.first = this.place.position;
    this.#keep();
    if (this.waits || this.state === 'admitted') this.#follow();
    else this.#drop();
    this.onChange();
  }

  #follow() {
    const { ticket } = this.place;
    if (this.#followed === ticket) return;
    this.#drop();
    this.#followed = ticket;
    this.watch = this.live.watchTicket(ticket, (q) => this.#followed === ticket && this.#hear(q), () => this.ask(ticket));
    const poll = async () => {
      if (this.live.state !== 'live') await this.ask(ticket);
      if (this.#followed === ticket) this.timer = setTimeout(poll, this.pollEvery);
    };
    this.timer = setTimeout(poll, this.pollEvery);
  }

  #followed = '';

  #drop() {
    this.#followed = '';
    clearTimeout(this.timer);
    this.watch?.close();
    this.watch = null;
  }

  /** What could not be answered now is asked again by the poll, if the ticket is followed; one from the store is not yet. */
  #failed(error, ticket) {
    this.error = error;
    if (this.#followed || !error.retryable) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(ticket), this.pollEvery);
  }

  // ---- what the browser keeps

  #otherTab() {
    const kept = this.#kept();
    if (!kept) {
      this.#drop();
      this.place = null;
      this.onChange();
    } else if (kept.ticket !== this.place?.ticket) {
      this.#drop();
      this.place = null;
      this.first = kept.first ?? 0;
      this.ask(kept.ticket);
    }
  }

  #kept() {
    try {
      const kept = JSON.parse(this.store.getItem(this.key) ?? 'null');
      return kept?.ticket ? kept : null;
    } catch {
      return null; // someone else's writing, or storage switched off: as if there were nothing
    }
  }

  #keep() {
    const text = JSON.stringify({ ticket: this.place.ticket, first: this.first });
    if (text === this.written) return;
    this.written = text;
    try {
      this.store.setItem(this.key, text);
    } catch {
      // A full or forbidden storage costs the place's survival of the tab; the holder's name still finds it.
    }
  }

  #forget() {
    this.#drop();
    this.place = null;
    this.first = 0;
    this.written = '';
    try {
      this.store.removeItem(this.key);
    } catch {
      // as above
    }
  }

  async #act(fn) {
    if (this.busy) return;
    this.busy = true;
    this.error = null;
    this.onChange();
    try {
      await fn();
    } catch (error) {
      if (!(error instanceof UsherError)) throw error;
      this.error = error;
      if (error.code === 'unknown_ticket') this.#forget();
    } finally {
      this.busy = false;
      this.onChange();
    }
  }
}
