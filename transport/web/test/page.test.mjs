import assert from 'node:assert/strict';
import test from 'node:test';
import { PackedMap } from '../static/client/packed.js';
import { ACCESSIBLE, readChart } from '../static/page/chart.js';
import { ServerClock, minutes } from '../static/page/clock.js';
import { contrast, inkOn, mix, parse } from '../static/page/colour.js';
import { Grid } from '../static/page/grid.js';
import { show, sum } from '../static/page/money.js';
import { Seats } from '../static/page/seats.js';
import { hull, outline } from '../static/page/shapes.js';
import { Viewport } from '../static/page/viewport.js';
import { explain, together } from '../static/page/words.js';
import { UsherError } from '../static/client/errors.js';
import { random } from './encode.mjs';

/** Two sections of rows × seats, each seat 10 from the next, the second section beside the first. */
function house(rows = 3, seats = 4, placed = true) {
  const section = (name, left) => ({
    name,
    rows: Array.from({ length: rows }, (_, r) => ({
      name: String(r + 1),
      seats: Array.from({ length: seats }, (_, k) => ({ seat_id: `${name}-${r + 1}-${k + 1}`, number: String(k + 1), category: name === 'A' ? 'Gold' : 'Late', ...(placed ? { x: left + k * 10, y: r * 12 } : {}) })),
    })),
  });
  return { name: 'House', categories: [{ name: 'Gold', color: '#ffcc00' }], sections: [section('A', 0), section('B', seats * 10 + 30)], focal_points: [{ x: 0, y: -80 }] };
}

test('a chart as arrays in chart order', () => {
  const json = house();
  json.sections[0].rows[0].seats[1].accessible = true;
  const c = readChart(json);
  assert.deepEqual([c.n, c.sections.length, c.rows.length], [24, 2, 6]);
  assert.deepEqual([c.ids[0], c.ids[23], c.indexOf('B-1-1'), c.indexOf('no')], ['A-1-1', 'B-3-4', 12, -1]);
  assert.equal(c.flags[1], ACCESSIBLE);
  assert.equal(c.categories[1].name, 'Late'); // a category that the list forgot
  assert.ok(c.box.top <= -80);
});

test('a chart without places gets some, no two the same', () => {
  const c = readChart(house(5, 7, false));
  const places = new Set(Array.from(c.x, (x, i) => `${x},${c.y[i]}`));
  assert.equal(places.size, c.n);
});

test('areas are placed and kept apart', () => {
  const areas = [{ area_id: 'p', name: 'Pit', capacity: 90_000, category: 'Gold', x: 0, y: 0 }, { area_id: 'q', capacity: 90_000, category: 'Gold', x: 100, y: 0 }, { area_id: 'r', capacity: 10, category: 'Gold' }];
  const c = readChart({ ...house(), areas });
  assert.ok(c.areas[0].box.right <= c.areas[1].box.left);
  assert.equal(c.areas[1].name, 'q');
  assert.ok(c.areas[2].box.top > 24);
});

test('an empty chart is a chart', () => {
  const c = readChart({ sections: [] });
  assert.equal(c.n, 0);
  assert.ok(c.box.right > c.box.left);
});

test('section counts follow every change', () => {
  const c = readChart(house());
  const seats = new Seats(c);
  const next = random(3);
  assert.deepEqual(seats.replace(new PackedMap(c.n), 1), []);
  for (let v = 2; v < 300; v++) {
    const i = Math.floor(next() * c.n);
    const to = Math.floor(next() * 4);
    const was = seats.state[i];
    assert.deepEqual(seats.apply([[i, to]], v), was === to ? [] : [i]);
    for (const s of [0, 1]) {
      const own = [...seats.state].filter((_, k) => c.section[k] === s);
      for (const state of [0, 1, 2, 3]) assert.equal(seats.bySection[s * 4 + state], own.filter((x) => x === state).length);
    }
  }
  assert.equal(seats.total.reduce((a, b) => a + b), c.n);
  assert.deepEqual(seats.apply([[c.n + 5, 1]], 999), []); // a chart shorter than the map
});

test('a new map says which seats differ', () => {
  const c = readChart(house());
  const seats = new Seats(c);
  const map = new PackedMap(c.n);
  seats.replace(map, 1);
  map.set(3, 2);
  assert.deepEqual(seats.replace(map, 9), [3]);
});

test('the nearest seat, against looking at all', () => {
  const next = random(5);
  const n = 2000;
  const x = Float32Array.from({ length: n }, () => next() * 900);
  const y = Float32Array.from({ length: n }, () => next() * 500);
  const grid = new Grid(x, y, { left: 0, top: 0, right: 900, bottom: 500 });
  for (let k = 0; k < 500; k++) {
    const [px, py, reach] = [next() * 1000 - 50, next() * 600 - 50, next() * 60];
    let best = -1;
    let bestD = reach * reach;
    for (let i = 0; i < n; i++) {
      const d = (x[i] - px) ** 2 + (y[i] - py) ** 2;
      if (d <= bestD) [best, bestD] = [i, d];
    }
    const got = grid.nearest(px, py, reach);
    if (best < 0) assert.equal(got, -1);
    else assert.equal((x[got] - px) ** 2 + (y[got] - py) ** 2, bestD);
  }
});

test('runs cover every seat of a box', () => {
  const c = readChart(house(20, 30));
  const grid = new Grid(c.x, c.y, c.box);
  const seen = new Set();
  grid.runs({ left: -1e6, top: -1e6, right: 1e6, bottom: 1e6 }, (items, from, to) => { for (let k = from; k < to; k++) seen.add(items[k]); });
  assert.equal(seen.size, c.n);
});

test('one far-off seat does not make a million cells', () => {
  const grid = new Grid(Float32Array.of(0, 5e6), Float32Array.of(0, 5e6), { left: 0, top: 0, right: 5e6, bottom: 5e6 });
  assert.ok(grid.start.length < 1.1e6);
  assert.equal(grid.nearest(5e6, 5e6, 5), 1);
});

test('zooming keeps what is under the pointer', () => {
  const v = new Viewport({ left: 0, top: 0, right: 2000, bottom: 1000 });
  v.resize(1000, 600);
  const before = v.toWorld(300, 200);
  v.set(v.zoomed(300, 200, 3));
  const after = v.toWorld(300, 200);
  assert.ok(Math.hypot(after.x - before.x, after.y - before.y) < 1e-6);
});

test('the view never loses the house, nor its limits', () => {
  const next = random(11);
  const v = new Viewport({ left: -100, top: -100, right: 900, bottom: 400 });
  v.resize(800, 500);
  for (let k = 0; k < 2000; k++) {
    if (next() < 0.5) v.panBy((next() - 0.5) * 2000, (next() - 0.5) * 2000);
    else v.set(v.zoomed(next() * 800, next() * 500, next() * 4));
    const m = v.toWorld(400, 250);
    assert.ok(m.x > -101 && m.x < 901 && m.y > -101 && m.y < 401);
    assert.ok(v.scale >= v.minScale - 1e-9 && v.scale <= v.maxScale + 1e-9);
  }
});

test('a resize keeps the fit, or else the middle', () => {
  const v = new Viewport({ left: 0, top: 0, right: 2000, bottom: 1000 });
  v.resize(1000, 600);
  v.resize(500, 300);
  assert.ok(Math.abs(v.scale - v.fitScale()) < 1e-9);
  v.set(v.around(700, 400, 2));
  v.resize(800, 800);
  const m = v.toWorld(400, 400);
  assert.ok(Math.hypot(m.x - 700, m.y - 400) < 1e-6);
});

test('a move starts and ends where it should', () => {
  const v = new Viewport({ left: 0, top: 0, right: 2000, bottom: 1000 });
  v.resize(1000, 600);
  const from = { scale: v.scale, tx: v.tx, ty: v.ty };
  for (const to of [v.around(300, 300, 3), v.around(400, 500, v.scale)]) {
    for (const [t, want] of [[0, from], [1, to]]) {
      const got = v.between(from, to, t);
      for (const k of ['scale', 'tx', 'ty']) assert.ok(Math.abs(got[k] - want[k]) < 1e-6, `${k} at ${t}`);
    }
  }
});

test('outlines follow steps, turn rows the same way, and survive odd rows', () => {
  const c = readChart(house());
  const points = outline(c, c.sections[0]);
  assert.equal(points.length, 4 + 1 + 4 + 1);
  const zigzag = readChart({ sections: [{ name: 'S', rows: [{ name: '1', seats: [0, 10, 20].map((x) => ({ seat_id: `a${x}`, x, y: 0 })) }, { name: '2', seats: [20, 10, 0].map((x) => ({ seat_id: `b${x}`, x, y: 12 })) }] }] });
  const [first, ...rest] = outline(zigzag, zigzag.sections[0]);
  assert.deepEqual(first, [0, 0]);
  assert.deepEqual(rest.at(-1), [0, 12]);
  const apart = readChart({ sections: [{ name: 'S', rows: [0, 500, 20, 700].map((x, r) => ({ name: String(r), seats: [{ seat_id: `s${r}`, x, y: r * 90 }] })) }] });
  assert.ok(outline(apart, apart.sections[0]).length >= 3);
  assert.deepEqual(hull([[0, 0], [4, 0], [4, 4], [0, 4], [2, 2]]).length, 4);
});

test('money in minor units, as the currency has them', () => {
  assert.match(show({ amount: 12_345, currency: 'EUR' }), /123[.,]45/);
  assert.match(show({ amount: 12_345, currency: 'JPY' }), /12.?345/);
  assert.equal(show(undefined), '');
  assert.equal(show({ amount: 5, currency: 'credits' }), '5 credits');
  assert.deepEqual(sum([{ amount: 1, currency: 'EUR' }, { amount: 2, currency: 'EUR' }]), [{ amount: 3, currency: 'EUR' }]);
  assert.equal(sum([{ amount: 1, currency: 'EUR' }, undefined]), null);
});

test('the countdown goes by the server’s clock, not the device’s', () => {
  let t = 1000;
  const clock = new ServerClock(() => t);
  clock.hear('2027-01-01T00:00:00Z');
  assert.equal(clock.left('2027-01-01T00:08:00Z'), 480_000);
  t += 479_500;
  assert.equal(minutes(clock.left('2027-01-01T00:08:00Z')), '0:01');
  t += 10_000;
  assert.equal(minutes(clock.left('2027-01-01T00:08:00Z')), '0:00');
  clock.hear(undefined);
  clock.hear('nonsense');
  assert.equal(minutes(480_000), '8:00');
});

test('colours', () => {
  assert.equal(parse('#fff'), 0xffffff);
  assert.equal(parse(' #1b4fc4 '), 0x1b4fc4);
  assert.equal(parse('rgb(1, 2, 3)'), 0x010203);
  assert.equal(mix(0x000000, 0xffffff, 0.5), 0x808080);
  for (const c of [0x0072b2, 0xe69f00, 0x009e73, 0xcc79a7, 0xffffff, 0x000000]) assert.ok(contrast(c, inkOn(c)) >= 4.5, c.toString(16));
});

test('words say what is known and no more', () => {
  const c = readChart(house());
  assert.equal(together(c, [0, 1, 5]), 'A, row 1: 1, 2; A, row 2: 2');
  assert.match(explain(new UsherError({ code: 'no_quorum', outcome: 'unknown' }), true), /do not know/);
  assert.match(explain(new UsherError({ code: 'no_quorum', outcome: 'not_applied' }), true), /Nothing has changed/);
  assert.match(explain(new UsherError({ code: 'brand_new', status: 400, detail: 'the detail' }), false), /the detail/);
});
