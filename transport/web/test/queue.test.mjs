import assert from 'node:assert/strict';
import test from 'node:test';
import { UsherError } from '../static/client/errors.js';
import { Live } from '../static/client/live.js';
import { Queue } from '../static/client/queue.js';
import { countdown, endWords, milestoneWords, spoken, wait } from '../static/page/queuewords.js';
import { Socket, later, until } from './encode.mjs';

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

let clock = 0;
const place = (change = {}) => ({ ticket: 'tick_1', event_id: 'e', state: 'waiting', phase: 'line', position: 500, ahead: 499, rate_per_minute: 600, server_time: new Date(1e12 + 1000 * ++clock).toISOString(), ...change });

const made = [];
test.afterEach(() => made.splice(0).forEach((queue) => queue.close()));

/** A shopper whose server is `answers`, and whose live connection is `say`. */
function shopper(answers = {}, { store = new Store(), ...o } = {}) {
  const calls = [];
  const usher = new Proxy({}, { get: (_, method) => async (...args) => { calls.push([method, ...args]); return answers[method](...args); } });
  const watches = new Map();
  const live = { state: 'live', watchTicket: (ticket, fn, refused) => { watches.set(ticket, { fn, refused }); return { close: () => watches.delete(ticket) }; } };
  const queue = new Queue({ usher, live, eventId: 'e', holderId: 'me', store, onChange: () => {}, ...o });
  made.push(queue);
  return { queue, calls, watches, store, live, say: (news) => watches.get(news.ticket ?? 'tick_1')?.fn(news) };
}
const fails = (p) => () => { throw new UsherError(p); };

test('join, wait, be admitted, begin', async () => {
  const { queue, calls, say, store } = shopper({ joinQueue: () => place(), verifyAdmission: () => ({ valid: true, expires_at: '2030-01-01T00:10:00Z' }) });
  await queue.join({ tier: 'gold', nights: ['e2', 'e'] });
  assert.deepEqual(calls[0].slice(0, 3), ['joinQueue', 'e', { holder_id: 'me', tier: 'gold', nights: ['e2', 'e'], return_url: undefined }]);
  assert.deepEqual([queue.state, queue.waits, queue.token, queue.progress], ['waiting', true, '', 0]);
  say(place({ position: 100, ahead: 99, milestone: 'next_100' }));
  assert.deepEqual([queue.progress, queue.milestone], [0.8, 'next_100']);
  say(place({ position: 90, ahead: 89 }));
  assert.equal(queue.milestone, 'next_100'); // stays until the next
  say(place({ state: 'admitted', position: undefined, admission_token: 'ua1.a.b', expires_at: '2030-01-01T00:00:00Z' }));
  assert.deepEqual([queue.token, queue.progress, queue.milestone], ['ua1.a.b', 1, '']);
  await queue.begin();
  assert.deepEqual(calls[1][1], { event_id: 'e', holder_id: 'me', admission_token: 'ua1.a.b', start: true });
  assert.deepEqual([queue.place.session_started, queue.place.expires_at], [true, '2030-01-01T00:10:00Z']);
  await queue.begin();
  assert.equal(calls.length, 2); // once
  assert.equal(JSON.parse(store.getItem('usher.queue.e')).ticket, 'tick_1');
});

test('the place outlasts the tab, and its progress too', async () => {
  const store = new Store();
  const first = shopper({ joinQueue: () => place({ position: 1000 }) }, { store });
  await first.queue.join();
  first.queue.close();
  assert.equal(first.watches.size, 0);
  const { queue, calls, watches } = shopper({ queue: () => place({ position: 250 }) }, { store });
  await queue.restore();
  assert.deepEqual([calls[0][1], queue.state, queue.progress, watches.size], ['tick_1', 'waiting', 0.75, 1]);
});

test('a ticket that is no longer known is forgotten', async () => {
  const store = new Store([['usher.queue.e', '{"ticket":"tick_0","first":9}']]);
  const { queue } = shopper({ queue: fails({ code: 'unknown_ticket', status: 404 }) }, { store });
  await queue.restore();
  assert.deepEqual([queue.state, store.size], ['none', 0]);
  const broken = shopper({}, { store: new Store([['usher.queue.e', '{{']]) });
  await broken.queue.restore();
  assert.equal(broken.calls.length, 0);
});

test('a place that cannot be asked for now is kept, and asked for again', async () => {
  const store = new Store([['usher.queue.e', '{"ticket":"tick_1","first":9}']]);
  let down = true;
  const { queue } = shopper({ queue: () => (down ? fails({ code: 'no_quorum', status: 503, retryable: true })() : place()) }, { store, pollEvery: 5 });
  await queue.restore();
  assert.deepEqual([queue.state, queue.error.code, store.size], ['none', 'no_quorum', 1]);
  down = false;
  await until(() => queue.state === 'waiting');
});

test('what all in the lobby hear keeps what is the ticket’s own', async () => {
  const { queue, say } = shopper({ joinQueue: () => place({ state: 'lobby', phase: 'before', position: undefined, in_lobby: 1, entrant: 'ab', tier: 'gold' }) });
  await queue.join();
  const { ticket, position, ahead, ...shared } = place({ state: 'lobby', phase: 'before', in_lobby: 7 });
  say(shared);
  assert.deepEqual([queue.place.ticket, queue.place.entrant, queue.place.tier, queue.place.in_lobby], ['tick_1', 'ab', 'gold', 7]);
  say(place({ position: 3, ahead: 2 }));
  assert.deepEqual([queue.state, queue.place.in_lobby, queue.first], ['waiting', undefined, 3]);
});

test('older news does not replace newer', async () => {
  const { queue, say } = shopper({ joinQueue: () => place() });
  const old = place({ position: 499 });
  await queue.join();
  say(old);
  assert.equal(queue.place.position, 500);
});

test('leaving, and queueing again', async () => {
  let n = 0;
  const { queue, say, watches, store } = shopper({ joinQueue: () => place({ ticket: `tick_${++n}` }), leaveQueue: () => null });
  await queue.join();
  await queue.leave();
  assert.deepEqual([queue.state, watches.size, store.size], ['none', 0, 0]);
  await queue.join();
  say(place({ ticket: 'tick_2', state: 'expired', reason: 'not_used', position: undefined }));
  assert.deepEqual([queue.state, watches.size, store.size], ['expired', 0, 1]);
  await queue.join();
  assert.deepEqual([queue.place.ticket, [...watches.keys()]], ['tick_3', ['tick_3']]);
});

test('a refused beginning is asked about', async () => {
  const { queue, say } = shopper({ joinQueue: () => place(), verifyAdmission: fails({ code: 'admission_expired', status: 403, outcome: 'not_applied' }), queue: () => place({ state: 'expired', reason: 'not_used' }) });
  await queue.join();
  say(place({ state: 'admitted', admission_token: 't' }));
  await queue.begin();
  assert.deepEqual([queue.state, queue.place.reason], ['expired', 'not_used']);
});

test('without a live connection the place is asked for', async () => {
  let position = 9;
  const { queue, live } = shopper({ joinQueue: () => place({ position }), queue: () => place({ position: --position }) }, { pollEvery: 5 });
  await queue.join();
  await later(20);
  assert.equal(queue.place.position, 9);
  live.state = 'reconnecting';
  await until(() => queue.place.position < 8);
});

test('another tab’s place is this one’s', async () => {
  const store = new Store();
  const { queue } = shopper({ joinQueue: () => place(), queue: (t) => place({ ticket: t, position: 4 }) }, { store });
  await queue.join();
  store.setItem('usher.queue.e', '{"ticket":"tick_9","first":8}');
  queue.onStorage({ key: 'usher.queue.e' });
  await until(() => queue.place?.ticket === 'tick_9');
  assert.equal(queue.progress, 0.5);
  store.removeItem('usher.queue.e');
  queue.onStorage({ key: 'usher.queue.e' });
  assert.equal(queue.state, 'none');
});

test('one connection, several tickets: each hears its own, and the lobby’s facts', () => {
  Socket.all = [];
  const live = new Live({ url: 'ws://x/v1/live', WebSocket: Socket });
  const heard = { a: [], b: [], c: [] };
  for (const t of Object.keys(heard)) live.watchTicket(t, (q) => heard[t].push(q.in_lobby ?? q.position ?? q.state));
  const socket = Socket.all.at(-1);
  socket.open();
  ['a', 'b', 'c'].forEach((ticket, k) => socket.say({ id: k + 1, queue: { ticket, event_id: k < 2 ? 'e' : 'f', state: 'lobby', in_lobby: 1 } }));
  socket.say({ queue: { event_id: 'e', state: 'lobby', in_lobby: 2 } });
  socket.say({ queue: { ticket: 'c', event_id: 'f', state: 'waiting', position: 5 } });
  socket.say({ queue: { ticket: 'z', state: 'left' } });
  socket.say({ queue: { ticket: 'a', event_id: 'e', state: 'waiting', position: 7 } });
  socket.say({ queue: { event_id: 'e', state: 'lobby', in_lobby: 3 } }); // of those still there
  assert.deepEqual(heard, { a: [1, 2, 7], b: [1, 2, 3], c: [1, 5] });
  live.close();
});

test('waits and countdowns as people say them', () => {
  assert.equal(wait(undefined), '');
  assert.equal(wait({ low: 5, high: 40 }), 'less than a minute');
  assert.equal(wait({ low: 250, high: 300 }), 'about 4 to 5 minutes');
  assert.equal(wait({ low: 40, high: 90 }), 'about 1 to 2 minutes');
  assert.equal(wait({ low: 120, high: 120 }), 'about 2 minutes');
  assert.equal(wait({ low: 7200, high: 10_800 }), 'about 2 to 3 hours');
  assert.equal(countdown(65_000), '1:05');
  assert.equal(countdown(3_600_000), '1:00:00');
  assert.equal(countdown(90_061_000), 'one day 1:01:01');
  assert.equal(milestoneWords('next'), 'You are next.');
  assert.equal(milestoneWords('other'), '');
  assert.match(endWords({ reason: 'not_used' }), /went to the next/);
  assert.match(endWords({ reason: 'unknown' }), /no longer/);
  assert.match(spoken({ state: 'waiting', place: { position: 1200, paused: true, paused_reason: 'Rain.' } }), /^Position 1,?200\. The queue is paused\. Rain\.$/);
  assert.match(spoken({ state: 'waiting', place: { position: 9, milestone: 'next_10', eta_seconds: { low: 1, high: 9 } } }), /^You are among the next 10.*Position 9\. Wait: less than a minute\.$/);
});
