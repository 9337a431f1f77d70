import assert from 'node:assert/strict';
import test from 'node:test';
import { Live } from '../static/client/live.js';
import { Socket, deltaFrame, later, pack, snapshotFrame, until } from './encode.mjs';

const EPOCH = new Array(16).fill(0xab);
const EPOCH_TEXT = 'ab'.repeat(16);

/** A test that fails must not leave a connection behind that is renewed for ever. */
const opened = [];
test.afterEach(() => opened.splice(0).forEach((live) => live.close()));

function setup(options = {}) {
  Socket.all = [];
  const live = new Live({ url: 'ws://x/v1/live', WebSocket: Socket, backoff: { base: 1, cap: 2 }, ...options });
  opened.push(live);
  const heard = [];
  const handlers = Object.fromEntries(['onSnapshot', 'onDelta', 'onStale', 'onLive', 'onError'].map((name) => [name, (v) => heard.push([name.slice(2).toLowerCase(), v])]));
  return { live, heard, handlers, kinds: () => heard.map(([kind]) => kind).join(' ') };
}
const newest = () => Socket.all.at(-1);

test('snapshot and deltas, binary', () => {
  const { live, heard, handlers, kinds } = setup();
  live.watchEvent('e', handlers);
  const s = newest();
  assert.deepEqual(s.protocols, ['usher.v1.bin', 'usher.v1.json']);
  s.open();
  assert.deepEqual(s.sent, [{ id: 1, subscribe: { event_id: 'e' } }]);
  s.say(snapshotFrame(1, 10, EPOCH, [0, 1, 2, 3, 0]));
  s.say(deltaFrame(1, 10, 12, [[0, 1], [4, 2]]));
  assert.equal(kinds(), 'snapshot live delta');
  assert.deepEqual([...heard[0][1].map.unpack()], [0, 1, 2, 3, 0]);
  assert.deepEqual(heard[2][1], { event_id: 'e', from: 10, to: 12, seats: [[0, 1], [4, 2]], areas: undefined });
  live.close();
});

test('the same in JSON', () => {
  const { live, heard, handlers, kinds } = setup();
  live.watchEvent('e', handlers);
  newest().open();
  newest().say({ id: 1, snapshot: { event_id: 'e', epoch: EPOCH_TEXT, version: 10, seats: Buffer.from(pack([0, 1, 2, 3, 0])).toString('base64') } });
  newest().say({ delta: { event_id: 'e', from: 10, to: 11, seats: [[4, 1]] } });
  assert.equal(kinds(), 'snapshot live delta');
  assert.deepEqual([...heard[0][1].map.unpack()].slice(0, 5), [0, 1, 2, 3, 0]);
  live.close();
});

test('places left in standing areas, in JSON and beside binary frames', () => {
  const areas = [];
  const { live } = setup();
  live.watchEvent('e', { onAreas: (a) => areas.push(a.areas) });
  const s = newest();
  s.open();
  s.say(snapshotFrame(1, 10, EPOCH, [0, 0]));
  s.say({ areas: { event_id: 'e', to: 10, areas: [[0, 100], [1, 20]] } });
  s.say(deltaFrame(1, 10, 11, []));
  s.say({ areas: { event_id: 'e', from: 10, to: 11, areas: [[1, 15]] } });
  s.say({ areas: { event_id: 'e', from: 8, to: 9, areas: [[1, 99]] } }); // of no frame of ours
  s.say({ delta: { event_id: 'e', from: 11, to: 12, seats: [], areas: [[0, 0]] } });
  assert.deepEqual(areas, [[100, 20], [100, 15], [0, 15]]);
  s.say({ id: 1, snapshot: { event_id: 'e', epoch: EPOCH_TEXT, version: 20, seats: Buffer.from(pack([0, 0])).toString('base64'), areas: [[0, 7], [1, 8]] } });
  assert.deepEqual(areas.at(-1), [7, 8]);
  live.watchEvent('e', { onAreas: (a) => areas.push(a.areas) });
  assert.deepEqual(areas.at(-1), [7, 8]); // who comes later is told at once
  live.close();
});

test('after a break it resumes from its version, with no delta lost or twice', async () => {
  const { live, handlers, kinds, heard } = setup();
  live.watchEvent('e', handlers);
  newest().open();
  newest().say(snapshotFrame(1, 10, EPOCH, [0, 0]));
  newest().say(deltaFrame(1, 10, 11, [[0, 1]]));
  newest().fail();
  assert.equal(live.state, 'reconnecting');
  await until(() => Socket.all.length === 2);
  newest().open();
  assert.deepEqual(newest().sent, [{ id: 1, subscribe: { event_id: 'e', since: { epoch: EPOCH_TEXT, version: 11 } } }]);
  newest().say({ id: 1, recovered: { event_id: 'e', epoch: EPOCH_TEXT, version: 13 } });
  newest().say(deltaFrame(1, 11, 13, [[0, 2], [1, 1]]));
  assert.equal(kinds(), 'snapshot live delta stale live delta');
  assert.equal(heard[3][1].final, false);
  live.close();
});

test('a gap is noticed, and what is on its way meanwhile is not applied', () => {
  const { live, handlers, kinds } = setup();
  live.watchEvent('e', handlers);
  const s = newest();
  s.open();
  s.say(snapshotFrame(1, 10, EPOCH, [0, 0]));
  s.say(deltaFrame(1, 11, 12, [[0, 1]])); // 10 → 11 is missing
  s.say(deltaFrame(1, 12, 13, [[1, 1]]));
  assert.deepEqual(s.sent.at(-1), { id: 1, subscribe: { event_id: 'e', since: { epoch: EPOCH_TEXT, version: 10 } } });
  assert.equal(s.sent.length, 2);
  s.say({ id: 1, recovered: { event_id: 'e', epoch: EPOCH_TEXT, version: 13 } });
  s.say(deltaFrame(1, 10, 13, [[0, 1], [1, 1]]));
  assert.equal(kinds(), 'snapshot live stale live delta');
  live.close();
});

test('a delta that has been seen is ignored', () => {
  const { live, handlers, kinds } = setup();
  live.watchEvent('e', handlers);
  newest().open();
  newest().say(snapshotFrame(1, 10, EPOCH, [0, 0]));
  newest().say(deltaFrame(1, 9, 10, [[0, 1]]));
  assert.equal(kinds(), 'snapshot live');
  assert.equal(newest().sent.length, 1);
  live.close();
});

test('a snapshot of another epoch replaces everything', () => {
  const { live, handlers, heard } = setup();
  live.watchEvent('e', handlers);
  newest().open();
  newest().say(snapshotFrame(1, 900, EPOCH, [2, 2]));
  newest().say(snapshotFrame(1, 5, new Array(16).fill(1), [0, 0]));
  newest().say(deltaFrame(1, 5, 6, [[1, 1]]));
  assert.deepEqual(heard.at(-1)[1].to, 6);
  live.close();
});

for (const [code, comesBack] of [[1006, true], [1001, true], [4000, true], [4499, true], [4500, false], [4999, false]]) {
  test(`close code ${code} ${comesBack ? 'comes back' : 'does not come back'}`, async () => {
    const { live, handlers, heard } = setup();
    live.watchEvent('e', handlers);
    newest().open();
    newest().say(snapshotFrame(1, 1, EPOCH, [0]));
    newest().fail(code, 'because');
    await later(20);
    assert.equal(Socket.all.length > 1, comesBack);
    assert.equal(live.state === 'closed', !comesBack);
    assert.deepEqual(heard.at(-1), ['stale', { reason: 'because', final: !comesBack }]);
    live.close();
  });
}

test('an unreadable frame drops the connection, not the page', async () => {
  const { live, handlers } = setup();
  live.watchEvent('e', handlers);
  newest().open();
  newest().say(Uint8Array.from([1, 1]));
  assert.equal(live.state, 'reconnecting');
  await until(() => Socket.all.length === 2);
  live.close();
});

test('two watchers share one subscription; the late one gets the map as it is', () => {
  const { live, handlers } = setup();
  const first = live.watchEvent('e', handlers);
  newest().open();
  newest().say(snapshotFrame(1, 10, EPOCH, [0, 0]));
  newest().say(deltaFrame(1, 10, 11, [[1, 2]]));
  const got = [];
  const second = live.watchEvent('e', { onSnapshot: (s) => got.push(s) });
  assert.deepEqual([got[0].version, [...got[0].map.unpack()]], [11, [0, 2]]);
  got[0].map.set(0, 3); // its own copy
  assert.equal(newest().sent.length, 1);
  first.close();
  assert.equal(newest().sent.length, 1);
  second.close();
  assert.deepEqual(newest().sent.at(-1), { id: 1, unsubscribe: { event_id: 'e' } });
  live.close();
});

test('a server that is cut off says so, and a new answer to a subscription takes it back', async () => {
  const delays = [];
  const { live } = setup();
  const watch = { onDelayed: (d) => delays.push(d.delayed) };
  live.watchEvent('e', watch);
  const s = newest();
  s.open();
  s.say(snapshotFrame(1, 10, EPOCH, [0, 0]));
  assert.deepEqual(delays, []);
  s.say({ stale: { event_id: 'other', seconds: 4 } });
  s.say({ stale: { event_id: 'e', seconds: 4 } });
  assert.deepEqual(delays, [true]);
  let late = null;
  live.watchEvent('e', { onDelayed: (d) => (late = d) });
  assert.deepEqual([late.event_id, late.delayed, late.seconds >= 4], ['e', true, true]);
  s.say({ fresh: { event_id: 'e' } });
  s.say({ fresh: { event_id: 'e' } });
  assert.deepEqual([delays, late.delayed], [[true, false], false]);
  s.say({ stale: { event_id: 'e', seconds: 4 } });
  s.fail();
  await until(() => Socket.all.length === 2);
  newest().open();
  newest().say({ id: 1, recovered: { event_id: 'e', epoch: EPOCH_TEXT, version: 10 } });
  assert.deepEqual(delays, [true, false, true, false]); // another server, or the same one, which is well again
  newest().say({ stale: { event_id: 'e', seconds: 60 } });
  assert.equal(delays.at(-1), true);
  live.close();
});

test('holds and tickets are told to those who asked', () => {
  const { live } = setup();
  const got = [];
  live.watchHold('hold_1', (h) => got.push(h.status));
  live.watchTicket('t', (q) => got.push(q.state), (e) => got.push(e.code));
  newest().open();
  assert.deepEqual(newest().sent.map((m) => m.subscribe), [{ hold_id: 'hold_1' }, { ticket: 't' }]);
  newest().say({ id: 1, hold: { hold_id: 'hold_1', status: 'held' } });
  newest().say({ hold: { hold_id: 'hold_1', status: 'expired' } });
  newest().say({ id: 2, queue: { state: 'waiting' } });
  newest().say({ queue: { state: 'admitted' } });
  newest().say({ id: 2, error: { code: 'unknown_ticket', message: '' } });
  assert.deepEqual(got, ['held', 'expired', 'waiting', 'admitted', 'unknown_ticket']);
  live.close();
});

test('silence is probed, and a dead connection replaced', async () => {
  const { live, handlers } = setup({ idleMs: 15, answerMs: 15 });
  live.watchEvent('e', handlers);
  newest().open();
  newest().say(snapshotFrame(1, 10, EPOCH, [0]));
  await until(() => newest().sent.length === 2);
  newest().say({ id: 1, recovered: { event_id: 'e', epoch: EPOCH_TEXT, version: 10 } });
  assert.equal(live.state, 'live');
  await until(() => Socket.all.length === 2); // the next probe is not answered
  live.close();
});

test('what was served before is asked for again, even if a node that comes back does not know it yet', async () => {
  const { live, handlers, kinds } = setup();
  live.watchEvent('e', handlers);
  newest().open();
  newest().say(snapshotFrame(1, 10, EPOCH, [0, 0]));
  newest().fail(1006);
  await until(() => Socket.all.length === 2);
  newest().open();
  newest().say({ id: 1, error: { code: 'unknown_event', message: 'no such event' } });
  await until(() => newest().sent.length === 2);
  newest().say({ id: 1, recovered: { event_id: 'e', epoch: EPOCH_TEXT, version: 10 } });
  assert.equal(kinds(), 'snapshot live stale live');
  live.close();
});

test('a refusal for now is asked again, a final one told', async () => {
  const { live, handlers, kinds } = setup();
  live.watchEvent('e', handlers);
  newest().open();
  newest().say({ id: 1, error: { code: 'starting', message: '' } });
  await until(() => newest().sent.length === 2);
  newest().say({ id: 1, error: { code: 'unknown_event', message: 'no such event' } });
  assert.equal(kinds(), 'error stale');
  live.close();
});

test('one watcher’s exception does not end the stream for the others', (t) => {
  const { live, handlers, kinds } = setup();
  const thrown = [];
  t.mock.method(console, 'error', (error) => thrown.push(error.message));
  live.watchEvent('e', { onSnapshot: () => { throw new Error('mine'); } });
  live.watchEvent('e', handlers);
  newest().open();
  newest().say(snapshotFrame(1, 10, EPOCH, [0]));
  assert.equal(kinds(), 'snapshot live');
  assert.deepEqual(thrown, ['mine']);
  live.close();
});
