import { SEAT_PITCH } from './chart.js';

/** On-screen distance of two seats, in CSS pixels, at the closest zoom. */
const CLOSEST_PITCH = 46;
/** Space kept around the chart when it fits the window, CSS pixels. */
const MARGIN = 28;

/**
 * Which part of the chart is seen: screen = world · scale + (tx, ty), in CSS pixels.
 * Invariants: minScale ≤ scale ≤ maxScale, and the middle of the window never leaves the chart's box.
 */
export class Viewport {
  /** @param {import('./chart.js').Box} box */
  constructor(box) {
    this.box = box;
    this.width = 1;
    this.height = 1;
    this.scale = 1;
    this.tx = 0;
    this.ty = 0;
  }

  /** Keeps what was in the middle in the middle. */
  resize(width, height) {
    const first = this.width === 1;
    const wasFit = first || Math.abs(this.scale - this.fitScale()) < 1e-6;
    const middle = this.toWorld(this.width / 2, this.height / 2);
    this.width = Math.max(2, width);
    this.height = Math.max(2, height);
    if (wasFit) this.set(this.fitted(this.box));
    else this.set(this.around(middle.x, middle.y, this.scale));
  }

  fitScale(box = this.box, margin = MARGIN) {
    const w = Math.max(SEAT_PITCH, box.right - box.left);
    const h = Math.max(SEAT_PITCH, box.bottom - box.top);
    const room = (side) => Math.max(side * 0.5, side - 2 * margin);
    return Math.min(room(this.width) / w, room(this.height) / h, CLOSEST_PITCH / SEAT_PITCH);
  }

  get minScale() {
    return this.fitScale() * 0.8;
  }

  get maxScale() {
    return Math.max(CLOSEST_PITCH / SEAT_PITCH, this.fitScale());
  }

  /** Distance of neighbouring seats in CSS pixels: what decides how much detail there is. */
  get pitch() {
    return this.scale * SEAT_PITCH;
  }

  /** @returns {{scale: number, tx: number, ty: number}} the view that shows the box */
  fitted(box, margin = MARGIN) {
    return this.around((box.left + box.right) / 2, (box.top + box.bottom) / 2, this.fitScale(box, margin));
  }

  /** The view with a point of the chart in the middle. */
  around(wx, wy, scale) {
    return { scale, tx: this.width / 2 - wx * scale, ty: this.height / 2 - wy * scale };
  }

  set({ scale, tx, ty }) {
    this.scale = Math.min(this.maxScale, Math.max(this.minScale, scale));
    this.tx = tx;
    this.ty = ty;
    this.#keepInside();
  }

  #keepInside() {
    const middle = this.toWorld(this.width / 2, this.height / 2);
    const x = Math.min(this.box.right, Math.max(this.box.left, middle.x));
    const y = Math.min(this.box.bottom, Math.max(this.box.top, middle.y));
    this.tx -= (x - middle.x) * this.scale;
    this.ty -= (y - middle.y) * this.scale;
  }

  panBy(dx, dy) {
    this.tx += dx;
    this.ty += dy;
    this.#keepInside();
  }

  /** Zooms so that what is under (sx, sy) stays there. @returns {{scale: number, tx: number, ty: number}} */
  zoomed(sx, sy, factor) {
    const scale = Math.min(this.maxScale, Math.max(this.minScale, this.scale * factor));
    const at = this.toWorld(sx, sy);
    return { scale, tx: sx - at.x * scale, ty: sy - at.y * scale };
  }

  toWorld(sx, sy) {
    return { x: (sx - this.tx) / this.scale, y: (sy - this.ty) / this.scale };
  }

  toScreen(wx, wy) {
    return { x: wx * this.scale + this.tx, y: wy * this.scale + this.ty };
  }

  /** The part of the world that is in view, with a rim for shapes that reach in. @returns {import('./chart.js').Box} */
  visible(rim = SEAT_PITCH) {
    const a = this.toWorld(0, 0);
    const b = this.toWorld(this.width, this.height);
    return { left: a.x - rim, top: a.y - rim, right: b.x + rim, bottom: b.y + rim };
  }

  /** How a move looks at time t in 0…1: the zoom eases geometrically, and the middle moves so that the target grows steadily. */
  between(from, to, t) {
    const e = t < 0.5 ? 4 * t ** 3 : 1 - (-2 * t + 2) ** 3 / 2;
    const scale = from.scale * (to.scale / from.scale) ** e;
    // Linear in screen space for a pure pan, in 1/scale for a zoom: both ends are exact.
    const f = Math.abs(to.scale - from.scale) < 1e-9 ? e : (1 / scale - 1 / from.scale) / (1 / to.scale - 1 / from.scale);
    const mx = (v) => (this.width / 2 - v.tx) / v.scale;
    const my = (v) => (this.height / 2 - v.ty) / v.scale;
    return this.around(mx(from) + (mx(to) - mx(from)) * f, my(from) + (my(to) - my(from)) * f, scale);
  }
}
