import { fromBase64 } from './frames.js';
import { HeatMap } from './heat.js';
import { PackedMap } from './packed.js';

/** Something subscribed to, with those who watch it. */
export class Topic {
  /** @param {"event_id"|"hold_id"|"ticket"} field @param {string} value */
  constructor(field, value) {
    this.field = field;
    this.value = value;
    this.name = `${field.replace('_id', '')} ${value}`;
    this.id = 0;
    this.awaiting = false;
    /** Tickets can end any time; an event does not, and a hold is told of for a day after its end. */
    this.lasts = field !== 'ticket';
    /** Whether the server has ever answered with it. */
    this.served = false;
    /** Refusals since the last answer. */
    this.refusals = 0;
    this.watchers = new Set();
  }

  answered() {
    this.awaiting = false;
    this.served = true;
    this.refusals = 0;
  }

  subject() {
    return { [this.field]: this.value };
  }

  request() {
    return this.subject();
  }

  say(body) {
    this.answered();
    this.tell('onMessage', body);
  }

  refused(error) {
    this.awaiting = false;
    this.tell('onError', error);
  }

  stale() {
    this.awaiting = true;
  }

  /** A watcher's exception is its own: it must not end the stream for the others. */
  tell(what, argument) {
    for (const watcher of [...this.watchers]) {
      try {
        watcher[what]?.(argument);
      } catch (error) {
        (globalThis.reportError ?? console.error)(error);
      }
    }
  }
}

/** A place in a queue. What all in a lobby are told alike names their event and no ticket. */
export class TicketTopic extends Topic {
  constructor(ticket) {
    super('ticket', ticket);
    this.eventId = '';
    this.state = '';
  }

  say(body) {
    this.eventId = body.event_id ?? this.eventId;
    this.state = body.state;
    super.say(body);
  }
}

/**
 * An event's map. Invariant while `current`: `map` is exactly the event at `version` of `epoch`.
 */
export class EventTopic extends Topic {
  constructor(eventId) {
    super('event_id', eventId);
    this.epoch = '';
    this.version = 0;
    this.current = false;
    /** Whether the server says that it is cut off itself, and when by our clock it last was not. */
    this.delayed = false;
    this.delayedSince = 0;
    /** @type {PackedMap|null} */
    this.map = null;
    /** @type {number[]} places left in each standing area, in chart order */
    this.areas = [];
    /** @type {HeatMap|null} while somebody wants it */
    this.heat = null;
  }

  get wantsHeat() {
    return [...this.watchers].some((w) => w.heat);
  }

  /** `since` only once there is a map for the deltas to change. */
  request() {
    const body = this.subject();
    if (this.wantsHeat) body.heat = true;
    this.heat = this.wantsHeat ? this.heat ?? new HeatMap() : null;
    if (this.map) body.since = { epoch: this.epoch, version: this.version };
    return body;
  }

  snapshot() {
    return { event_id: this.value, epoch: this.epoch, version: this.version, map: this.map.clone(), areas: [...this.areas] };
  }

  resetFrom(body) {
    const packed = fromBase64(body.seats);
    // JSON names no N; the byte count bounds it to within three seats, and the chart's length is the watcher's to know.
    const n = body.n ?? this.map?.n ?? packed.length * 4;
    this.areas = [];
    for (const [index, free] of body.areas ?? []) this.areas[index] = free;
    this.reset(body.epoch, body.version, new PackedMap(Math.ceil(n / 4) === packed.length ? n : packed.length * 4, packed));
  }

  reset(epoch, version, map) {
    this.epoch = epoch;
    this.version = version;
    this.map = map;
    this.#settle();
    this.tell('onSnapshot', this.snapshot());
    if (this.areas.length) this.tell('onAreas', this.left());
    this.tell('onLive', { event_id: this.value, version });
  }

  /** Places left in standing areas, as they come with text frames or beside binary ones. @param {[number, number][]} [changes] */
  leave(changes) {
    if (!changes?.length) return;
    for (const [index, free] of changes) this.areas[index] = free;
    this.tell('onAreas', this.left());
  }

  left() {
    return { event_id: this.value, areas: [...this.areas] };
  }

  /** The deltas from our version on follow, so the version stays ours until they do. */
  resume(body) {
    this.epoch = body.epoch ?? this.epoch;
    const wasCurrent = this.current;
    this.#settle();
    if (!wasCurrent) this.tell('onLive', { event_id: this.value, version: this.version });
  }

  /** The answer to a subscription is as new as can be; if it is not, the server says so right behind it. */
  #settle() {
    this.answered();
    this.current = true;
    this.lag(false);
  }

  /** @param {boolean} delayed @param {number} [seconds] */
  lag(delayed, seconds = 0) {
    if (delayed) this.delayedSince = Date.now() - seconds * 1000;
    if (!delayed && !this.delayed) return;
    this.delayed = delayed;
    this.tell('onDelayed', this.delay());
  }

  delay() {
    const seconds = this.delayed ? Math.round((Date.now() - this.delayedSince) / 1000) : 0;
    return { event_id: this.value, delayed: this.delayed, seconds };
  }

  /** @returns {boolean} false when something between our version and this delta is missing */
  apply(delta) {
    if (delta.to <= this.version && delta.from < this.version) return true; // seen already
    if (delta.from !== this.version || !this.map) return false;
    for (const [index, state] of delta.seats ?? []) this.map.set(index, state);
    this.version = delta.to;
    this.tell('onDelta', { event_id: this.value, from: delta.from, to: delta.to, seats: delta.seats ?? [], areas: delta.areas });
    this.leave(delta.areas);
    return true;
  }

  /** @param {object} body a heat frame's */
  warm(body) {
    if (!this.heat) return; // nobody wants it any more
    const changed = this.heat.apply(body);
    if (this.heat.known) this.tell('onHeat', this.temperature(changed));
  }

  /** What a watcher is told; the arrays are everybody's. */
  temperature(changed) {
    const { classes, sections, viewers, focus } = this.heat;
    return { event_id: this.value, classes, sections, viewers, focus, changed };
  }

  refused(error) {
    super.refused(error);
    this.current = false;
    this.tell('onStale', { reason: error.message || error.code, final: true });
  }

  stale(why) {
    super.stale(why);
    if (!this.current && !why.final) return; // said already
    this.current = false;
    this.tell('onStale', why);
  }
}
