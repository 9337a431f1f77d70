import { AVAILABLE } from '../client/packed.js';
import { newKey } from '../client/backoff.js';
import { UsherError } from '../client/errors.js';
import { Standing, sum } from './standing.js';
import { countWord, explain, place, seatsWord, together } from './words.js';

/** Most seats in one order, unless the event allows fewer. */
const MOST = 8;
/** What the API takes as a hold's length, seconds. */
const LONGEST = 3600;
/** How often a payment that takes long is asked about, beside the live messages. Milliseconds. */
const PAYING_EVERY = 2000;

/** Errors after which there is no hold any more. */
const OVER = new Set(['hold_expired', 'unknown_hold', 'stale_fencing_token', 'payment_declined']);

/**
 * One shopper's way from choosing to booked, without a word about how it looks:
 *
 *     choosing → holding → held → paying → booked
 *        ↑___________________|_______|         (released, expired, declined)
 *
 * Every write is written down (session storage) with its key before it is sent. So after a reload, or an answer lost on its way,
 * the very same request is sent again and gives its first answer: no order is doubled, no hold is forgotten.
 *
 * Invariants: `hold` is there exactly in held and paying (and in booked, as what was booked); `selection` and `standing` are empty in all three.
 */
export class Checkout {
  /**
   * @param {object} o
   * @param {import('../usher.js').Usher} o.usher
   * @param {import('../client/live.js').Live} o.live
   * @param {import('../usher.js').EventInfo} o.event
   * @param {import('./chart.js').Chart} o.chart
   * @param {import('./seats.js').Seats} o.seats
   * @param {import('./clock.js').ServerClock} o.clock
   * @param {string} o.holderId
   * @param {Storage} o.session  for the hold: one a tab
   * @param {Storage} o.store    for tickets: kept
   * @param {() => void} o.onChange
   * @param {(text: string, urgent?: boolean) => void} o.announce
   */
  constructor(o) {
    Object.assign(this, o);
    /** @type {"choosing"|"holding"|"held"|"paying"|"booked"} */
    this.phase = 'choosing';
    this.busy = false;
    this.selection = new Set();
    this.standing = new Standing(o.chart, o.seats);
    this.lost = new Map();
    this.alternatives = [];
    this.suggested = [];
    this.again = [];
    this.notice = null;
    this.hold = null;
    this.held = [];
    /** @type {Map<number, number>} places held, by area */
    this.heldPlaces = new Map();
    this.booking = null;
    this.tickets = this.#read(this.store, 'tickets') ?? [];
    this.most = Math.min(MOST, o.event.limits?.per_holder ?? MOST);
    this.watch = null;
  }

  /** Seats and places in the basket. */
  get chosen() {
    return this.selection.size + this.standing.total;
  }

  // ---- choosing

  /** @param {number} i @returns {boolean} whether it is selected now */
  toggle(i) {
    if (!this.#mayChoose()) return false;
    this.lost.delete(i);
    if (this.selection.delete(i)) return this.#changed(`${place(this.chart, i)} removed.`) ?? false;
    if (this.seats.state[i] !== AVAILABLE) {
      this.#say(`${place(this.chart, i)} is not available.`, 'info');
      return false;
    }
    if (!this.#hasRoom()) return false;
    this.notice = null;
    this.selection.add(i);
    this.#changed(`${place(this.chart, i)} chosen. ${countWord(this.selection.size, this.standing.total)} in your basket.`);
    return true;
  }

  #mayChoose() {
    if (this.phase === 'booked') this.phase = 'choosing';
    if (this.phase === 'choosing') return true;
    this.#say(this.phase === 'held' ? 'Book or release the seats you hold first.' : 'One moment, please.', 'info');
    return false;
  }

  #hasRoom() {
    if (this.chosen < this.most) return true;
    this.#say(`You can choose ${seatsWord(this.most)} at most.`, 'info');
    return false;
  }

  /** @param {number} k an area @param {1|-1} by */
  addPlaces(k, by) {
    if (!this.#mayChoose() || (by > 0 && !this.#hasRoom())) return;
    const had = this.standing.chosen.get(k) ?? 0;
    const { name } = this.chart.areas[k];
    this.notice = null;
    if (by > 0 && this.standing.set(k, had + by) === had) return this.#say(`${name} is full.`, 'info');
    if (by < 0) this.standing.set(k, had + by);
    this.#changed(`${name}: ${countWord(0, this.standing.chosen.get(k) ?? 0)} chosen.`);
  }

  /** @param {number[]} wanted */
  choose(wanted) {
    this.selection = new Set(wanted.filter((i) => i >= 0 && this.seats.state[i] === AVAILABLE).slice(0, this.most));
    this.lost.clear();
    this.alternatives = [];
    this.suggested = [];
    this.again = [];
    this.notice = this.selection.size < wanted.length ? { kind: 'warn', text: 'Not all of these seats are free any more.' } : null;
    this.#changed(`${seatsWord(this.selection.size)} chosen.`);
  }

  clear() {
    this.standing.clear();
    this.choose([]);
  }

  /** The server's own proposal for seats that are gone. */
  takeSuggested() {
    const instead = new Map(this.suggested.map(({ wanted, got }) => [this.chart.indexOf(wanted), this.chart.indexOf(got)]));
    const wanted = [...this.selection, ...this.lost.keys()];
    this.choose(wanted.map((i) => instead.get(i) ?? i));
  }

  /** One offer of the server's: a whole replacement, or just for the seats that were lost. @param {string[]} seatIds */
  takeAlternative(seatIds) {
    const offered = seatIds.map((id) => this.chart.indexOf(id));
    const kept = [...this.selection];
    const whole = kept.length + this.lost.size;
    this.choose(offered.length === whole || kept.length + offered.length > whole ? offered : [...kept, ...offered]);
  }

  /** What the map says has changed. @param {number[]} changed */
  seatsChanged(changed) {
    if (this.phase !== 'choosing' || this.busy) return;
    const gone = changed.filter((i) => this.selection.has(i) && this.seats.state[i] !== AVAILABLE);
    if (gone.length === 0) return;
    for (const i of gone) this.#lose(i);
    this.#changed(`${gone.map((i) => place(this.chart, i)).join('; ')}: taken by someone else.`, true);
  }

  /** Places left, by area. @param {number[]} left */
  areasChanged(left) {
    this.seats.setFree(left);
    if (this.phase !== 'choosing' || this.busy) return;
    const fewer = this.standing.shrink();
    if (fewer.length) this.#changed(`${fewer.map((k) => this.chart.areas[k].name).join(', ')}: fewer places are left than you chose.`, true);
  }

  #lose(i) {
    this.selection.delete(i);
    this.lost.set(i, this.seats.state[i]);
  }

  /** @param {number} i @returns {boolean} whether its changes are this shopper's own doing */
  isOwn(i) {
    return this.held.includes(i) || (this.phase === 'holding' && this.selection.has(i)) || this.tickets.some((t) => t.seats.includes(this.chart.ids[i]));
  }

  /** @returns {Map<number, "selected"|"mine"|"booked"|"lost">} */
  marks() {
    const marks = new Map();
    for (const t of this.tickets) for (const id of t.seats) marks.set(this.chart.indexOf(id), 'booked');
    for (const i of this.lost.keys()) marks.set(i, 'lost');
    for (const i of this.selection) marks.set(i, 'selected');
    if (this.phase === 'held' || this.phase === 'paying') for (const i of this.held) marks.set(i, 'mine');
    marks.delete(-1);
    return marks;
  }

  /** @param {number} i @returns {import('./money.js').Money|undefined} */
  price(i) {
    return this.event.prices?.[this.chart.categories[this.chart.category[i]].name];
  }

  /** @param {number} k an area */
  areaPrice(k) {
    return this.event.prices?.[this.chart.categories[this.chart.areas[k].category].name];
  }

  // ---- holding

  async holdSeats() {
    if (this.phase !== 'choosing' || this.chosen === 0 || this.busy) return;
    const body = { event_id: this.event.event_id, holder_id: this.holderId };
    if (this.selection.size) body.seat_ids = [...this.selection].map((i) => this.chart.ids[i]);
    if (this.standing.total) body.areas = this.standing.request();
    await this.#claim(body);
  }

  /** @param {{quantity: number, category?: string, adjacent?: boolean}} best */
  async holdBest(best) {
    if (this.phase !== 'choosing' || this.busy) return;
    await this.#claim({ event_id: this.event.event_id, holder_id: this.holderId, best });
  }

  async #claim(body) {
    this.lost.clear();
    this.alternatives = [];
    this.suggested = [];
    await this.#reserve(this.#pending('reserve', body));
  }

  async #reserve(pending) {
    this.phase = 'holding';
    await this.#act(pending, async () => {
      this.#take(await this.usher.reserve(pending.body, { idempotencyKey: pending.key }));
      this.announce([`Held: ${this.#heldWord()}.`, ...this.instead(), this.#minutes()].join(' '));
    });
    if (this.phase === 'holding') this.phase = 'choosing';
    this.onChange();
  }

  #heldWord() {
    return countWord(this.held.length, sum(this.heldPlaces));
  }

  /** Seats that were got in place of others, in words. @returns {string[]} */
  instead() {
    const name = (id) => together(this.chart, [this.chart.indexOf(id)].filter((i) => i >= 0)) || id;
    return (this.hold?.substituted ?? []).map(({ wanted, got }) => `You got ${name(got)} instead of ${name(wanted)}.`);
  }

  #minutes() {
    return `You have ${Math.round(this.clock.left(this.hold.expires_at) / 60_000)} minutes to book.`;
  }

  #take(hold) {
    this.clock.hear(hold.server_time);
    this.hold = { ...this.hold, ...hold };
    this.held = hold.seat_ids.map((id) => this.chart.indexOf(id)).filter((i) => i >= 0);
    this.heldPlaces = this.standing.read(hold.areas);
    this.selection.clear();
    this.standing.clear();
    this.lost.clear();
    this.again = [];
    this.notice = null;
    this.phase = 'held';
    this.#write(this.session, 'hold', { hold_id: hold.hold_id, fencing_token: hold.fencing_token });
    this.watch ??= this.live.watchHold(hold.hold_id, (h) => this.#holdSays(h));
  }

  /** From the live connection, or from asking. The answer to our own request speaks for itself, so not while one is under way. */
  #holdSays(hold) {
    if (hold.hold_id !== this.hold?.hold_id || this.busy) return;
    this.clock.hear(hold.server_time);
    if (hold.status === 'held') Object.assign(this.hold, { expires_at: hold.expires_at ?? this.hold.expires_at });
    else if (hold.status === 'paying') this.#startPaying();
    else if (hold.status === 'booked') this.#booked({ ...hold, seat_ids: hold.seat_ids ?? this.hold.seat_ids, areas: hold.areas ?? this.hold.areas });
    else this.#ended(hold.status === 'expired' ? explain(new UsherError({ code: 'hold_expired' }), false) : 'Your seats have been released.');
    this.onChange();
  }

  /** The countdown has reached zero, as far as we know: the server's word counts. */
  async ranOut() {
    if (this.phase !== 'held' || this.busy) return;
    await this.#ask();
  }

  async #ask() {
    const id = this.hold?.hold_id;
    if (!id) return;
    try {
      const hold = await this.usher.reservation(id);
      if (this.hold?.hold_id === id) this.#holdSays(hold);
    } catch (error) {
      if (error.status === 404 && this.hold?.hold_id === id) this.#ended(explain(new UsherError({ code: 'hold_expired' }), false));
    }
  }

  /** The hold is over without a booking; the seats can be chosen again if they are still free then. */
  #ended(text) {
    this.again = this.held;
    this.#dropHold();
    this.phase = 'choosing';
    this.#say(text, 'warn', true);
  }

  #dropHold() {
    this.watch?.close();
    this.watch = null;
    clearTimeout(this.payingTimer);
    this.hold = null;
    this.held = [];
    this.heldPlaces = new Map();
    this.#write(this.session, 'hold', null);
  }

  async extend() {
    await this.#act(null, async () => {
      const hold = await this.usher.extend(this.hold, Math.min(LONGEST, this.event.hold_seconds ?? 480));
      this.clock.hear(hold.server_time);
      Object.assign(this.hold, hold);
      this.announce(`More time. ${this.#minutes()}`);
    });
  }

  async release() {
    await this.#act(null, async () => {
      await this.usher.release(this.hold);
      const what = this.#heldWord();
      this.#dropHold();
      this.phase = 'choosing';
      this.#say(`Released: ${what}.`, 'info');
    });
  }

  // ---- booking

  /** @param {{method: string, outcome?: string}} payment */
  async book(payment) {
    if (this.phase !== 'held' || this.busy) return;
    const body = { hold_id: this.hold.hold_id, fencing_token: this.hold.fencing_token, payment };
    await this.#pay(this.#pending('book', body));
  }

  async #pay(pending) {
    this.phase = 'paying';
    const answered = await this.#act(pending, async () => {
      const booking = await this.usher.book(pending.body, { idempotencyKey: pending.key });
      if (booking.status === 'paying') this.#startPaying();
      else this.#booked(booking);
    }, true);
    if (!answered && this.hold && this.phase === 'paying') this.phase = 'held';
    this.onChange();
  }

  /** The payment provider takes its time; the seats stay ours meanwhile. */
  #startPaying() {
    this.phase = 'paying';
    this.notice = { kind: 'info', text: 'The payment is taking longer than usual. Your seats stay yours until it is decided.' };
    clearTimeout(this.payingTimer);
    this.payingTimer = setTimeout(async () => {
      await this.#ask();
      if (this.phase === 'paying') this.#startPaying();
    }, PAYING_EVERY);
  }

  #booked(booking) {
    this.booking = booking;
    const ticket = { booking_id: booking.booking_id ?? '', seats: booking.seat_ids, amount: booking.amount ?? null, ...(booking.areas ? { areas: booking.areas } : {}) };
    this.tickets = [...this.tickets, ticket];
    this.#write(this.store, 'tickets', this.tickets);
    this.#dropHold();
    this.phase = 'booked';
    this.notice = null;
    this.announce(`Booked: ${countWord(booking.seat_ids.length, sum(this.standing.read(booking.areas)))}. Enjoy the show.`);
  }

  /** @param {{booking_id: string}} ticket */
  async cancel(ticket) {
    await this.#act(null, async () => {
      await this.usher.cancel(ticket.booking_id);
      this.tickets = this.tickets.filter((t) => t !== ticket);
      this.#write(this.store, 'tickets', this.tickets);
      if (this.phase === 'booked') this.phase = 'choosing';
      this.#say('Cancelled and refunded. The seats are on sale again.', 'info');
    });
  }

  // ---- after a reload

  async restore() {
    const kept = this.#read(this.session, 'hold');
    const pending = this.#read(this.session, 'pending');
    if (kept) {
      this.hold = { ...kept };
      try {
        const hold = await this.usher.reservation(kept.hold_id);
        if (hold.status === 'held' || hold.status === 'paying') this.#take({ ...kept, ...hold });
        else this.held = (hold.seat_ids ?? []).map((id) => this.chart.indexOf(id));
        if (hold.status !== 'held') this.#holdSays(hold);
      } catch (error) {
        if (error.status === 404) this.#dropHold();
        else this.#say(explain(error, false), 'warn');
      }
    }
    if (pending?.kind === 'book' && this.phase === 'held') await this.#pay(pending);
    else if (pending?.kind === 'reserve' && !this.hold) await this.#replay(pending);
    else if (pending) this.#write(this.session, 'pending', null);
    this.onChange();
  }

  async #replay(pending) {
    this.selection = new Set((pending.body.seat_ids ?? []).map((id) => this.chart.indexOf(id)).filter((i) => i >= 0));
    this.standing.chosen = this.standing.read(pending.body.areas);
    await this.#reserve(pending);
  }

  /** A request and its key, on record before it is sent; the same request again is the same record. */
  #pending(kind, body) {
    const old = this.#read(this.session, 'pending');
    const same = old?.kind === kind && JSON.stringify(old.body) === JSON.stringify(body);
    const pending = same ? old : { kind, body, key: newKey() };
    this.#write(this.session, 'pending', pending);
    return pending;
  }

  /** @returns {Promise<boolean>} whether it went well */
  async #act(pending, fn, paying = false) {
    if (this.busy) return false;
    this.busy = true;
    this.notice = null;
    this.onChange();
    try {
      await fn();
      if (pending) this.#write(this.session, 'pending', null);
      return true;
    } catch (error) {
      if (!(error instanceof UsherError)) throw error;
      if (pending && error.outcome !== 'unknown') this.#write(this.session, 'pending', null);
      this.#failed(error, paying);
      return false;
    } finally {
      this.busy = false;
      this.onChange();
    }
  }

  #failed(error, paying) {
    const text = explain(error, paying);
    const over = OVER.has(error.code);
    if (over && this.hold) return this.#ended(text);
    if (error.code === 'seats_unavailable') return this.#conflict(error, text);
    this.#say(text, 'warn', true);
  }

  #conflict(error, text) {
    for (const { seat_id } of error.conflicts) {
      const i = this.chart.indexOf(seat_id);
      if (i >= 0) this.#lose(i);
    }
    for (const { area_id, left } of error.areas) this.areasChanged(this.chart.areas.map((a, k) => (a.id === area_id ? left : this.standing.left(k))));
    this.standing.shrink(); // we are busy, so it has not been done
    this.alternatives = error.alternatives;
    this.suggested = error.suggested;
    const gone = error.conflicts.length || error.areas.length ? text : 'There are no such seats together any more.';
    const kept = this.chosen ? ` ${countWord(this.selection.size, this.standing.total)} of your choice can still be had.` : '';
    this.#say(gone + kept, 'warn', true);
  }

  // ---- small things

  #say(text, kind, urgent = false) {
    this.notice = { kind, text };
    this.#changed(text, urgent);
  }

  #changed(text, urgent) {
    this.announce(text, urgent);
    this.onChange();
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
