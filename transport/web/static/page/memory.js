import { newKey } from '../client/backoff.js';

/**
 * What outlasts a reload: the hold and the request under way, which are this tab's, and the tickets, which are kept.
 */
export class Memory {
  /** @param {import('../usher.js').EventInfo} event @param {Storage} session @param {Storage} store */
  constructor(event, session, store) {
    Object.assign(this, { event, session, store });
  }

  /** @returns {{hold_id: string, fencing_token: number}|null} */
  get hold() {
    return this.#read(this.session, 'hold');
  }

  set hold(hold) {
    this.#write(this.session, 'hold', hold);
  }

  /** @returns {{kind: "reserve"|"book", body: object, key: string}|null} a request that may not have been answered */
  get pending() {
    return this.#read(this.session, 'pending');
  }

  set pending(pending) {
    this.#write(this.session, 'pending', pending);
  }

  /** @returns {{booking_id: string, seats: string[]}[]} */
  get tickets() {
    return this.#read(this.store, 'tickets') ?? [];
  }

  set tickets(tickets) {
    this.#write(this.store, 'tickets', tickets);
  }

  /** A request and its key, on record before it is sent; the same request again is the same record. */
  record(kind, body) {
    const old = this.pending;
    const same = old?.kind === kind && JSON.stringify(old.body) === JSON.stringify(body);
    const pending = same ? old : { kind, body, key: newKey() };
    this.pending = pending;
    return pending;
  }

  /** With the event's birth in it: an event made anew under the same name (a demo's second run) has none of the old one's tickets. */
  #key(what) {
    return ['usher', what, this.event.event_id, this.event.created_at].filter(Boolean).join('.');
  }

  #read(storage, what) {
    try {
      return JSON.parse(storage.getItem(this.#key(what)) ?? 'null');
    } catch {
      return null; // someone else's writing, or storage switched off: as if there were nothing
    }
  }

  #write(storage, what, value) {
    try {
      if (value === null) storage.removeItem(this.#key(what));
      else storage.setItem(this.#key(what), JSON.stringify(value));
    } catch {
      // A full or forbidden storage costs the hold's survival of a reload, nothing else.
    }
  }
}
