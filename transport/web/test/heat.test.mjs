import assert from 'node:assert/strict';
import test from 'node:test';
import { HeatMap } from '../static/client/heat.js';
import { Live } from '../static/client/live.js';
import { Focus } from '../static/page/focus.js';
import { HeatLayer } from '../static/page/heatlayer.js';
import { lookWords } from '../static/page/words.js';
import { Socket, later, snapshotFrame, until } from './encode.mjs';

const EPOCH = new Array(16).fill(0xab);
const EPOCH_TEXT = 'ab'.repeat(16);
const base64 = (...bytes) => Buffer.from(bytes).toString('base64');

const opened = [];
test.afterEach(() => opened.splice(0).forEach((live) => live.close()));

function setup() {
  Socket.all = [];
  const live = new Live({ url: 'ws://x/v1/live', WebSocket: Socket, backoff: { base: 1, cap: 2 } });
  opened.push(live);
  const heard = [];
  return { live, heard, onHeat: (h) => heard.push({ ...h, classes: [...h.classes], sections: [...h.sections] }) };
}
const newest = () => Socket.all.at(-1);

test('all of it, then changes', () => {
  const heat = new HeatMap();
  assert.deepEqual(heat.apply({ seats: [[0, 1]] }), { seats: [], sections: [] }); // of what?
  assert.equal(heat.apply({ classes: base64(0x21, 0x07), sections: [3, 0], viewers: 5 }), null);
  assert.deepEqual([[...heat.classes], [...heat.sections], heat.viewers], [[1, 2, 7, 0], [3, 0], 5]);
  assert.deepEqual(heat.apply({ seats: [[0, 4], [1, 2], [9, 1]], sections: [[1, 1]] }), { seats: [0], sections: [1] });
  assert.deepEqual([[...heat.classes], [...heat.sections], heat.viewers, heat.focus], [[4, 2, 7, 0], [3, 1], 5, null]);
});

test('who wants heat is told, and the others are not', () => {
  const { live, heard, onHeat } = setup();
  live.watchEvent('e', { onHeat: () => assert.fail('did not ask') });
  const s = newest();
  s.open();
  s.say(snapshotFrame(1, 10, EPOCH, [0, 0]));
  s.say({ heat: { event_id: 'e', classes: base64(0x11), sections: [1], viewers: 1 } });
  const watch = live.watchEvent('e', { heat: true, onHeat });
  assert.deepEqual(s.sent.at(-1), { id: 1, subscribe: { event_id: 'e', heat: true, since: { epoch: EPOCH_TEXT, version: 10 } } });
  watch.close();
  assert.deepEqual(s.sent.at(-1), { id: 1, subscribe: { event_id: 'e', since: { epoch: EPOCH_TEXT, version: 10 } } });
  assert.equal(heard.length, 0);
});

test('heat before and after a break', async () => {
  const { live, heard, onHeat } = setup();
  live.watchEvent('e', { heat: true, onHeat });
  newest().open();
  assert.deepEqual(newest().sent[0].subscribe, { event_id: 'e', heat: true });
  newest().say({ heat: { event_id: 'e', classes: base64(0x21), sections: [1], viewers: 3 } });
  newest().say({ heat: { event_id: 'e', seats: [[1, 0]], viewers: 4 } });
  assert.deepEqual(heard.map((h) => [h.classes, h.viewers, h.changed]), [[[1, 2], 3, null], [[1, 0], 4, { seats: [1], sections: [] }]]);
  const late = [];
  live.watchEvent('e', { heat: true, onHeat: (h) => late.push([...h.classes]) });
  assert.deepEqual(late, [[1, 0]]);
  newest().fail();
  await until(() => Socket.all.length === 2);
  newest().open();
  assert.equal(newest().sent[0].subscribe.heat, true);
  newest().say({ heat: { event_id: 'e', classes: base64(0x77), sections: [7], viewers: 9 } });
  assert.deepEqual([heard.at(-1).classes, heard.at(-1).changed], [[7, 7], null]);
});

test('a focus is answered, and only then told of; it outlives a break', async () => {
  const { live, heard, onHeat } = setup();
  live.watchEvent('e', { heat: true, onHeat });
  live.focus('e', { seat_ids: ['a'] }); // before there is a connection
  newest().open();
  const first = newest().sent.at(-1);
  assert.deepEqual(first.focus, { event_id: 'e', seat_ids: ['a'] });
  newest().say({ heat: { event_id: 'e', classes: base64(0), sections: [0], viewers: 0 } });
  newest().say({ id: first.id, ok: true });
  newest().say({ heat: { event_id: 'e', focus: { viewers: 1842, chance: 0.0005 } } });
  assert.deepEqual(heard.at(-1).focus, { viewers: 1842, chance: 0.0005 });
  live.focus('e', { section: 'S' });
  newest().say({ heat: { event_id: 'e', focus: { viewers: 1843, chance: 0.0005 } } }); // of the seat, still
  assert.equal(heard.at(-1).focus, null);
  newest().fail();
  await until(() => Socket.all.length === 2);
  newest().open();
  assert.deepEqual(newest().sent.at(-1).focus, { event_id: 'e', section: 'S' });
  live.focus('e', null);
  assert.deepEqual(newest().sent.at(-1).focus, { event_id: 'e' });
  const sent = newest().sent.length;
  live.focus('e', null);
  assert.equal(newest().sent.length, sent);
});

const chart = { n: 4, ids: ['a', 'b', 'c', 'd'], sections: [{ name: 'S' }, { name: 'T' }] };

test('the page sends its focus when the pointer rests, four times a second at most', async () => {
  const sent = [];
  const times = [];
  const focus = new Focus({ chart, send: (at) => { sent.push(at); times.push(performance.now()); } });
  for (let k = 0; k < 30; k++) {
    focus.hover({ seat: k % 3, section: 0 });
    await later(2);
  }
  focus.hover({ seat: 3, section: 1 });
  await until(() => sent.length === 1);
  assert.deepEqual(sent, [{ seat_ids: ['d'] }]); // what it passed over is not what it looked at
  focus.told({ viewers: 2, chance: 0.5 });
  assert.deepEqual([focus.at(3), focus.at(1)], [{ viewers: 2, chance: 0.5 }, null]);
  focus.hover({ seat: -1, section: 1 });
  await until(() => sent.length === 2);
  assert.deepEqual(sent[1], { section: 'T' });
  assert.equal(focus.at(3), null);
  focus.chose([0, 2]);
  focus.hover(null);
  await until(() => sent.length === 3);
  assert.deepEqual(sent[2], { seat_ids: ['a', 'c'] });
  focus.hover(null); // no news
  focus.chose([]);
  await until(() => sent.length === 4);
  assert.equal(sent[3], null);
  for (let k = 1; k < 4; k++) assert.ok(times[k] - times[k - 1] > 240, `${times[k] - times[k - 1]} ms apart`);
});

test('the layer says what looks different', () => {
  const layer = new HeatLayer(chart);
  const all = { classes: Uint8Array.of(1, 0, 7, 0), sections: Uint8Array.of(2, 0), viewers: 3, changed: null };
  assert.equal(layer.update(all), null);
  assert.deepEqual(layer.update({ ...all, classes: Uint8Array.of(1, 2, 7, 0, 5), changed: { seats: [1, 4], sections: [] } }), [1]);
  assert.deepEqual([layer.of(1), layer.ofSection(0)], [0, 0]); // it is off
  layer.on = true;
  assert.deepEqual([layer.of(1), layer.ofSection(0), layer.of(3)], [2, 2, 0]);
});

test('what is said of a seat', () => {
  assert.equal(lookWords({ viewers: 1842, chance: 0.000543 }), '1,842 people look at this seat, chance 0.05 %');
  assert.equal(lookWords({ viewers: 2, chance: 0.5 }), '2 people look at this seat, chance 50 %');
  assert.equal(lookWords({ viewers: 60, chance: 0.0166 }), '60 people look at this seat, chance 1.7 %');
  assert.equal(lookWords({ viewers: 1, chance: 0.875 }), 'Only you look at this seat, chance 88 %');
  assert.equal(lookWords({ viewers: 3, chance: 0 }), '3 people look at this seat');
  assert.equal(lookWords({ viewers: 0, chance: 1 }), ''); // not counted
  assert.equal(lookWords(null), '');
});
