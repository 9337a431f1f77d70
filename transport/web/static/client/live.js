import { jitter } from './backoff.js';
import { decodeFrame } from './frames.js';
import { PackedMap } from './packed.js';
import { EventTopic, TicketTopic, Topic } from './topic.js';

/**
 * @typedef {object} EventHandlers
 * @property {(s: {event_id: string, epoch: string, version: number, map: PackedMap, areas?: [number, number][]}) => void} [onSnapshot]
 *   the whole map; `map` is the watcher's own copy
 * @property {(d: {event_id: string, from: number, to: number, seats: [number, number][], areas?: [number, number][]}) => void} [onDelta]
 *   changes in order, none missing: index and new state
 * @property {(why: {reason: string, final: boolean}) => void} [onStale]
 *   what was shown may be out of date from now on; `final`: it will not come back by itself
 * @property {(d: {event_id: string, delayed: boolean, seconds: number}) => void} [onDelayed]  the server itself is cut off: what it tells
 *   may be `seconds` old and older by the second, until this is called again with `delayed` false
 * @property {(a: {event_id: string, areas: number[]}) => void} [onAreas]  places left in each standing area, in chart order
 * @property {(l: {event_id: string, version: number}) => void} [onLive]  the map is current again (also after onSnapshot)
 * @property {(e: {code: string, message: string}) => void} [onError]  the server refused the subscription
 * @property {boolean} [heat]  whether to be told how contested the seats are
 * @property {(h: {event_id: string, classes: Uint8Array, sections: Uint8Array, viewers: number, focus: {viewers: number, chance: number}|null,
 *                 changed: {seats: number[], sections: number[]}|null}) => void} [onHeat]
 *   classes 0…7 of seats and sections in chart order (to be read only); `changed` null: all of it may be new; `focus`: how that
 *   stands which focus() named, null while that is not known
 */

/**
 * @typedef {object} LiveOptions
 * @property {string} url
 * @property {typeof globalThis.WebSocket} [WebSocket]
 * @property {string[]} [protocols]  in order of preference
 * @property {number} [idleMs]       silence after which the connection is probed; browsers do not show us the server's pings
 * @property {number} [answerMs]     how long a probe, or a connection attempt, may take
 * @property {{base?: number, cap?: number, random?: () => number}} [backoff]
 */

const PROTOCOLS = ['usher.v1.bin', 'usher.v1.json'];

/** A connection that stood this long was a good one: the next failure starts over with short waits. */
const GOOD_MS = 5000;

/** A subscription refused with one of these will be taken a little later. */
const PASSING = new Set(['starting', 'no_quorum', 'overloaded', 'closing']);

/** Close codes from 4500 to 4999 mean: do not come back. Everything else, the network's own codes included, is worth another try. */
const isFinal = (code) => code >= 4500 && code <= 4999;

/**
 * One websocket, many subscriptions. What is watched is kept here, not in the connection: a new connection subscribes
 * to all of it again, events with `since`, so that only what was missed travels.
 *
 * Watching the same thing twice costs one subscription; a late watcher of an event is given the map that is already here.
 */
export class Live {
  /** @param {LiveOptions} o */
  constructor(o) {
    this.o = { WebSocket: globalThis.WebSocket, protocols: PROTOCOLS, idleMs: 45_000, answerMs: 10_000, backoff: { base: 500, cap: 30_000 }, ...o };
    /** @type {"idle"|"connecting"|"live"|"reconnecting"|"closed"} */
    this.state = 'idle';
    /** @type {Map<string, Topic>} by what they subscribe to; a topic keeps its id for life, on every connection */
    this.topics = new Map();
    this.byId = new Map();
    this.listeners = new Set();
    /** @type {Map<string, {id: number, body: object, answered: boolean}>} by event: what we look at */
    this.foci = new Map();
    this.nextId = 1;
    this.failures = 0;
    this.socket = null;
    this.timers = {};
    this.#listenToTheDevice();
  }

  /**
   * @param {string} eventId
   * @param {EventHandlers} handlers
   * @returns {{close: () => void}}
   */
  watchEvent(eventId, handlers) {
    const topic = this.#topic(`event ${eventId}`, () => new EventTopic(eventId));
    if (topic.map) handlers.onSnapshot?.(topic.snapshot());
    if (topic.map && topic.areas.length) handlers.onAreas?.(topic.left());
    if (topic.map && topic.current) handlers.onLive?.({ event_id: eventId, version: topic.version });
    if (topic.map && topic.delayed) handlers.onDelayed?.(topic.delay());
    if (handlers.heat && topic.heat?.known) handlers.onHeat?.(topic.temperature(null));
    return this.#watch(topic, handlers);
  }

  /**
   * Says what is being looked at in an event, so that it counts in its heat, and onHeat tells how it stands. The connection
   * has one focus an event, until it names another.
   *
   * @param {string} eventId
   * @param {{seat_ids?: string[], section?: string}|null} [at]  up to 64 seats, or a section; null: nothing
   */
  focus(eventId, at = null) {
    const topic = this.topics.get(`event ${eventId}`);
    if (topic?.heat) topic.heat.focus = null;
    const focus = { id: this.nextId++, body: { event_id: eventId, ...at }, answered: false };
    if (at) this.foci.set(eventId, focus);
    else if (!this.foci.delete(eventId)) return;
    this.#send({ id: focus.id, focus: focus.body });
  }

  /**
   * @param {string} holdId
   * @param {(hold: {hold_id: string, status: string, expires_at?: string, server_time?: string}) => void} onHold
   * @param {(e: {code: string, message: string}) => void} [onError]
   * @returns {{close: () => void}}
   */
  watchHold(holdId, onHold, onError) {
    const topic = this.#topic(`hold ${holdId}`, () => new Topic('hold_id', holdId));
    return this.#watch(topic, { onMessage: onHold, onError });
  }

  /**
   * @param {string} ticket
   * @param {(queue: import('./queue.js').Place) => void} onQueue  in the lobby also without what is the ticket's own
   * @param {(e: {code: string, message: string}) => void} [onError]
   * @returns {{close: () => void}}
   */
  watchTicket(ticket, onQueue, onError) {
    const topic = this.#topic(`ticket ${ticket}`, () => new TicketTopic(ticket));
    return this.#watch(topic, { onMessage: onQueue, onError });
  }

  /** @param {(state: Live["state"]) => void} fn called at once and at every change @returns {() => void} stop */
  onState(fn) {
    this.listeners.add(fn);
    fn(this.state);
    return () => this.listeners.delete(fn);
  }

  /** Closes for good: watchers hear nothing more. */
  close() {
    this.#setState('closed');
    this.#clearTimers();
    this.#forgetTheDevice?.();
    const { socket } = this;
    this.socket = null;
    socket?.close(1000);
  }

  // ---- subscriptions

  #topic(name, make) {
    let topic = this.topics.get(name);
    if (topic) return topic;
    topic = make();
    topic.id = this.nextId++;
    this.topics.set(name, topic);
    this.byId.set(topic.id, topic);
    return topic;
  }

  #watch(topic, handlers) {
    topic.watchers.add(handlers);
    if (topic.watchers.size === 1 || (topic.wantsHeat && !topic.heat)) this.#subscribe(topic);
    if (this.state === 'idle') this.#connect();
    return {
      close: () => {
        if (!topic.watchers.delete(handlers)) return;
        if (topic.watchers.size > 0) {
          if (topic.heat && !topic.wantsHeat) this.#subscribe(topic); // without
          return;
        }
        this.topics.delete(topic.name);
        this.foci.delete(topic.value); // the server forgets it too
        this.byId.delete(topic.id);
        this.#send({ id: topic.id, unsubscribe: topic.subject() });
      },
    };
  }

  #subscribe(topic) {
    topic.awaiting = true;
    this.#send({ id: topic.id, subscribe: topic.request() });
  }

  #send(message) {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(message));
  }

  // ---- connection

  #connect() {
    if (this.state === 'closed') return;
    this.#clearTimers();
    this.#setState(this.state === 'idle' ? 'connecting' : 'reconnecting');
    let socket;
    try {
      socket = new this.o.WebSocket(this.o.url, this.o.protocols);
    } catch (error) {
      // A URL the browser refuses (mixed content, a bad address) will not get better.
      this.#end(String(error), true);
      return;
    }
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    // Everything a socket says is checked against the current one: a closed socket's late messages must not count.
    const ours = (fn) => (event) => {
      if (this.socket === socket) fn(event);
    };
    socket.addEventListener('open', ours(() => this.#opened()));
    socket.addEventListener('message', ours((event) => this.#received(event.data)));
    socket.addEventListener('close', ours((event) => this.#closed(event.code, event.reason)));
    this.timers.answer = setTimeout(() => this.#drop('no connection in time'), this.o.answerMs);
  }

  #opened() {
    clearTimeout(this.timers.answer);
    this.timers.good = setTimeout(() => (this.failures = 0), GOOD_MS);
    this.#setState('live');
    for (const topic of this.topics.values()) this.#subscribe(topic);
    for (const [eventId, { body }] of [...this.foci]) this.focus(eventId, body);
    this.#heard();
  }

  #closed(code, reason) {
    this.socket = null;
    this.#end(reason || `connection closed (${code})`, isFinal(code));
  }

  /** Lets go of a connection without waiting for its close handshake, which a dead peer never finishes. */
  #drop(reason) {
    const { socket } = this;
    this.socket = null;
    socket?.close();
    this.#end(reason, false);
  }

  #end(reason, final) {
    this.#clearTimers();
    for (const topic of this.topics.values()) topic.stale({ reason, final });
    if (final) {
      this.#setState('closed');
      return;
    }
    this.#setState('reconnecting');
    this.timers.retry = setTimeout(() => this.#connect(), jitter(this.failures++, this.o.backoff));
  }

  #setState(state) {
    if (this.state === state || this.state === 'closed') return;
    this.state = state;
    for (const fn of this.listeners) fn(state);
  }

  #clearTimers() {
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.timers = {};
  }

  // ---- is anybody there?

  #heard() {
    clearTimeout(this.timers.answer);
    clearTimeout(this.timers.idle);
    this.timers.idle = setTimeout(() => this.#probe(), this.o.idleMs);
  }

  /** Asks for what we have already; whoever is there answers `recovered` with nothing. */
  #probe() {
    const topic = [...this.topics.values()].find((t) => t instanceof EventTopic) ?? this.topics.values().next().value;
    if (!topic || this.socket?.readyState !== 1) return;
    this.#subscribe(topic);
    clearTimeout(this.timers.answer);
    this.timers.answer = setTimeout(() => this.#drop('the connection fell silent'), this.o.answerMs);
  }

  /** A phone that wakes, or finds its network again, should not sit out a long backoff or trust a dead socket. */
  #listenToTheDevice() {
    const target = globalThis.window;
    if (!target?.addEventListener) return;
    const wake = () => {
      if (globalThis.document?.visibilityState === 'hidden') return;
      if (this.state === 'live') this.#probe();
      else if (this.state === 'reconnecting' && !this.socket) this.#connect();
    };
    target.addEventListener('online', wake);
    target.document?.addEventListener('visibilitychange', wake);
    this.#forgetTheDevice = () => {
      target.removeEventListener('online', wake);
      target.document?.removeEventListener('visibilitychange', wake);
    };
  }

  #forgetTheDevice = null;

  // ---- what the server says

  #received(data) {
    this.#heard();
    try {
      if (typeof data === 'string') this.#text(JSON.parse(data));
      else this.#binary(decodeFrame(data));
    } catch (error) {
      this.#drop(`unreadable message: ${error.message}`);
    }
  }

  #binary(frame) {
    const topic = this.byId.get(frame.id);
    if (!(topic instanceof EventTopic)) return; // unsubscribed while the frame was on its way
    if (frame.kind === 'snapshot') topic.reset(frame.epoch, frame.version, new PackedMap(frame.n, frame.packed));
    else this.#delta(topic, frame);
  }

  #text(message) {
    const { id, snapshot, recovered, delta, areas, heat, hold, queue, stale, fresh, error, ok } = message;
    if (snapshot) this.#event(id, snapshot)?.resetFrom(snapshot);
    else if (recovered) this.#event(id, recovered)?.resume(recovered);
    else if (delta) this.#delta(this.#event(id, delta), delta);
    else if (areas) this.#areas(this.#event(id, areas), areas);
    else if (heat) this.#heat(this.#event(id, heat), heat);
    else if (hold) (this.byId.get(id) ?? this.topics.get(`hold ${hold.hold_id}`))?.say(hold);
    else if (queue) for (const topic of this.#tickets(id, queue)) topic.say(queue);
    else if (stale) this.#event(id, stale)?.lag(true, stale.seconds);
    else if (fresh) this.#event(id, fresh)?.lag(false);
    else if (error) this.#refused(this.byId.get(id), error);
    else if (ok) this.#answered(id);
  }

  #refused(topic, error) {
    if (!topic) return;
    // An event or hold that was served before exists: a node that has just come back and does not know it yet will.
    if (!PASSING.has(error.code) && !(topic.served && topic.lasts)) return topic.refused(error);
    const { socket } = this;
    setTimeout(() => {
      if (this.socket === socket && this.byId.get(topic.id) === topic) this.#subscribe(topic);
    }, 200 + jitter(2 + topic.refusals++, this.o.backoff));
  }

  /** Beside a binary frame, of the version that the frame brought. */
  #areas(topic, { to, areas }) {
    if (topic && !topic.awaiting && topic.version === to) topic.leave(areas);
  }

  /** What is said of a focus before it is answered is of the one before. */
  #heat(topic, { focus, ...body }) {
    topic?.warm(focus && this.foci.get(topic.value)?.answered ? { ...body, focus } : body);
  }

  #answered(id) {
    for (const focus of this.foci.values()) if (focus.id === id) focus.answered = true;
  }

  #event(id, body) {
    return this.topics.get(`event ${body.event_id}`) ?? this.byId.get(id);
  }

  /** A queue's later messages carry no id but their ticket; those for all in a lobby carry their event. */
  #tickets(id, queue) {
    const named = this.byId.get(id) ?? this.topics.get(`ticket ${queue.ticket}`);
    if (named || queue.ticket) return named ? [named] : [];
    const tickets = [...this.topics.values()].filter((t) => t instanceof TicketTopic);
    return tickets.length === 1 ? tickets : tickets.filter((t) => t.state === 'lobby' && t.eventId === queue.event_id);
  }

  #delta(topic, delta) {
    if (!topic || topic.awaiting) return; // deltas of the old stream, until the new subscription is answered
    if (topic.apply(delta)) return;
    topic.stale({ reason: 'a change was missed', final: false });
    this.#subscribe(topic);
  }
}
