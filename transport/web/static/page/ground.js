import { union } from './chart.js';
import { css, mix } from './colour.js';
import { outline, toPath } from './shapes.js';

/** Stroke around a section's outline, chart units: takes in the outer seats' own width. */
const RIM = 9;

/**
 * What lies under the seats: the stage, the areas, and the sections as fills. From afar a section's fill tells how much of
 * it is left (its category's colour fading to grey); near by it is only a tint that groups the seats.
 */
export class Ground {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas, chart, seats, grid, heat) {
    this.heat = heat;
    this.g = canvas.getContext('2d');
    this.canvas = canvas;
    this.chart = chart;
    this.seats = seats;
    this.paths = chart.sections.map((s) => toPath(outline(chart, s)));
    this.areas = chart.areas.map((a) => ({ ...a, box: shrunk(a.box, chart, grid) }));
    const all = chart.sections.reduce((box, s) => (s.box ? union(box, s.box) : box), null);
    this.stages = all ? chart.focalPoints.map((p) => stage(p, chart, all, grid)).filter((s) => s && !this.areas.some((a) => overlaps(a.box, { left: s.x - s.w, top: s.y - s.h, right: s.x + s.w, bottom: s.y + s.h }))) : [];
    /** @type {import('./chart.js').Box} everything there is to see, the stages included */
    this.box = this.stages.reduce((box, s) => union(box, { left: s.x - s.w, top: s.y - s.h, right: s.x + s.w, bottom: s.y + s.h }), { ...chart.box });
  }

  /**
   * @param {import('./viewport.js').Viewport} view
   * @param {number} dpr
   * @param {number} solid  1 from afar, 0 near by
   * @param {{theme: import('./theme.js').Theme, categories: number[], hover: number}} look
   */
  draw(view, dpr, solid, { theme, categories, hover }) {
    const { g } = this;
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.clearRect(0, 0, this.canvas.width, this.canvas.height);
    g.setTransform(view.scale * dpr, 0, 0, view.scale * dpr, view.tx * dpr, view.ty * dpr);
    g.lineJoin = 'round';
    g.lineCap = 'round';
    for (const s of this.stages) this.#stage(s, theme);
    for (const a of this.areas) this.#area(a, theme, categories);
    const seen = view.visible();
    this.chart.sections.forEach((section, s) => {
      if (section.box && overlaps(section.box, seen)) this.#section(s, solid, theme, categories, hover === s, view.scale);
    });
  }

  /** @returns {number} the colour a section has from afar */
  fill(s, theme, categories) {
    const hot = this.heat.ofSection(s);
    if (hot) return theme.heat[hot - 1];
    const section = this.chart.sections[s];
    const share = section.seats ? this.seats.left(s) / section.seats : 0;
    // Never quite as pale as sold out while a single seat is left.
    return share === 0 ? theme.sold : mix(theme.sold, categories[section.category], 0.25 + 0.75 * share);
  }

  #section(s, solid, theme, categories, hovered, scale) {
    const { g } = this;
    const far = this.fill(s, theme, categories);
    const near = mix(theme.ground, categories[this.chart.sections[s].category], 0.07);
    const colour = css(mix(near, far, solid));
    const path = this.paths[s];
    if (hovered && solid > 0.3) {
      g.strokeStyle = css(theme.ink);
      g.lineWidth = RIM + 5 / scale;
      g.stroke(path);
    }
    g.strokeStyle = g.fillStyle = colour;
    g.lineWidth = RIM + (solid < 0.5 ? 4 : 0);
    g.stroke(path);
    g.fill(path);
  }

  #area({ box, category }, theme, categories) {
    const { g } = this;
    const colour = categories[category] ?? theme.muted;
    g.beginPath();
    g.roundRect(box.left, box.top, box.right - box.left, box.bottom - box.top, 10);
    g.fillStyle = css(mix(theme.ground, colour, 0.22));
    g.fill();
    g.strokeStyle = css(mix(theme.ground, colour, 0.6));
    g.lineWidth = 1.5;
    g.stroke();
  }

  #stage({ x, y, w, h }, theme) {
    const { g } = this;
    g.beginPath();
    g.roundRect(x - w, y - h, 2 * w, 2 * h, Math.min(w, h) * 0.18);
    g.fillStyle = css(mix(theme.ground, theme.muted, 0.14));
    g.fill();
    g.strokeStyle = css(mix(theme.ground, theme.muted, 0.3));
    g.lineWidth = 1.5;
    g.stroke();
  }
}

function overlaps(a, b) {
  return a.left <= b.right && a.right >= b.left && a.top <= b.bottom && a.bottom >= b.top;
}

/** Share of the free room that the stage takes. */
const STAGE_FILL = 0.86;

/**
 * The pitch or stage is as large as the seats around the focal point leave room for, so that it fits hall and stadium
 * alike. In front of the seats it is a wide and shallow stage, with seats all round it a field.
 *
 * @returns {{x: number, y: number, w: number, h: number, word: string}|null} half sizes
 */
function stage({ x, y }, chart, seats, grid) {
  const around = x > seats.left && x < seats.right && y > seats.top && y < seats.bottom;
  const limit = Math.max(60, (seats.right - seats.left) * (around ? 0.45 : 0.38));
  const shape = around ? 0.6 : 0.3; // height to width
  const clear = (w, h) => isClear({ left: x - w, top: y - h, right: x + w, bottom: y + h }, chart, grid);
  const side = largest(limit, (w) => clear(w, w * shape));
  if (side < 12) return null;
  if (!around) return { x, y, w: side * STAGE_FILL, h: side * shape * STAGE_FILL, word: 'STAGE' };
  const h = Math.max(side * shape, largest(limit, (v) => clear(side, v)));
  const w = Math.max(side, largest(limit, (v) => clear(v, h)));
  return { x, y, w: w * STAGE_FILL, h: h * STAGE_FILL, word: '' };
}

/** An area drawn so large that it lies over seats gives way to them. */
function shrunk(box, chart, grid) {
  const [cx, cy] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  const [w, h] = [(box.right - box.left) / 2, (box.bottom - box.top) / 2];
  const sized = (f) => ({ left: cx - w * f, top: cy - h * f, right: cx + w * f, bottom: cy + h * f });
  let f = 1;
  while (f > 0.2 && !isClear(sized(f), chart, grid)) f *= 0.85;
  return sized(f);
}

function isClear(box, chart, grid) {
  let free = true;
  grid.runs(box, (items, from, to) => {
    for (let k = from; free && k < to; k++) {
      const i = items[k];
      free = chart.x[i] < box.left || chart.x[i] > box.right || chart.y[i] < box.top || chart.y[i] > box.bottom;
    }
  });
  return free;
}

/** By bisection: the largest size up to limit that fits. */
function largest(limit, fits) {
  let size = 0;
  for (let step = limit; step > 1; step /= 2) if (size + step <= limit && fits(size + step)) size += step;
  return size;
}
