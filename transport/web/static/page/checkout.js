import { AVAILABLE } from '../client/packed.js';
import { UsherError } from '../client/errors.js';
import { Choice } from './choice.js';
import { Held } from './held.js';
import { Memory } from './memory.js';
import { countPlaces, placesOf } from './standing.js';
import { countWord, explain, place, seatsWord } from './words.js';

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
 * What is wanted is in `choice`, what is held in `held`. Invariant: nothing is chosen in held, paying and booked.
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
   * @param {{isOpen: () => boolean, knock: () => void, token: () => string, refused: () => void}|null} [o.admission]  of an event with a waiting room
   */
  constructor(o) {
    Object.assign(this, o);
    this.admission ??= null;
    /** @type {"choosing"|"holding"|"held"|"paying"|"booked"} */
    this.phase = 'choosing';
    this.busy = false;
    this.most = Math.min(MOST, o.event.limits?.per_holder ?? MOST);
    this.memory = new Memory(o.event, o.session, o.store);
    this.choice = new Choice(o.chart, o.seats, this.most);
    this.held = new Held({ chart: o.chart, clock: o.clock, live: o.live, memory: this.memory, onTold: (hold) => this.#holdSays(hold) });
    this.notice = null;
    this.booking = null;
    this.tickets = this.memory.tickets;
  }

  // ---- choosing

  /** @param {number} i @returns {boolean} whether it is selected now */
  toggle(i) {
    if (!this.#mayChoose()) return false;
    const { selection, standing, lost } = this.choice;
    lost.delete(i);
    if (selection.delete(i)) return this.#changed(`${place(this.chart, i)} removed.`) ?? false;
    if (this.seats.state[i] !== AVAILABLE) {
      this.#say(`${place(this.chart, i)} is not available.`, 'info');
      return false;
    }
    if (!this.#hasRoom()) return false;
    this.notice = null;
    selection.add(i);
    this.#changed(`${place(this.chart, i)} chosen. ${countWord(selection.size, standing.total)} in your basket.`);
    return true;
  }

  /** Whether this shopper may claim seats now. */
  isOpen() {
    return this.admission === null || this.admission.isOpen();
  }

  #mayChoose() {
    if (this.phase === 'booked') this.phase = 'choosing';
    if (this.phase === 'choosing' && this.isOpen()) return true;
    if (this.phase === 'choosing') {
      this.admission.knock();
      this.announce('You can choose seats when it is your turn.');
    } else this.#say(this.phase === 'held' ? 'Book or release the seats you hold first.' : 'One moment, please.', 'info');
    return false;
  }

  #hasRoom() {
    if (this.choice.total < this.most) return true;
    this.#say(`You can choose ${seatsWord(this.most)} at most.`, 'info');
    return false;
  }

  /** @param {number} k an area @param {1|-1} by */
  addPlaces(k, by) {
    if (!this.#mayChoose() || (by > 0 && !this.#hasRoom())) return;
    const { standing } = this.choice;
    const had = standing.chosen.get(k) ?? 0;
    const { name } = this.chart.areas[k];
    this.notice = null;
    if (by > 0 && standing.set(k, had + by) === had) return this.#say(`${name} is full.`, 'info');
    if (by < 0) standing.set(k, had + by);
    this.#changed(`${name}: ${countWord(0, standing.chosen.get(k) ?? 0)} chosen.`);
  }

  /** @param {number[]} wanted */
  choose(wanted) {
    const all = this.choice.replace(wanted);
    this.notice = all ? null : { kind: 'warn', text: 'Not all of these seats are free any more.' };
    this.#changed(`${seatsWord(this.choice.selection.size)} chosen.`);
  }

  clear() {
    this.choice.standing.clear();
    this.choose([]);
  }

  /** The server's own proposal for seats that are gone. */
  takeSuggested() {
    this.choose(this.choice.withSuggested());
  }

  /** One offer of the server's. @param {string[]} seatIds */
  takeAlternative(seatIds) {
    this.choose(this.choice.withAlternative(seatIds));
  }

  /** What the map says has changed. @param {number[]} changed */
  seatsChanged(changed) {
    if (this.phase !== 'choosing' || this.busy) return;
    const gone = this.choice.loseTaken(changed);
    if (gone.length === 0) return;
    this.#changed(`${gone.map((i) => place(this.chart, i)).join('; ')}: taken by someone else.`, true);
  }

  /** Places left, by area. @param {number[]} left */
  areasChanged(left) {
    this.seats.setFree(left);
    if (this.phase !== 'choosing' || this.busy) return;
    const fewer = this.choice.standing.shrink();
    if (fewer.length) this.#changed(`${fewer.map((k) => this.chart.areas[k].name).join(', ')}: fewer places are left than you chose.`, true);
  }

  /** @param {number} i @returns {boolean} whether its changes are this shopper's own doing */
  isOwn(i) {
    return this.held.seats.includes(i) || (this.phase === 'holding' && this.choice.selection.has(i)) || this.tickets.some((t) => t.seats.includes(this.chart.ids[i]));
  }

  /** @returns {Map<number, "selected"|"mine"|"booked"|"lost">} */
  marks() {
    const marks = new Map();
    for (const t of this.tickets) for (const id of t.seats) marks.set(this.chart.indexOf(id), 'booked');
    for (const i of this.choice.lost.keys()) marks.set(i, 'lost');
    for (const i of this.choice.selection) marks.set(i, 'selected');
    if (this.phase === 'held' || this.phase === 'paying') for (const i of this.held.seats) marks.set(i, 'mine');
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
    if (this.phase !== 'choosing' || this.choice.total === 0 || this.busy) return;
    await this.#claim(this.choice.request());
  }

  /** @param {{quantity: number, category?: string, adjacent?: boolean}} best */
  async holdBest(best) {
    if (this.phase !== 'choosing' || this.busy) return;
    await this.#claim({ best });
  }

  async #claim(wanted) {
    this.choice.forget();
    await this.#reserve(this.memory.record('reserve', { event_id: this.event.event_id, holder_id: this.holderId, ...wanted }));
  }

  async #reserve(pending) {
    this.phase = 'holding';
    await this.#act(pending, async () => {
      this.#take(await this.usher.reserve(pending.body, { idempotencyKey: pending.key, admissionToken: this.admission?.token() }));
      this.announce([`Held: ${this.held.word()}.`, ...this.held.instead(), this.held.minutes()].join(' '));
    });
    if (this.phase === 'holding') this.phase = 'choosing';
    this.onChange();
  }

  #take(hold) {
    this.choice.empty();
    this.notice = null;
    this.phase = 'held';
    this.held.take(hold);
  }

  /** From the live connection, or from asking. The answer to our own request speaks for itself, so not while one is under way. */
  #holdSays(hold) {
    const known = this.held.hold;
    if (hold.hold_id !== known?.hold_id || this.busy) return;
    this.clock.hear(hold.server_time);
    if (hold.status === 'held') known.expires_at = hold.expires_at ?? known.expires_at;
    else if (hold.status === 'paying') this.#startPaying();
    else if (hold.status === 'booked') this.#booked({ ...hold, seat_ids: hold.seat_ids ?? known.seat_ids, areas: hold.areas ?? known.areas });
    else this.#ended(hold.status === 'expired' ? explain(new UsherError({ code: 'hold_expired' }), false) : 'Your seats have been released.');
    this.onChange();
  }

  /** The countdown has reached zero, as far as we know: the server's word counts. */
  async ranOut() {
    if (this.phase !== 'held' || this.busy) return;
    await this.#ask();
  }

  async #ask() {
    const id = this.held.hold?.hold_id;
    if (!id) return;
    try {
      const hold = await this.usher.reservation(id);
      if (this.held.hold?.hold_id === id) this.#holdSays(hold);
    } catch (error) {
      if (error.status === 404 && this.held.hold?.hold_id === id) this.#ended(explain(new UsherError({ code: 'hold_expired' }), false));
    }
  }

  /** The hold is over without a booking; the seats can be chosen again if they are still free then. */
  #ended(text) {
    this.choice.again = this.held.seats;
    this.#dropHold();
    this.phase = 'choosing';
    this.#say(text, 'warn', true);
  }

  #dropHold() {
    clearTimeout(this.payingTimer);
    this.held.drop();
  }

  async extend() {
    await this.#act(null, async () => {
      const hold = await this.usher.extend(this.held.hold, Math.min(LONGEST, this.event.hold_seconds ?? 480));
      this.held.renew(hold);
      this.announce(`More time. ${this.held.minutes()}`);
    });
  }

  async release() {
    await this.#act(null, async () => {
      await this.usher.release(this.held.hold);
      const what = this.held.word();
      this.#dropHold();
      this.phase = 'choosing';
      this.#say(`Released: ${what}.`, 'info');
    });
  }

  // ---- booking

  /** @param {{method: string, outcome?: string}} payment */
  async book(payment) {
    if (this.phase !== 'held' || this.busy) return;
    const { hold_id, fencing_token } = this.held.hold;
    await this.#pay(this.memory.record('book', { hold_id, fencing_token, payment }));
  }

  async #pay(pending) {
    this.phase = 'paying';
    const answered = await this.#act(pending, async () => {
      const booking = await this.usher.book(pending.body, { idempotencyKey: pending.key });
      if (booking.status === 'paying') this.#startPaying();
      else this.#booked(booking);
    }, true);
    if (!answered && this.held.hold && this.phase === 'paying') this.phase = 'held';
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
    this.memory.tickets = this.tickets;
    this.#dropHold();
    this.phase = 'booked';
    this.notice = null;
    this.announce(`Booked: ${countWord(booking.seat_ids.length, countPlaces(placesOf(this.chart, booking.areas)))}. Enjoy the show.`);
  }

  /** @param {{booking_id: string}} ticket */
  async cancel(ticket) {
    await this.#act(null, async () => {
      await this.usher.cancel(ticket.booking_id);
      this.tickets = this.tickets.filter((t) => t !== ticket);
      this.memory.tickets = this.tickets;
      if (this.phase === 'booked') this.phase = 'choosing';
      this.#say('Cancelled and refunded. The seats are on sale again.', 'info');
    });
  }

  // ---- after a reload

  async restore() {
    const { hold: kept, pending } = this.memory;
    if (kept) {
      this.held.hold = { ...kept };
      try {
        const hold = await this.usher.reservation(kept.hold_id);
        if (hold.status === 'held' || hold.status === 'paying') this.#take({ ...kept, ...hold });
        else this.held.seats = this.chart.seatsOf(hold.seat_ids ?? []);
        if (hold.status !== 'held') this.#holdSays(hold);
      } catch (error) {
        if (error.status === 404) this.#dropHold();
        else this.#say(explain(error, false), 'warn');
      }
    }
    if (pending?.kind === 'book' && this.phase === 'held') await this.#pay(pending);
    else if (pending?.kind === 'reserve' && !this.held.hold) await this.#replay(pending);
    else if (pending) this.memory.pending = null;
    this.onChange();
  }

  async #replay(pending) {
    this.choice.restore(pending.body);
    await this.#reserve(pending);
  }

  /** @returns {Promise<boolean>} whether it went well */
  async #act(pending, fn, paying = false) {
    if (this.busy) return false;
    this.busy = true;
    this.notice = null;
    this.onChange();
    try {
      await fn();
      if (pending) this.memory.pending = null;
      return true;
    } catch (error) {
      if (!(error instanceof UsherError)) throw error;
      if (pending && error.outcome !== 'unknown') this.memory.pending = null;
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
    if (error.code.startsWith('admission_')) this.admission?.refused();
    if (over && this.held.hold) return this.#ended(text);
    if (error.code === 'seats_unavailable') return this.#conflict(error, text);
    this.#say(text, 'warn', true);
  }

  #conflict(error, text) {
    this.choice.refused(error);
    const gone = error.conflicts.length || error.areas.length ? text : 'There are no such seats together any more.';
    const { total, selection, standing } = this.choice;
    const kept = total ? ` ${countWord(selection.size, standing.total)} of your choice can still be had.` : '';
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
}
