/**
 * Usher's client, without dependencies, for browsers and for node 20 or later:
 *
 *     import { Usher, UsherError } from 'https://tickets.example.com/usher.js';
 *
 *     const usher = new Usher({ base: 'https://tickets.example.com' });
 *     const watch = usher.live().watchEvent('wembley:2024-08-16:19:30', {
 *       onSnapshot: ({ map, version }) => draw(map.unpack()),
 *       onDelta: ({ seats }) => seats.forEach(([index, state]) => repaint(index, state)),
 *       onStale: () => dim(),
 *     });
 *     try {
 *       const hold = await usher.reserve({ event_id, seat_ids: ['127-12-14', '127-12-15'], holder_id });
 *       const booking = await usher.book({ hold_id: hold.hold_id, fencing_token: hold.fencing_token, payment: { method: 'sandbox' } });
 *     } catch (error) {
 *       if (error instanceof UsherError && error.code === 'seats_unavailable') offer(error.alternatives);
 *     }
 *
 * Every write carries an Idempotency-Key and is repeated with it, so a call never executes twice however often it is sent.
 */
import { Http } from './client/http.js';
import { Live } from './client/live.js';
import { UsherError } from './client/errors.js';

export { UsherError } from './client/errors.js';
export { Live } from './client/live.js';
export { HeatMap, MAX_CLASS } from './client/heat.js';
export { Queue } from './client/queue.js';
export { PackedMap, STATES, AVAILABLE, HELD, BOOKED, BLOCKED } from './client/packed.js';
export { decodeFrame } from './client/frames.js';
export { newKey } from './client/backoff.js';

/**
 * @typedef {{amount: number, currency: string}} Money  in minor units
 *
 * @typedef {object} EventInfo
 * @property {string} event_id
 * @property {string} chart_id
 * @property {string} [chart_sha256]
 * @property {string} [name]
 * @property {string} starts_at
 * @property {string} [timezone]
 * @property {Record<string, Money>} [prices]  by category
 * @property {number} version
 * @property {{total: number, available: number, held: number, booked: number, blocked: number}} seats
 * @property {{area_id: string, capacity: number, free: number, held: number, booked: number}[]} [areas]  standing areas, in chart order
 * @property {"direct"|"skip_locked"|"optimistic"|"lease"|"queue"|"auto"} strategy
 * @property {{per_holder: number}} [limits]
 * @property {string} [series]
 * @property {string} [onsale_at]
 * @property {{max_active: number, new_per_minute: number, session_seconds: number, first_use_seconds: number, lobby: boolean,
 *             tiers?: Record<string, string>, scope?: "event"|"series", return_urls?: string[]}} [waiting_room]
 *
 * @typedef {object} Hold
 * @property {string} hold_id
 * @property {string} event_id
 * @property {string[]} seat_ids
 * @property {string} holder_id
 * @property {"held"|"paying"|"booked"|"released"|"expired"} status
 * @property {number} fencing_token
 * @property {string} expires_at
 * @property {string} server_time
 * @property {number} version
 * @property {{area_id: string, quantity: number}[]} [areas]
 * @property {HoldItem[]} [items]  of several events; event_id, seat_ids and fencing_token are then the first one's
 * @property {{wanted: string, got: string}[]} [substituted]
 * @property {{pattern: string, because: string}} [routing]
 * @property {"lease"} [mode]
 *
 * @typedef {{event_id: string, seat_ids: string[], areas?: {area_id: string, quantity: number}[], fencing_token: number, version: number}} HoldItem
 *
 * @typedef {object} Wanted  of one event: seat_ids, or best; with or without areas, or those alone
 * @property {string} event_id
 * @property {string[]} [seat_ids]
 * @property {{quantity: number, category?: string, section?: string, near?: string|{x: number, y: number}, adjacent?: boolean,
 *             across_aisle?: boolean, accessible?: number, companion?: number}} [best]
 * @property {{area_id: string, quantity: number}[]} [areas]
 * @property {{seat_id: string, version: number}[]} [expected]  what seatList told with `versions`
 * @property {number} [if_version]
 * @property {string} [channel_key]
 *
 * @typedef {object} Booking
 * @property {string} booking_id
 * @property {string} hold_id
 * @property {string} event_id
 * @property {string[]} seat_ids
 * @property {string} payment_id
 * @property {Money} [amount]
 * @property {string} status
 * @property {string} booked_at
 *
 * @typedef {{signal?: AbortSignal, attempts?: number}} ReadOptions
 * @typedef {{signal?: AbortSignal, attempts?: number, idempotencyKey?: string, admissionToken?: string}} WriteOptions
 */

const PACKED = 'application/vnd.usher.seats';
/** A path segment; the colons of an event_id may stand as they are, and read better in logs. */
const segment = (id) => encodeURIComponent(id).replaceAll('%3A', ':');

export class Usher {
  #http;
  #live = null;
  #options;

  /**
   * @param {object} [o]
   * @param {string} [o.base]        where the server is, e.g. `https://tickets.example.com`; the page's own origin when absent
   * @param {typeof fetch} [o.fetch]
   * @param {typeof WebSocket} [o.WebSocket]
   * @param {number} [o.attempts]    how often a call is tried at most; default 5
   * @param {number} [o.timeout]     milliseconds for one attempt; default 20,000 (a payment may take 10,000)
   * @param {() => Record<string, string>} [o.headers]  added to every call, e.g. an Authorization
   * @param {{base?: number, cap?: number, random?: () => number}} [o.backoff]
   */
  constructor(o = {}) {
    this.#options = o;
    this.base = (o.base ?? '').replace(/\/+$/, '');
    this.#http = new Http({
      base: this.base,
      fetch: o.fetch ?? ((...a) => globalThis.fetch(...a)),
      attempts: o.attempts ?? 5,
      timeout: o.timeout ?? 20_000,
      headers: o.headers ?? (() => ({})),
      backoff: o.backoff ?? {},
    });
  }

  // ---- charts

  /** The chart in Usher's own form. With its `sha256` the answer is cached for ever. @param {string} chartId @param {ReadOptions & {sha256?: string}} [o] */
  chart(chartId, { sha256, ...o } = {}) {
    return this.#http.json('GET', `/v1/charts/${segment(chartId)}`, { ...o, query: { sha256 } });
  }

  /** Stores a chart: an object in Usher's form, or text in a known format. @param {string} chartId @param {object|string} chart @param {WriteOptions & {format?: "usher"|"csv"|"pretix"|"seatsio"}} [o] */
  putChart(chartId, chart, { format, ...o } = {}) {
    const type = format === 'csv' ? 'text/csv' : 'application/json';
    return this.#http.json('PUT', `/v1/charts/${segment(chartId)}`, { ...o, body: chart, query: { format }, headers: { 'Content-Type': type } });
  }

  // ---- events

  /** @param {{series?: string, venue_id?: string, from?: string, to?: string, q?: string, limit?: number, after?: string}} [query] @param {ReadOptions} [o] @returns {Promise<{items: EventInfo[], next?: string}>} */
  events(query = {}, o = {}) {
    return this.#http.json('GET', '/v1/events', { ...o, query });
  }

  /** @param {string} eventId @param {ReadOptions} [o] @returns {Promise<EventInfo>} */
  event(eventId, o = {}) {
    return this.#http.json('GET', `/v1/events/${segment(eventId)}`, o);
  }

  /** @param {object} event @param {WriteOptions} [o] @returns {Promise<EventInfo>} */
  createEvent(event, o = {}) {
    return this.#http.json('POST', '/v1/events', { ...o, body: event });
  }

  /**
   * The whole map, two bits a seat (wrap `packed` in a PackedMap). `etag` of an earlier answer makes it conditional: null then means
   * that nothing has changed.
   *
   * @param {string} eventId
   * @param {ReadOptions & {etag?: string, minVersion?: number}} [o]
   * @returns {Promise<{version: number, epoch: string, etag: string, stale: number, packed: Uint8Array}|null>} `stale`: the seconds
   *   for which the server has been cut off, 0 if it is not; that it changes is a change
   */
  async seats(eventId, { etag, minVersion, ...o } = {}) {
    const headers = { Accept: PACKED };
    if (etag) headers['If-None-Match'] = etag;
    const response = await this.#http.send('GET', `/v1/events/${segment(eventId)}/seats`, { ...o, headers, query: { min_version: minVersion } });
    if (response.status === 304) return null;
    return {
      version: Number(response.headers.get('Usher-Version')),
      epoch: response.headers.get('Usher-Epoch') ?? '',
      etag: response.headers.get('ETag') ?? '',
      stale: Number(response.headers.get('Usher-Stale') ?? 0),
      packed: new Uint8Array(await response.arrayBuffer()),
    };
  }

  /** The seats by name, all or one section's, and the standing areas. @param {string} eventId @param {ReadOptions & {section?: string, minVersion?: number, versions?: boolean}} [o] */
  seatList(eventId, { section, minVersion, versions, ...o } = {}) {
    const query = { section, min_version: minVersion, versions: versions ? 1 : undefined };
    return this.#http.json('GET', `/v1/events/${segment(eventId)}/seats`, { ...o, query });
  }

  /** Takes seats off sale. @param {string} eventId @param {string[]} seatIds @param {string} [reason] @param {WriteOptions} [o] */
  block(eventId, seatIds, reason, o = {}) {
    return this.#http.json('POST', `/v1/events/${segment(eventId)}/seats`, { ...o, body: { action: 'block', seat_ids: seatIds, reason } });
  }

  /** Puts blocked seats on sale again. @param {string} eventId @param {string[]} seatIds @param {string} [reason] @param {WriteOptions} [o] */
  unblock(eventId, seatIds, reason, o = {}) {
    return this.#http.json('POST', `/v1/events/${segment(eventId)}/seats`, { ...o, body: { action: 'unblock', seat_ids: seatIds, reason } });
  }

  /** Keeps seats for who knows the channel's key. @param {string} eventId @param {string[]} seatIds @param {{channel: string, channel_key: string, reason?: string}} to @param {WriteOptions} [o] */
  allot(eventId, seatIds, to, o = {}) {
    return this.#http.json('POST', `/v1/events/${segment(eventId)}/seats`, { ...o, body: { action: 'allot', seat_ids: seatIds, ...to } });
  }

  /** What is not on general sale, and why. @param {string} eventId @param {ReadOptions} [o] @returns {Promise<{event_id: string, version: number, items: {seat_ids: string[], reason?: string, channel?: string}[]}>} */
  blocks(eventId, o = {}) {
    return this.#http.json('GET', `/v1/events/${segment(eventId)}/blocks`, o);
  }

  /** Where the contention is: by section, and the hottest seats. @param {string} eventId @param {ReadOptions & {seats?: number}} [o] */
  heat(eventId, { seats, ...o } = {}) {
    return this.#http.json('GET', `/v1/events/${segment(eventId)}/heat`, { ...o, query: { seats } });
  }

  // ---- reservations

  /**
   * Holds seats and places of one event or, with `items`, of several, all or none: by name, or the best there are.
   *
   * @param {Partial<Wanted> & {items?: Wanted[], any_of?: boolean, same_seats?: boolean, holder_id: string, ttl_seconds?: number, tier?: string,
   *          mode?: "direct"|"skip_locked"|"optimistic"|"lease"|"queue"|"auto", accept?: "exact"|"suggest"|"substitute", orphans?: "allow"|"avoid"|"forbid"}} reservation
   * @param {WriteOptions} [o]
   * @returns {Promise<Hold>}
   */
  reserve(reservation, { admissionToken, ...o } = {}) {
    const headers = admissionToken ? { 'Admission-Token': admissionToken } : {};
    return this.#http.json('POST', '/v1/reservations', { ...o, headers, body: reservation });
  }

  /** @param {string} holdId @param {ReadOptions} [o] @returns {Promise<Hold>} */
  reservation(holdId, o = {}) {
    return this.#http.json('GET', `/v1/reservations/${segment(holdId)}`, o);
  }

  /** Whether a hold's token is the newest there is: for systems that act for its holder. Rejects if it is not. @param {string} holdId @param {number} token @param {ReadOptions} [o] */
  fence(holdId, token, o = {}) {
    return this.#http.json('GET', `/v1/reservations/${segment(holdId)}/fence`, { ...o, query: { token } });
  }

  /**
   * Gives the hold this much time from now.
   *
   * @param {Pick<Hold, "hold_id"> & {fencing_token?: number, fencing_tokens?: Record<string, number>}} hold
   * @param {number} ttlSeconds
   * @param {WriteOptions} [o]
   * @returns {Promise<Hold>}
   */
  extend(hold, ttlSeconds, o = {}) {
    const body = { ...tokens(hold), ttl_seconds: ttlSeconds };
    return this.#http.json('POST', `/v1/reservations/${segment(hold.hold_id)}/extend`, { ...o, body });
  }

  /** Gives the seats back. Releasing twice is fine. @param {Pick<Hold, "hold_id"> & {fencing_token?: number, fencing_tokens?: Record<string, number>}} hold @param {WriteOptions} [o] @returns {Promise<null>} */
  release(hold, o = {}) {
    const each = Object.entries(hold.fencing_tokens ?? {}).map(([eventId, n]) => [`fencing_tokens[${eventId}]`, n]);
    const query = each.length ? Object.fromEntries(each) : { fencing_token: hold.fencing_token };
    return this.#http.json('DELETE', `/v1/reservations/${segment(hold.hold_id)}`, { ...o, query });
  }

  // ---- bookings

  /**
   * Pays and books a hold. When the payment provider is slow the server answers 202: then the result is
   * `{status: "paying", hold_id}`, and watchHold or reservation() tell how it ends.
   *
   * @param {{hold_id: string, fencing_token?: number, fencing_tokens?: Record<string, number>, payment: {method: string}}} order
   * @param {WriteOptions} [o]
   * @returns {Promise<Booking|{status: "paying", hold_id: string}>}
   */
  async book(order, o = {}) {
    const response = await this.#http.send('POST', '/v1/bookings', { ...o, body: order });
    if (response.status === 202) return { status: 'paying', hold_id: order.hold_id };
    return response.json().catch((cause) => {
      throw new UsherError({ code: 'bad_answer', status: response.status, outcome: 'applied', detail: 'the answer was not JSON', cause });
    });
  }

  /** @param {string} bookingId @param {ReadOptions} [o] @returns {Promise<Booking>} */
  booking(bookingId, o = {}) {
    return this.#http.json('GET', `/v1/bookings/${segment(bookingId)}`, o);
  }

  /** Cancels and refunds. @param {string} bookingId @param {WriteOptions} [o] */
  cancel(bookingId, o = {}) {
    return this.#http.json('DELETE', `/v1/bookings/${segment(bookingId)}`, o);
  }

  // ---- the waiting room

  /**
   * A place in the queue, or the one that the holder has. `nights`: the wanted events of a series' room, the most wanted first.
   *
   * @param {string} eventId
   * @param {{holder_id: string, tier?: string, nights?: string[], return_url?: string}} who
   * @param {WriteOptions} [o]
   * @returns {Promise<import('./client/queue.js').Place>}
   */
  joinQueue(eventId, who, o = {}) {
    return this.#http.json('POST', `/v1/events/${segment(eventId)}/queue`, { ...o, body: who });
  }

  /** With `returnUrl`, an admitted place has its `redirect_url`. @param {string} ticket @param {ReadOptions & {returnUrl?: string}} [o] @returns {Promise<import('./client/queue.js').Place>} */
  queue(ticket, { returnUrl, ...o } = {}) {
    return this.#http.json('GET', `/v1/queue/${segment(ticket)}`, { ...o, query: { return_url: returnUrl } });
  }

  /** Gives up the place, or ends the admission. Leaving twice is fine. @param {string} ticket @param {WriteOptions} [o] */
  leaveQueue(ticket, o = {}) {
    return this.#http.json('DELETE', `/v1/queue/${segment(ticket)}`, o);
  }

  /**
   * Whether an admission is good for the event now; with `start` its session begins. Rejects if it is not.
   *
   * @param {{event_id: string, admission_token: string, holder_id?: string, start?: boolean}} shown
   * @param {WriteOptions} [o]
   */
  verifyAdmission(shown, o = {}) {
    return this.#http.json('POST', '/v1/admissions', { ...o, body: shown });
  }

  /** The room's figures. @param {string} eventId @param {ReadOptions} [o] */
  room(eventId, o = {}) {
    return this.#http.json('GET', `/v1/events/${segment(eventId)}/room`, o);
  }

  /** @param {string} eventId @param {{max_active?: number, new_per_minute?: number, state?: "open"|"paused"|"closed"|"draining", reason?: string, pace?: number, rotate_key?: true}} change @param {WriteOptions} [o] */
  setRoom(eventId, change, o = {}) {
    return this.#http.json('PATCH', `/v1/events/${segment(eventId)}/room`, { ...o, body: change });
  }

  /** What anyone may know of the draw: its commitment before, and its seed after it. @param {string} eventId @param {ReadOptions} [o] */
  draw(eventId, o = {}) {
    return this.#http.json('GET', `/v1/events/${segment(eventId)}/room/draw`, o);
  }

  // ---- live

  /** The one websocket of this client; opened with the first thing watched. @returns {Live} */
  live() {
    if (this.#live && this.#live.state !== 'closed') return this.#live;
    const page = globalThis.location?.href;
    const url = new URL(`${this.base}/v1/live`, page);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const options = { url: url.href };
    if (this.#options.WebSocket) options.WebSocket = this.#options.WebSocket;
    this.#live = new Live(options);
    return this.#live;
  }
}

/** A hold over several events has a token for each; over one event, one. */
function tokens(hold) {
  return hold.fencing_tokens ? { fencing_tokens: hold.fencing_tokens } : { fencing_token: hold.fencing_token };
}
