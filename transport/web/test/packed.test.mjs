import assert from 'node:assert/strict';
import test from 'node:test';
import { PackedMap } from '../static/client/packed.js';
import { pack, random } from './encode.mjs';

test('two bits a seat, seat i in byte i/4 from the low end', () => {
  const map = new PackedMap(6, Uint8Array.from([0b11_10_01_00, 0b00_00_01_10]));
  assert.deepEqual([0, 1, 2, 3, 4, 5].map((i) => map.get(i)), [0, 1, 2, 3, 2, 1]);
});

test('agrees with a plain array through random changes', () => {
  for (const n of [0, 1, 3, 4, 5, 997, 90_000]) {
    const next = random(n + 1);
    const plain = new Uint8Array(n);
    const map = new PackedMap(n);
    for (let k = 0; k < Math.min(5000, n * 3); k++) {
      const i = Math.floor(next() * n);
      const s = Math.floor(next() * 4);
      plain[i] = s;
      map.set(i, s);
    }
    assert.deepEqual(map.unpack(), plain);
    assert.deepEqual(map.bytes, pack([...plain]));
    const count = (s) => plain.reduce((sum, v) => sum + (v === s), 0);
    assert.deepEqual(map.counts(), { total: n, available: count(0), held: count(1), booked: count(2), blocked: count(3) });
  }
});

test('refuses a map of the wrong size and seats outside it', () => {
  assert.throws(() => new PackedMap(90_000, new Uint8Array(22_499)), RangeError);
  assert.throws(() => new PackedMap(-1), RangeError);
  assert.throws(() => new PackedMap(4).set(4, 1), RangeError);
});

test('a clone is one’s own', () => {
  const map = new PackedMap(4);
  const copy = map.clone();
  copy.set(0, 2);
  assert.equal(map.get(0), 0);
});
