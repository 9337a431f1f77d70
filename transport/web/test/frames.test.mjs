import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeFrame, fromBase64 } from '../static/client/frames.js';
import { deltaFrame, pack, random, snapshotFrame, uvarint } from './encode.mjs';

const EPOCH = Array.from({ length: 16 }, (_, i) => i * 17);

test('a snapshot', () => {
  const states = [0, 1, 2, 3, 1];
  const frame = decodeFrame(snapshotFrame(300, 48_213, EPOCH, states));
  assert.deepEqual(frame, { kind: 'snapshot', id: 300, version: 48_213, n: 5, epoch: '00112233445566778899aabbccddeeff', packed: pack(states) });
});

test('a delta, bytes by hand', () => {
  // id 1, from 5, to 7, two seats: index 17 → 1, index 18 → 2
  const bytes = [2, 1, 5, 7, 2, 17 * 4 + 1, 0 * 4 + 2];
  assert.deepEqual(decodeFrame(Uint8Array.from(bytes)), { kind: 'delta', id: 1, from: 5, to: 7, seats: [[17, 1], [18, 2]] });
});

test('takes an ArrayBuffer, as websockets give', () => {
  assert.equal(decodeFrame(deltaFrame(1, 0, 1, [[0, 1]]).buffer).to, 1);
});

test('versions beyond 2^32 stay exact, beyond 2^53 are refused', () => {
  const big = 2 ** 52 + 12_345;
  assert.equal(decodeFrame(deltaFrame(1, big, big + 1, [])).to, big + 1);
  assert.throws(() => decodeFrame(Uint8Array.from([2, 1, ...new Array(8).fill(0xff), 0x7f])), /2\^53/);
});

test('random deltas come back as they went', () => {
  const next = random(7);
  for (let k = 0; k < 300; k++) {
    const seats = [];
    for (let i = -1; (i += 1 + Math.floor(next() ** 6 * 20_000)) < 90_000 && seats.length < 300; ) seats.push([i, Math.floor(next() * 4)]);
    assert.deepEqual(decodeFrame(deltaFrame(k, k, k + seats.length, seats)).seats, seats);
  }
});

test('every cut, and every byte too many, throws and never hangs', () => {
  for (const whole of [snapshotFrame(1, 500, EPOCH, [0, 1, 2, 3, 1]), deltaFrame(1, 500, 502, [[1, 1], [70_000, 2]])]) {
    for (let n = 0; n < whole.length; n++) assert.throws(() => decodeFrame(whole.slice(0, n)), RangeError, `cut at ${n}`);
    assert.throws(() => decodeFrame(Uint8Array.from([...whole, 0])), RangeError);
  }
  assert.throws(() => decodeFrame(Uint8Array.from([3, 1])), /unknown frame/);
  assert.throws(() => decodeFrame(Uint8Array.from([2, 1, 0, 0, ...uvarint(2 ** 40)])), RangeError);
});

test('noise throws a RangeError or decodes, nothing else', () => {
  const next = random(99);
  for (let k = 0; k < 20_000; k++) {
    const bytes = Uint8Array.from({ length: Math.floor(next() * 40) }, () => Math.floor(next() * 256));
    if (bytes.length) bytes[0] = 1 + (k % 2);
    try {
      decodeFrame(bytes);
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
    }
  }
});

test('base64', () => {
  assert.deepEqual(fromBase64('AAH/'), Uint8Array.from([0, 1, 255]));
});
