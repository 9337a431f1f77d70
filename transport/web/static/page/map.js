import { parse } from './colour.js';
import { gestures } from './gestures.js';
import { Grid } from './grid.js';
import { Ground } from './ground.js';
import { Labels } from './labels.js';
import { Marks } from './marks.js';
import { SEAT_RADIUS, SeatLayer } from './seatlayer.js';
import { apartFrom, onSchemeChange, readTheme, reducedMotion } from './theme.js';
import { Viewport } from './viewport.js';

/** Seat distance (CSS pixels) below which one sees sections, above which seats, with a cross-fade between. */
const SECTIONS_BELOW = 2.6;
const SEATS_ABOVE = 4.2;
/** Seat distance at which a mouse, and a finger, can hit the seat that is meant. */
const CLICKABLE = 7;
const TOUCHABLE = 13;
/** Seat distance that a click on a section or a find in the list zooms to. */
const COMFORTABLE = 26;
/** Section fills and counts follow the sales at most this often, milliseconds. */
const GROUND_EVERY = 200;
const MOVE_MS = 420;
/** More device pixels than two a CSS pixel cannot be seen, and cost. */
const MAX_DPR = 2;

/**
 * The seat map: four canvases one over the other (ground, seats, labels, marks), each redrawn only when what it shows has
 * changed, all in one animation frame.
 *
 * @typedef {object} MapEvents
 * @property {(seat: number) => void} onSeat
 * @property {(section: number) => void} [onSection]
 * @property {(area: number) => void} [onArea]
 * @property {(target: {seat: number, section: number, x: number, y: number}|null) => void} [onHover]
 */
export class SeatMap {
  /**
   * @param {HTMLElement} host  focusable, positioned; gets the canvases
   * @param {import('./chart.js').Chart} chart
   * @param {import('./seats.js').Seats} seats
   * @param {MapEvents} events
   * @param {import('./heatlayer.js').HeatLayer} heat
   */
  constructor(host, chart, seats, events, heat) {
    Object.assign(this, { host, chart, seats, events, heat });
    this.grid = new Grid(chart.x, chart.y, chart.box);
    const [ground, seat, label, mark] = ['ground', 'seats', 'labels', 'marks'].map((name) => this.#canvas(name));
    this.canvases = [ground, seat, label, mark];
    this.ground = new Ground(ground, chart, seats, this.grid, heat);
    this.view = new Viewport(this.ground.box);
    this.seatLayer = new SeatLayer(seat, chart, seats, this.grid, heat);
    this.labels = new Labels(label, chart, seats, this.grid, this.ground);
    this.marks = new Marks(mark, chart, seats);
    /** Milliseconds the last draws took; for the browser tests and the curious. */
    this.timing = { full: 0, patch: 0, drawn: 0, patched: 0 };
    this.dirty = { view: true, ground: false, marks: true };
    this.changed = [];
    this.groundAt = 0;
    this.hoverSection = -1;
    this.#dress();
    onSchemeChange(() => this.#dress());
    new ResizeObserver(() => this.#resize()).observe(host);
    this.#resize();
    gestures(host, this.#gestures());
  }

  #canvas(name) {
    const canvas = document.createElement('canvas');
    canvas.className = `layer layer-${name}`;
    canvas.setAttribute('aria-hidden', 'true');
    this.host.append(canvas);
    return canvas;
  }

  /** Colours, and what the person's system asks for. */
  #dress() {
    const categories = this.chart.categories.map((c) => parse(c.color));
    const theme = apartFrom(readTheme(), categories);
    const shown = this.heat.categories(theme, categories);
    this.look = { theme, categories: shown, heat: this.heat, still: reducedMotion(), hover: -1 };
    this.seatLayer.reset(theme, shown);
    this.#invalidate();
  }

  #resize() {
    const { clientWidth: w, clientHeight: h } = this.host;
    if (w === 0 || h === 0) return;
    this.dpr = Math.min(MAX_DPR, window.devicePixelRatio || 1);
    for (const canvas of this.canvases) {
      canvas.width = Math.round(w * this.dpr);
      canvas.height = Math.round(h * this.dpr);
    }
    this.view.resize(w, h);
    this.#invalidate();
  }

  // ---- what others tell us

  /** Shows the heat, or no longer. @param {boolean} on */
  showHeat(on) {
    this.heat.on = on;
    this.#dress();
  }

  /** Seats that look different now. @param {number[]} changed */
  patch(changed) {
    if (changed.length === 0) return;
    for (const i of changed) this.changed.push(i);
    this.dirty.ground = true;
    this.#schedule();
  }

  /** Seats, and their sections, that are more or less contested now. @param {number[]|null} changed  null: any may be */
  warm(changed) {
    if (!changed) return this.#invalidate();
    for (const i of changed) this.changed.push(i);
    this.dirty.ground = true; // a section's class has no seats of its own
    this.#schedule();
  }

  /** Draws the eye to seats that others just took or left. @param {number[]} changed */
  flash(changed) {
    if (changed.length === 0) return;
    this.marks.flash(changed, performance.now());
    this.dirty.marks = true;
    this.#schedule();
  }

  /** Standing areas have other counts now. */
  areas() {
    this.dirty.ground = true;
    this.#schedule();
  }

  /** @param {Map<number, "selected"|"mine"|"booked"|"lost">} marked */
  mark(marked) {
    this.marks.marked = marked;
    this.dirty.marks = true;
    this.#schedule();
  }

  /** The seat that has the keyboard's focus in the list. */
  point(seat) {
    this.marks.focus = seat;
    this.dirty.marks = true;
    this.#schedule();
  }

  showAll() {
    this.#moveTo(this.view.fitted(this.ground.box));
  }

  showSection(s) {
    const { box } = this.chart.sections[s];
    if (!box) return;
    const target = this.view.fitted(box, 40);
    const enough = COMFORTABLE / 10;
    if (target.scale >= enough / 2.2) this.#moveTo(target);
    else this.#moveTo(this.view.around(this.chart.sections[s].x, this.chart.sections[s].y, enough / 2.2));
  }

  /** Zooms in so far that single seats can be told apart; stays put when the seat is in sight already. */
  showSeat(i) {
    const p = this.view.toScreen(this.chart.x[i], this.chart.y[i]);
    const inside = p.x > 30 && p.y > 30 && p.x < this.view.width - 30 && p.y < this.view.height - 30;
    if (inside && this.view.pitch >= TOUCHABLE) return;
    this.#moveTo(this.view.around(this.chart.x[i], this.chart.y[i], Math.max(this.view.scale, COMFORTABLE / 10)));
  }

  zoom(factor) {
    this.#moveTo(this.view.zoomed(this.view.width / 2, this.view.height / 2, factor));
  }

  // ---- what the person does

  #gestures() {
    return {
      pan: (dx, dy) => {
        this.move = null;
        this.view.panBy(dx, dy);
        this.#invalidate();
      },
      zoom: (x, y, factor, smooth) => {
        const target = this.view.zoomed(x, y, factor);
        if (smooth) return this.#moveTo(target);
        this.move = null;
        this.view.set(target);
        this.#invalidate();
      },
      tap: (x, y, touch) => this.#tap(x, y, touch),
      twice: (x, y) => {
        if (this.#hit(x, y).seat < 0) this.#moveTo(this.view.zoomed(x, y, 2));
      },
      hover: (x, y) => this.#hover(x, y),
      leave: () => this.#hover(NaN, NaN),
      all: () => this.showAll(),
    };
  }

  /** @returns {{seat: number, section: number}} −1 where there is none */
  #hit(x, y, touch = false) {
    const w = this.view.toWorld(x, y);
    const near = this.grid.nearest(w.x, w.y, Math.max(14, 8 / this.view.scale));
    if (near < 0) return { seat: -1, section: -1 };
    const distance = Math.hypot(this.chart.x[near] - w.x, this.chart.y[near] - w.y);
    const reach = Math.max(SEAT_RADIUS, (touch ? 12 : 5) / this.view.scale);
    const clear = this.view.pitch >= (touch ? TOUCHABLE : CLICKABLE);
    return { seat: clear && distance <= reach ? near : -1, section: this.chart.section[near] };
  }

  #tap(x, y, touch) {
    const { seat, section } = this.#hit(x, y, touch);
    if (seat >= 0) return this.events.onSeat(seat);
    if (section < 0) return this.#tapArea(x, y);
    this.events.onSection?.(section);
    if (this.view.pitch < SEATS_ABOVE) return this.showSection(section);
    if (this.view.pitch >= COMFORTABLE * 0.8) return;
    const w = this.view.toWorld(x, y);
    this.#moveTo(this.view.around(w.x, w.y, COMFORTABLE / 10));
  }

  #tapArea(x, y) {
    const w = this.view.toWorld(x, y);
    const inside = ({ box }) => w.x >= box.left && w.x <= box.right && w.y >= box.top && w.y <= box.bottom;
    const area = this.ground.areas.findIndex(inside);
    if (area >= 0) this.events.onArea?.(area);
  }

  #hover(x, y) {
    const hit = Number.isNaN(x) ? { seat: -1, section: -1 } : this.#hit(x, y);
    const far = this.view.pitch < CLICKABLE;
    if (hit.seat !== this.marks.hover) {
      this.marks.hover = hit.seat;
      this.dirty.marks = true;
    }
    const section = far ? hit.section : -1;
    if (section !== this.look.hover) {
      this.look.hover = section;
      this.dirty.ground = true;
      this.groundAt = 0;
    }
    this.host.classList.toggle('over', hit.seat >= 0 || section >= 0);
    this.events.onHover?.(hit.seat >= 0 || section >= 0 ? { ...hit, x, y } : null);
    this.#schedule();
  }

  // ---- drawing

  #moveTo(target) {
    const { view } = this;
    this.#hover(NaN, NaN); // what was under the pointer moves away
    const goal = { ...target };
    const from = { scale: view.scale, tx: view.tx, ty: view.ty };
    view.set(goal); // clamps
    Object.assign(goal, { scale: view.scale, tx: view.tx, ty: view.ty });
    if (reducedMotion()) return this.#invalidate();
    view.set(from);
    this.move = { from, goal, start: performance.now() };
    this.#invalidate();
  }

  #invalidate() {
    this.dirty.view = true;
    this.#schedule();
  }

  #schedule() {
    this.frame ??= requestAnimationFrame((now) => {
      this.frame = null;
      this.#draw(now);
    });
  }

  #draw(now) {
    if (!this.dpr) return; // not laid out yet: the observer will call again
    if (this.move) this.#step(now);
    if (this.dirty.view) this.#drawAll();
    else if (this.changed.length) this.#drawChanges();
    const late = this.dirty.ground && now - this.groundAt >= GROUND_EVERY;
    if (this.dirty.view || late) this.#drawGround(now);
    if (this.dirty.view || this.dirty.marks) this.dirty.marks = this.marks.draw(this.view, this.dpr, this.look, performance.now(), this.labels.taken);
    this.dirty.view = false;
    this.changed.length = 0;
    if (this.move) this.dirty.view = true;
    if (this.move || this.dirty.marks || this.dirty.ground) this.#schedule();
  }

  #step(now) {
    const { from, goal, start } = this.move;
    const t = Math.min(1, (now - start) / MOVE_MS);
    this.view.set(t >= 1 ? goal : this.view.between(from, goal, Math.max(0, t)));
    if (t >= 1) this.move = null;
  }

  #drawAll() {
    const start = performance.now();
    const fade = 1 - this.#solid();
    this.canvases[1].style.opacity = String(fade);
    this.timing.drawn = fade > 0 ? this.seatLayer.draw(this.view, this.dpr) : 0;
    this.seatsDrawn = fade > 0;
    this.timing.full = performance.now() - start;
  }

  #drawChanges() {
    if (!this.seatsDrawn) return; // from afar the fills tell it
    const start = performance.now();
    this.seatLayer.patch(this.changed);
    this.timing.patch = performance.now() - start;
    this.timing.patched = this.changed.length;
  }

  #drawGround(now) {
    const solid = this.#solid();
    this.ground.draw(this.view, this.dpr, solid, this.look);
    this.labels.draw(this.view, this.dpr, solid, this.look);
    this.dirty.ground = false;
    this.groundAt = now;
  }

  /** 1 while sections stand for their seats, 0 when the seats themselves are seen. */
  #solid() {
    const t = (this.view.pitch - SECTIONS_BELOW) / (SEATS_ABOVE - SECTIONS_BELOW);
    return 1 - Math.min(1, Math.max(0, t));
  }

  /** Draws now, as often as asked, and says how long one took: all seats, and a patch of some. For measuring only. @returns {{full: number, patch: number, frame: number}} milliseconds */
  measure(times = 20, patched = 100) {
    const seats = Array.from({ length: patched }, (_, k) => Math.floor((k * 7919) % Math.max(1, this.chart.n)));
    const time = (fn) => {
      const start = performance.now();
      for (let k = 0; k < times; k++) fn();
      return (performance.now() - start) / times;
    };
    this.seatLayer.draw(this.view, this.dpr);
    const result = {
      full: time(() => this.seatLayer.draw(this.view, this.dpr)),
      patch: time(() => this.seatLayer.patch(seats)),
      frame: time(() => {
        this.seatLayer.draw(this.view, this.dpr);
        this.#drawGround(performance.now());
        this.marks.draw(this.view, this.dpr, this.look, performance.now(), this.labels.taken);
      }),
    };
    this.#invalidate();
    return result;
  }
}
