import { ACCESSIBLE, RESTRICTED } from './chart.js';
import { css, inkOn, mix } from './colour.js';
import { SEAT_RADIUS } from './seatlayer.js';

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';

/** Distance of seats in CSS pixels from which there is room for… */
const NUMBERS_FROM = 21;
const ROWS_FROM = 14;

/** The words over the map: sections and what is left of them from afar, rows and seat numbers near by. */
export class Labels {
  /** @param {HTMLCanvasElement} canvas @param {import('./ground.js').Ground} ground */
  constructor(canvas, chart, seats, grid, ground) {
    this.g = canvas.getContext('2d');
    this.canvas = canvas;
    this.chart = chart;
    this.seats = seats;
    this.grid = grid;
    this.ground = ground;
    this.count = new Intl.NumberFormat();
  }

  draw(view, dpr, solid, look) {
    const { g } = this;
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.clearRect(0, 0, this.canvas.width, this.canvas.height);
    g.setTransform(dpr, 0, 0, dpr, 0, 0);
    g.textAlign = 'center';
    g.textBaseline = 'middle';
    this.taken = [];
    for (const s of this.ground.stages) this.#stage(s, view, look.theme);
    this.ground.areas.forEach((a, k) => this.#area(a, this.seats.free[k], view, look.theme));
    if (view.pitch >= ROWS_FROM) this.#rows(view, look.theme);
    if (view.pitch >= NUMBERS_FROM) this.#numbers(view, look);
    else this.#sections(view, solid, look);
  }

  #stage(s, view, theme) {
    const p = view.toScreen(s.x, s.y);
    const size = Math.min(22, s.w * view.scale * 0.3);
    if (size < 9 || !s.word) return;
    this.g.font = `600 ${size}px ${FONT}`;
    this.g.fillStyle = css(theme.muted);
    this.g.fillText(s.word, p.x, p.y);
    this.taken.push({ left: p.x - size * 2, right: p.x + size * 2, top: p.y - size, bottom: p.y + size });
  }

  #area(area, free, view, theme) {
    const { box } = area;
    const p = view.toScreen((box.left + box.right) / 2, (box.top + box.bottom) / 2);
    const size = Math.min(16, ((box.bottom - box.top) * view.scale) / 4);
    if (size < 7) return;
    this.g.fillStyle = css(theme.ink);
    this.g.font = `600 ${size}px ${FONT}`;
    this.g.fillText(area.name, p.x, p.y - size * 0.6);
    this.g.font = `${size * 0.8}px ${FONT}`;
    const left = free === null ? this.count.format(area.capacity) : free ? `${this.count.format(free)} left` : 'sold out';
    this.g.fillText(`standing, ${left}`, p.x, p.y + size * 0.6);
  }

  /** Big sections first: where two labels want one place, the one more people look for stands. */
  #sections(view, solid, look) {
    const inView = this.chart.sections.map((_, s) => s).filter((s) => this.#inView(s, view));
    inView.sort((a, b) => this.chart.sections[b].seats - this.chart.sections[a].seats || a - b);
    // Either all by their full names or all by the short ones: a mixture reads like two kinds of sections.
    const full = inView.filter((s) => this.#fits(this.chart.sections[s].name, s, view));
    const names = full.length * 5 >= inView.length * 4 ? (s) => this.chart.sections[s].name : (s) => shortName(this.chart.sections[s].name);
    for (const s of inView) this.#section(s, names(s), view, solid, look);
  }

  #inView(s, view) {
    const section = this.chart.sections[s];
    if (!section.box) return false;
    const p = view.toScreen(section.x, section.y);
    return p.x > -60 && p.y > -30 && p.x < view.width + 60 && p.y < view.height + 30;
  }

  /** Sets the font for the section's label. @returns {number} its size */
  #size(s, view) {
    const { w, h } = this.chart.sections[s].room;
    const size = Math.max(9.5, Math.min(15, h * view.scale * 0.34, w * view.scale * 0.3));
    this.g.font = `650 ${size}px ${FONT}`;
    return size;
  }

  #fits(name, s, view) {
    const { w, h } = this.chart.sections[s].room;
    const size = this.#size(s, view);
    return h * view.scale >= size * 0.9 && this.g.measureText(name).width <= w * view.scale * 1.02;
  }

  #section(s, name, view, solid, { theme, categories }) {
    if (!this.#fits(name, s, view)) return;
    const { g } = this;
    const section = this.chart.sections[s];
    const size = this.#size(s, view);
    const p = view.toScreen(section.x, section.y);
    const wide = section.room.w * view.scale;
    const two = section.room.h * view.scale > size * 2.4;
    const half = { w: g.measureText(name).width / 2, h: size * (two ? 1.1 : 0.6) };
    const place = { left: p.x - half.w, right: p.x + half.w, top: p.y - half.h, bottom: p.y + half.h };
    if (this.taken.some((t) => overlap(t, place))) return;
    this.taken.push(place);
    const under = solid > 0.5 ? this.ground.fill(s, theme, categories) : null;
    this.#words(name, p.x, two ? p.y - size * 0.5 : p.y, under, theme);
    const left = this.seats.left(s);
    const count = left ? this.count.format(left) : 'sold out';
    g.font = `450 ${Math.max(8.5, size * 0.82)}px ${FONT}`;
    if (two && g.measureText(count).width <= wide) this.#words(count, p.x, p.y + size * 0.6, under, theme);
  }

  /** On a fill the ink is chosen by contrast; over seats the words get a halo of the ground's colour. */
  #words(text, x, y, under, theme) {
    const { g } = this;
    if (under === null) {
      g.lineJoin = 'round';
      g.lineWidth = 4;
      g.strokeStyle = css(theme.ground);
      g.strokeText(text, x, y);
    }
    g.fillStyle = under === null ? css(theme.ink) : css(inkOn(under));
    g.fillText(text, x, y);
  }

  /** A row's name stands before its first and after its last seat, in line with the row. */
  #rows(view, theme) {
    const { chart, g } = this;
    const size = Math.min(13, view.pitch * 0.5);
    g.font = `600 ${size}px ${FONT}`;
    g.fillStyle = css(theme.muted);
    const rows = new Set();
    this.grid.runs(view.visible(30), (items, from, to) => {
      for (let k = from; k < to; k++) rows.add(chart.row[items[k]]);
    });
    for (const r of rows) {
      const row = chart.rows[r];
      const last = row.first + row.count - 1;
      const dx = chart.x[last] - chart.x[row.first];
      const dy = chart.y[last] - chart.y[row.first];
      const length = Math.hypot(dx, dy) || 1;
      const off = 9.5;
      const [ux, uy] = row.count > 1 ? [(dx / length) * off, (dy / length) * off] : [off, 0];
      for (const [i, sign] of [[row.first, -1], [last, 1]]) {
        const p = view.toScreen(chart.x[i] + sign * ux, chart.y[i] + sign * uy);
        if (p.x > -20 && p.y > -20 && p.x < view.width + 20 && p.y < view.height + 20) g.fillText(row.name, p.x, p.y);
      }
    }
  }

  #numbers(view, { theme, categories, heat }) {
    const { chart, g, seats } = this;
    const size = Math.min(14, view.pitch * 0.36);
    const inks = categories.map((c) => css(inkOn(c)));
    const heldInk = css(inkOn(theme.held));
    const hotInks = hotFills(heat.looks(theme), theme.heat.length).map((fills) => fills.map((fill) => css(inkOn(fill))));
    g.font = `550 ${size}px ${FONT}`;
    const frame = SEAT_RADIUS * view.scale + 2;
    this.grid.runs(view.visible(), (items, from, to) => {
      for (let k = from; k < to; k++) {
        const i = items[k];
        const state = seats.state[i];
        const x = chart.x[i] * view.scale + view.tx;
        const y = chart.y[i] * view.scale + view.ty;
        if (chart.flags[i]) this.#flag(chart.flags[i], x, y, frame, theme);
        if (state > 1) continue; // booked and blocked seats have their own mark where the number would be
        const hot = heat.of(i);
        g.fillStyle = hot ? hotInks[state][hot - 1] : state === 1 ? heldInk : inks[chart.category[i]];
        g.fillText(chart.numbers[i], x, y + size * 0.05);
      }
    });
  }

  /** A square frame: wheelchair place. A dotted one: its companion's. A notch above: restricted view. */
  #flag(flags, x, y, r, theme) {
    const { g } = this;
    g.strokeStyle = css(mix(theme.ground, theme.ink, 0.75));
    g.lineWidth = 1.6;
    if (flags === RESTRICTED) {
      g.beginPath();
      g.moveTo(x - r * 0.5, y - r - 1);
      g.lineTo(x + r * 0.5, y - r - 1);
      g.stroke();
      return;
    }
    g.setLineDash(flags & ACCESSIBLE ? [] : [2, 2]);
    g.strokeRect(x - r, y - r, r * 2, r * 2);
    g.setLineDash([]);
  }
}

/** The fills of the heat's looks, by state. */
function hotFills(looks, classes) {
  return [0, 1].map((state) => looks.slice(state * classes, (state + 1) * classes).map((look) => look.fill));
}

/** The part of a name that people go by: the 114 of north-114. */
function shortName(name) {
  return /[^\s_-]*\d[^\s_-]*$/.exec(name)?.[0] ?? name;
}

function overlap(a, b) {
  return a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;
}
