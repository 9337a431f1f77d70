import assert from 'node:assert/strict';
import test from 'node:test';
import { UsherError } from '../static/client/errors.js';
import { PackedMap } from '../static/client/packed.js';
import { readChart } from '../static/page/chart.js';
import { Checkout } from '../static/page/checkout.js';
import { ServerClock } from '../static/page/clock.js';
import { Seats } from '../static/page/seats.js';
import { until } from './encode.mjs';

const EVENT = { event_id: 'v:2027-01-01', hold_seconds: 480, prices: { Gold: { amount: 100, currency: 'EUR' } } };

class Store extends Map {
  getItem(k) {
    return this.get(k) ?? null;
  }
  setItem(k, v) {
    this.set(k, v);
  }
  removeItem(k) {
    this.delete(k);
  }
}

/** A shopper whose server is `answers`: a function a method, kept in `calls` with the keys they came with. */
function shopper(answers = {}, { session = new Store(), store = new Store(), areas = [] } = {}) {
  const chart = readChart({ areas, categories: [{ name: 'Gold' }], sections: [{ name: 'S', rows: [{ name: '1', seats: Array.from({ length: 12 }, (_, k) => ({ seat_id: `s${k}`, number: String(k), category: 'Gold', x: k * 10, y: 0 })) }] }] });
  const seats = new Seats(chart);
  seats.replace(new PackedMap(chart.n), 1);
  const calls = [];
  const usher = new Proxy({}, { get: (_, method) => async (body, options) => { calls.push([method, body, options?.idempotencyKey]); return answers[method](body, options); } });
  const watches = [];
  const live = { watchHold: (id, fn) => { watches.push(fn); return { close: () => {} }; } };
  const said = [];
  const c = new Checkout({ usher, live, event: EVENT, chart, seats, clock: new ServerClock(), holderId: 'me', session, store, onChange: () => {}, announce: (t) => said.push(t) });
  return { c, seats, calls, watches, said, session, store };
}
const hold = (body, extra = {}) => ({ hold_id: 'hold_1', event_id: EVENT.event_id, seat_ids: body.seat_ids, status: 'held', fencing_token: 7, server_time: new Date().toISOString(), expires_at: new Date(Date.now() + 480_000).toISOString(), ...extra });
const fails = (p) => () => { throw new UsherError(p); };

test('choose, hold, extend, book', async () => {
  const { c, calls, store, session } = shopper({
    reserve: hold,
    extend: () => hold({ seat_ids: ['s0', 's1'] }),
    book: () => ({ booking_id: 'book_1', seat_ids: ['s0', 's1'], status: 'booked' }),
  });
  c.toggle(0);
  c.toggle(1);
  await c.holdSeats();
  assert.equal(c.phase, 'held');
  assert.deepEqual([...c.marks()], [[0, 'mine'], [1, 'mine']]);
  assert.equal(c.toggle(2), false); // not while holding
  await c.extend();
  await c.book({ method: 'sandbox' });
  assert.equal(c.phase, 'booked');
  assert.deepEqual(calls.map(([m]) => m), ['reserve', 'extend', 'book']);
  assert.deepEqual(calls[2][1], { hold_id: 'hold_1', fencing_token: 7, payment: { method: 'sandbox' } });
  assert.equal(session.size, 0); // nothing pending, no hold
  assert.equal(store.size, 1);
});

test('with a waiting room, seats are chosen in one’s turn, and the admission is shown', async () => {
  const shown = [];
  let turn = false;
  let refused = 0;
  let knocks = 0;
  const { c } = shopper({ reserve: (body, o) => { shown.push(o.admissionToken); if (!turn) throw new UsherError({ code: 'admission_replayed', status: 403, outcome: 'not_applied' }); return hold(body); } });
  c.admission = { isOpen: () => turn, knock: () => knocks++, token: () => (turn ? 'ua1.t' : ''), refused: () => refused++ };
  assert.equal(c.toggle(0), false);
  assert.deepEqual([c.choice.total, knocks, c.notice], [0, 1, null]);
  turn = true;
  assert.equal(c.toggle(0), true);
  turn = false; // it ends before the claim gets there
  await c.holdSeats();
  assert.deepEqual([c.phase, refused], ['choosing', 1]);
  assert.match(c.notice.text, /time in the shop is over/);
  turn = true;
  await c.holdSeats();
  assert.deepEqual([c.phase, shown], ['held', ['', 'ua1.t']]);
});

test('no more than eight, and nothing that is taken', () => {
  const { c, seats } = shopper();
  seats.apply([[11, 2]], 2);
  assert.equal(c.toggle(11), false);
  for (let i = 0; i < 10; i++) c.toggle(i);
  assert.equal(c.choice.selection.size, 8);
  c.toggle(0);
  assert.equal(c.choice.selection.size, 7);
});

test('a chosen seat that others take is lost at once, and said so', () => {
  const { c, seats, said } = shopper();
  c.toggle(3);
  c.toggle(4);
  c.seatsChanged(seats.apply([[3, 1]], 2));
  assert.deepEqual([[...c.choice.selection], [...c.choice.lost.keys()]], [[4], [3]]);
  assert.match(said.at(-1), /taken by someone else/);
});

test('a refusal keeps what can still be had and shows what is offered', async () => {
  const refused = { code: 'seats_unavailable', status: 409, outcome: 'not_applied', conflicts: [{ seat_id: 's0', status: 'held' }], alternatives: [['s5', 's6'], ['s7']] };
  const { c } = shopper({ reserve: fails(refused) });
  c.toggle(0);
  c.toggle(1);
  await c.holdSeats();
  assert.equal(c.phase, 'choosing');
  assert.deepEqual([[...c.choice.selection], [...c.choice.lost.keys()], c.choice.alternatives.length], [[1], [0], 2]);
  c.takeAlternative(['s7']); // for the one lost
  assert.deepEqual([...c.choice.selection], [1, 7]);
});

test('an offer for the whole order replaces it', async () => {
  const { c } = shopper({ reserve: fails({ code: 'seats_unavailable', outcome: 'not_applied', conflicts: [{ seat_id: 's0' }], alternatives: [['s5', 's6']] }) });
  c.toggle(0);
  c.toggle(1);
  await c.holdSeats();
  c.takeAlternative(['s5', 's6']);
  assert.deepEqual([...c.choice.selection], [5, 6]);
});

test('an unknown outcome is repeated with the same key, a known one with another', async () => {
  let answer = fails({ code: 'no_quorum', outcome: 'unknown' });
  const { c, calls } = shopper({ reserve: (b) => answer(b) });
  c.toggle(0);
  await c.holdSeats();
  assert.match(c.notice.text, /do not know/);
  await c.holdSeats();
  assert.equal(calls[0][2], calls[1][2]);
  answer = fails({ code: 'no_quorum', outcome: 'not_applied' });
  await c.holdSeats();
  answer = hold;
  await c.holdSeats();
  assert.equal(c.phase, 'held');
  assert.equal(calls[1][2], calls[2][2]);
  assert.notEqual(calls[2][2], calls[3][2]);
});

test('a reload in the middle of a hold request finds the hold', async () => {
  const session = new Store();
  const first = shopper({ reserve: () => new Promise(() => {}) }, { session });
  first.c.toggle(0);
  first.c.holdSeats(); // never answered: the page is gone
  const second = shopper({ reserve: hold }, { session });
  await second.c.restore();
  assert.equal(second.c.phase, 'held');
  assert.equal(second.calls[0][2], first.calls[0][2]);
  assert.deepEqual(second.calls[0][1], first.calls[0][1]);
});

test('a reload while held, and one while paying', async () => {
  const session = new Store();
  const first = shopper({ reserve: hold, book: () => new Promise(() => {}) }, { session });
  first.c.toggle(2);
  await first.c.holdSeats();
  const second = shopper({ reservation: () => hold({ seat_ids: ['s2'] }), book: () => new Promise(() => {}) }, { session });
  await second.c.restore();
  assert.deepEqual([second.c.phase, second.c.held.seats], ['held', [2]]);
  second.c.book({ method: 'sandbox' });
  const third = shopper({ reservation: () => hold({ seat_ids: ['s2'] }), book: () => ({ booking_id: 'book_9', seat_ids: ['s2'] }) }, { session });
  await third.c.restore();
  assert.equal(third.c.phase, 'booked');
  assert.equal(third.calls.find(([m]) => m === 'book')[2], second.calls.find(([m]) => m === 'book')[2]);
});

for (const code of ['payment_declined', 'hold_expired', 'stale_fencing_token']) {
  test(`${code} ends the hold and offers the same seats again`, async () => {
    const { c } = shopper({ reserve: hold, book: fails({ code, outcome: 'applied' }) });
    c.toggle(0);
    await c.holdSeats();
    await c.book({ method: 'sandbox' });
    assert.deepEqual([c.phase, c.held.hold, c.choice.again], ['choosing', null, [0]]);
    assert.match(c.notice.text, /not been charged/);
  });
}

test('a hold that runs out is told by the server', async () => {
  const { c, watches } = shopper({ reserve: hold });
  c.toggle(0);
  await c.holdSeats();
  watches[0]({ hold_id: 'hold_other', status: 'expired' });
  assert.equal(c.phase, 'held');
  watches[0]({ hold_id: 'hold_1', status: 'expired' });
  assert.deepEqual([c.phase, c.choice.again], ['choosing', [0]]);
});

test('the countdown’s end asks; the server may know better', async () => {
  const { c } = shopper({ reserve: hold, reservation: () => hold({ seat_ids: ['s0'] }) });
  c.toggle(0);
  await c.holdSeats();
  await c.ranOut();
  assert.equal(c.phase, 'held');
});

test('a slow payment is waited for', async () => {
  const { c, watches } = shopper({ reserve: hold, book: () => ({ status: 'paying', hold_id: 'hold_1' }) });
  c.toggle(0);
  await c.holdSeats();
  await c.book({ method: 'sandbox', outcome: 'late' });
  assert.equal(c.phase, 'paying');
  watches[0]({ hold_id: 'hold_1', status: 'booked' });
  await until(() => c.phase === 'booked');
  assert.deepEqual(c.booking.seat_ids, ['s0']);
});

test('released seats go, and nothing is left behind', async () => {
  const { c, session } = shopper({ reserve: hold, release: () => null });
  c.toggle(0);
  await c.holdSeats();
  await c.release();
  assert.deepEqual([c.phase, c.marks().size, session.size], ['choosing', 0, 0]);
});

test('a storage that is forbidden costs nothing but the memory', async () => {
  const forbidden = { getItem: () => { throw new Error('no'); }, setItem: () => { throw new Error('no'); }, removeItem: () => { throw new Error('no'); } };
  const { c } = shopper({ reserve: hold }, { session: forbidden, store: forbidden });
  c.toggle(0);
  await c.holdSeats();
  assert.equal(c.phase, 'held');
});

const AREAS = [{ area_id: 'pit', name: 'Pit', capacity: 100, category: 'Gold' }, { area_id: 'hill', name: 'Hill', capacity: 3, category: 'Gold' }];

test('places in standing areas, with seats and without', async () => {
  const { c, calls, store } = shopper({ reserve: (b) => hold({ seat_ids: b.seat_ids ?? [] }, { areas: b.areas }), release: () => null, book: () => ({ booking_id: 'book_1', seat_ids: [], areas: [{ area_id: 'hill', quantity: 3 }], status: 'booked' }) }, { areas: AREAS });
  c.toggle(0);
  for (let k = 0; k < 5; k++) c.addPlaces(1, 1);
  assert.deepEqual([...c.choice.standing.chosen], [[1, 3]]); // full
  assert.equal(c.choice.total, 4);
  for (let k = 0; k < 9; k++) c.addPlaces(0, 1);
  assert.equal(c.choice.total, 8); // no more than eight in all
  for (let k = 0; k < 9; k++) c.addPlaces(0, -1);
  await c.holdSeats();
  assert.deepEqual(calls[0][1], { event_id: EVENT.event_id, holder_id: 'me', seat_ids: ['s0'], areas: [{ area_id: 'hill', quantity: 3 }] });
  assert.deepEqual([c.phase, c.choice.total, [...c.held.places]], ['held', 0, [[1, 3]]]);
  c.addPlaces(0, 1);
  assert.equal(c.choice.total, 0); // not while holding
  await c.release();
  c.addPlaces(1, 1);
  await c.holdSeats();
  assert.deepEqual(calls[2][1], { event_id: EVENT.event_id, holder_id: 'me', areas: [{ area_id: 'hill', quantity: 1 }] });
  await c.book({ method: 'sandbox' });
  assert.deepEqual([c.phase, c.tickets.at(-1).areas, store.size], ['booked', [{ area_id: 'hill', quantity: 3 }], 1]);
});

test('an area that others fill leaves fewer chosen, and says so', async () => {
  const { c, said } = shopper({ reserve: fails({ code: 'seats_unavailable', status: 409, outcome: 'not_applied', areas: [{ area_id: 'hill', left: 1 }] }) }, { areas: AREAS });
  c.addPlaces(1, 1);
  c.addPlaces(1, 1);
  c.addPlaces(1, 1);
  c.areasChanged([100, 2]);
  assert.deepEqual([...c.choice.standing.chosen], [[1, 2]]);
  assert.match(said.at(-1), /fewer places/);
  await c.holdSeats();
  assert.deepEqual([c.phase, [...c.choice.standing.chosen]], ['choosing', [[1, 1]]]);
  assert.match(c.notice.text, /one place of your choice/);
});

test('the best there are, and what was got instead', async () => {
  const { c, calls, said } = shopper({ reserve: () => hold({ seat_ids: ['s5', 's6'] }, { substituted: [{ wanted: 's1', got: 's6' }], routing: { pattern: 'skip_locked', because: 'hot' } }) });
  await c.holdBest({ quantity: 2, adjacent: false });
  assert.deepEqual(calls[0][1], { event_id: EVENT.event_id, holder_id: 'me', best: { quantity: 2, adjacent: false } });
  assert.deepEqual([c.phase, c.held.seats, c.held.hold.routing.pattern], ['held', [5, 6], 'skip_locked']);
  assert.deepEqual(c.held.instead(), ['You got S, row 1: 6 instead of S, row 1: 1.']);
  assert.match(said.at(-1), /instead of/);
});

test('what the server suggests can be taken', async () => {
  const { c } = shopper({ reserve: fails({ code: 'seats_unavailable', outcome: 'not_applied', conflicts: [{ seat_id: 's0' }], suggested: [{ wanted: 's0', got: 's7' }] }) });
  c.toggle(0);
  c.toggle(1);
  await c.holdSeats();
  assert.deepEqual([[...c.choice.selection], c.choice.suggested.length], [[1], 1]);
  c.takeSuggested();
  assert.deepEqual([[...c.choice.selection].sort(), c.choice.lost.size, c.choice.suggested.length], [[1, 7], 0, 0]);
});

test('no best seats left is said as such', async () => {
  const { c } = shopper({ reserve: fails({ code: 'seats_unavailable', outcome: 'not_applied', conflicts: [] }) });
  await c.holdBest({ quantity: 8 });
  assert.deepEqual([c.phase, c.notice.kind], ['choosing', 'warn']);
  assert.match(c.notice.text, /no such seats/);
});
