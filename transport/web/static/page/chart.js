/**
 * The chart as drawing needs it: arrays indexed by seat number (chart order), because 90,000 objects with a dozen fields
 * each would cost tens of megabytes and a cache miss for every seat of every frame.
 *
 * @typedef {object} Chart
 * @property {string} name
 * @property {number} n
 * @property {Float32Array} x
 * @property {Float32Array} y
 * @property {Int32Array} section   seat → index in sections
 * @property {Int32Array} row       seat → index in rows
 * @property {Uint8Array} category  seat → index in categories
 * @property {Uint8Array} flags     seat → ACCESSIBLE | COMPANION | RESTRICTED
 * @property {string[]} ids
 * @property {string[]} numbers
 * @property {{name: string, rows: number[], seats: number, category: number, x: number, y: number, box: Box, room: {w: number, h: number}}[]} sections
 * @property {{name: string, section: number, first: number, count: number}[]} rows  a row's seats are first … first+count−1
 * @property {{name: string, color: string}[]} categories
 * @property {{id: string, name: string, capacity: number, category: number, box: Box}[]} areas
 * @property {{x: number, y: number}[]} focalPoints
 * @property {Box} box              everything drawn
 * @property {(seatId: string) => number} indexOf  −1 when there is no such seat
 * @property {(seatIds: string[]) => number[]} seatsOf  of those there are
 *
 * @typedef {{left: number, top: number, right: number, bottom: number}} Box
 */

export const ACCESSIBLE = 1;
export const COMPANION = 2;
export const RESTRICTED = 4;

/** Units of the chart, as the server's layout sets them. */
export const SEAT_PITCH = 10;
export const ROW_PITCH = 12;

/** For categories without a colour of their own. Apart in lightness as well as hue, and none near the amber of held or the grey of booked. */
const PALETTE = ['#2f6fdb', '#0c8f7e', '#a8479f', '#15508f', '#5fa83a', '#6d5bd0', '#c2476b', '#1d9cc4'];

/** @param {any} json a chart in Usher's own form @returns {Chart} */
export function readChart(json) {
  const chart = allocate(json);
  const seen = new Map(chart.categories.map((c, i) => [c.name, i]));
  let placed = true;
  let i = 0;
  for (const section of json.sections ?? []) {
    const s = addSection(chart, section);
    for (const row of section.rows ?? []) {
      const r = chart.rows.push({ name: text(row.name), section: s, first: i, count: row.seats.length }) - 1;
      chart.sections[s].rows.push(r);
      chart.sections[s].seats += row.seats.length;
      for (const seat of row.seats) {
        placed &&= Number.isFinite(seat.x) && Number.isFinite(seat.y);
        chart.x[i] = seat.x;
        chart.y[i] = seat.y;
        chart.section[i] = s;
        chart.row[i] = r;
        chart.category[i] = categoryOf(chart, seen, seat.category);
        chart.flags[i] = (seat.accessible ? ACCESSIBLE : 0) | (seat.companion ? COMPANION : 0) | (seat.restricted_view ? RESTRICTED : 0);
        chart.ids[i] = seat.seat_id;
        chart.numbers[i] = text(seat.number);
        i++;
      }
    }
  }
  if (!placed) placeInBlocks(chart);
  measure(chart, json, seen, placed);
  return chart;
}

function text(value) {
  return value === undefined || value === null ? '' : String(value);
}

function allocate(json) {
  let n = 0;
  for (const section of json.sections ?? []) for (const row of section.rows ?? []) n += row.seats.length;
  const chart = {
    name: text(json.name),
    n,
    x: new Float32Array(n),
    y: new Float32Array(n),
    section: new Int32Array(n),
    row: new Int32Array(n),
    category: new Uint8Array(n),
    flags: new Uint8Array(n),
    ids: new Array(n),
    numbers: new Array(n),
    sections: [],
    rows: [],
    categories: (json.categories ?? []).map((c, i) => ({ name: c.name, color: c.color || PALETTE[i % PALETTE.length] })),
    areas: [],
    focalPoints: (json.focal_points ?? []).filter((p) => Number.isFinite(p.x) && Number.isFinite(p.y)),
    box: { left: 0, top: 0, right: 0, bottom: 0 },
  };
  let byId = null; // 90,000 entries that a page without a hold never needs
  chart.indexOf = (id) => {
    byId ??= new Map(chart.ids.map((seatId, i) => [seatId, i]));
    return byId.get(id) ?? -1;
  };
  chart.seatsOf = (ids) => ids.map(chart.indexOf).filter((i) => i >= 0);
  return chart;
}

/** Sections of one name are one section, however the file came to have it twice. */
function addSection(chart, section) {
  const name = text(section.name);
  const known = chart.sections.findIndex((s) => s.name === name);
  if (known >= 0) return known;
  return chart.sections.push({ name, rows: [], seats: 0, category: 0, x: Number(section.x ?? NaN), y: Number(section.y ?? NaN), box: null }) - 1;
}

function categoryOf(chart, seen, name) {
  let c = seen.get(name);
  if (c === undefined) {
    c = chart.categories.push({ name: text(name), color: PALETTE[chart.categories.length % PALETTE.length] }) - 1;
    seen.set(name, c);
  }
  return c;
}

/** For a chart without coordinates: each section a block of its rows, the blocks set in lines like words. */
function placeInBlocks(chart) {
  const gap = 40;
  const lineWidth = Math.max(400, Math.sqrt(chart.n * SEAT_PITCH * ROW_PITCH) * 1.5);
  let left = 0;
  let top = 0;
  let lineHeight = 0;
  for (const section of chart.sections) {
    const longest = Math.max(...section.rows.map((r) => chart.rows[r].count));
    const width = longest * SEAT_PITCH;
    if (left > 0 && left + width > lineWidth) {
      left = 0;
      top += lineHeight + gap;
      lineHeight = 0;
    }
    section.rows.forEach((r, k) => {
      const row = chart.rows[r];
      const indent = ((longest - row.count) * SEAT_PITCH) / 2;
      for (let j = 0; j < row.count; j++) {
        chart.x[row.first + j] = left + indent + j * SEAT_PITCH;
        chart.y[row.first + j] = top + k * ROW_PITCH;
      }
    });
    left += width + gap;
    lineHeight = Math.max(lineHeight, section.rows.length * ROW_PITCH);
  }
}

function measure(chart, json, seen, placed) {
  let all = null;
  for (const section of chart.sections) {
    section.box = sectionBox(chart, section);
    if (!section.box) continue;
    all = union(all, section.box);
    section.category = commonCategory(chart, section);
    anchor(chart, section, placed);
    section.room = room(chart, section);
  }
  chart.areas = areas(json.areas ?? [], chart, seen, all);
  for (const area of chart.areas) all = union(all, area.box);
  if (placed) for (const p of chart.focalPoints) all = union(all, { left: p.x - 40, top: p.y - 25, right: p.x + 40, bottom: p.y + 25 });
  else chart.focalPoints = [];
  chart.box = all ?? { left: 0, top: 0, right: 100, bottom: 100 };
}

function sectionBox(chart, section) {
  let box = null;
  for (const r of section.rows) {
    const { first, count } = chart.rows[r];
    for (let i = first; i < first + count; i++) {
      box = union(box, { left: chart.x[i], top: chart.y[i], right: chart.x[i], bottom: chart.y[i] });
    }
  }
  return box;
}

/** @returns {Box} */
export function union(a, b) {
  if (!a) return { ...b };
  a.left = Math.min(a.left, b.left);
  a.top = Math.min(a.top, b.top);
  a.right = Math.max(a.right, b.right);
  a.bottom = Math.max(a.bottom, b.bottom);
  return a;
}

/** The category most of a section's seats have gives the section its colour from afar. */
function commonCategory(chart, section) {
  const count = new Int32Array(chart.categories.length);
  for (const r of section.rows) {
    const { first, count: seats } = chart.rows[r];
    for (let i = first; i < first + seats; i++) count[chart.category[i]]++;
  }
  return count.indexOf(Math.max(...count));
}

/** Where the label goes: the given anchor if it lies within the section, else the seat nearest to the middle (a curve's own middle may lie outside it). */
function anchor(chart, section, placed) {
  const { box } = section;
  const inside = section.x >= box.left && section.x <= box.right && section.y >= box.top && section.y <= box.bottom;
  if (placed && inside) return;
  let mx = 0;
  let my = 0;
  const each = (fn) => {
    for (const r of section.rows) for (let i = chart.rows[r].first, end = i + chart.rows[r].count; i < end; i++) fn(i);
  };
  each((i) => {
    mx += chart.x[i] / section.seats;
    my += chart.y[i] / section.seats;
  });
  let best = Infinity;
  each((i) => {
    const d = (chart.x[i] - mx) ** 2 + (chart.y[i] - my) ** 2;
    if (d >= best) return;
    best = d;
    section.x = chart.x[i];
    section.y = chart.y[i];
  });
}

/** How wide and high a label at the anchor may be without leaving the section: a turned or curved section has less room than its box. */
function room(chart, { rows, x, y }) {
  const reach = { left: 0, right: 0, up: 0, down: 0 };
  for (const r of rows) {
    for (let i = chart.rows[r].first, end = i + chart.rows[r].count; i < end; i++) {
      const dx = chart.x[i] - x;
      const dy = chart.y[i] - y;
      if (Math.abs(dy) <= ROW_PITCH) {
        reach.left = Math.max(reach.left, -dx);
        reach.right = Math.max(reach.right, dx);
      }
      if (Math.abs(dx) <= SEAT_PITCH) {
        reach.up = Math.max(reach.up, -dy);
        reach.down = Math.max(reach.down, dy);
      }
    }
  }
  return { w: 2 * Math.min(reach.left, reach.right) + SEAT_PITCH, h: 2 * Math.min(reach.up, reach.down) + ROW_PITCH };
}

/** An area's block is half again as wide as high, and large enough for its people at about a seat's room each. */
const AREA_SHAPE = 0.6;

/** Areas are drawn at their place or else below the seats, no larger than keeps them off their neighbours. */
function areas(list, chart, seen, all) {
  let left = all?.left ?? 0;
  const below = (all?.bottom ?? 0) + 100;
  const placed = list.map((area) => {
    if (Number.isFinite(area.x) && Number.isFinite(area.y)) return { area, cx: area.x, cy: area.y };
    left += 200;
    return { area, cx: left - 100, cy: below };
  });
  return placed.map(({ area, cx, cy }, k) => {
    const nearest = Math.min(...placed.map((p, j) => (j === k ? Infinity : Math.max(Math.abs(p.cx - cx), Math.abs(p.cy - cy) / AREA_SHAPE))));
    const width = Math.min(Math.max(60, Math.sqrt(area.capacity ?? 0) * 11), nearest * 0.9);
    const height = width * AREA_SHAPE;
    return {
      id: area.area_id,
      name: text(area.name || area.area_id),
      capacity: area.capacity ?? 0,
      category: categoryOf(chart, seen, area.category),
      box: { left: cx - width / 2, top: cy - height / 2, right: cx + width / 2, bottom: cy + height / 2 },
    };
  });
}
