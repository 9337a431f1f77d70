import { css, inkOn, mix } from './colour.js';
import { SEAT_RADIUS } from './seatlayer.js';

const FLASH_MS = 900;
/** More rings than this at once are a blur that only costs; from afar even fewer, and small, so that they do not cover the labels. */
const MAX_FLASHES = 500;
const MAX_FAR = 80;
const FAR_PITCH = 4;

/** What changes by the moment: the selection, one's own seats, lost seats, the seat under the pointer, and rings where others just took or left one. */
export class Marks {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas, chart, seats) {
    this.g = canvas.getContext('2d');
    this.canvas = canvas;
    this.chart = chart;
    this.seats = seats;
    /** @type {Map<number, "selected"|"mine"|"booked"|"lost">} */
    this.marked = new Map();
    this.hover = -1;
    this.focus = -1;
    /** @type {{i: number, from: number, state: number}[]} oldest first */
    this.flashes = [];
  }

  flash(changed, now) {
    for (const i of changed.length > MAX_FLASHES ? changed.slice(-MAX_FLASHES) : changed) {
      this.flashes.push({ i, from: now, state: this.seats.state[i] });
    }
    if (this.flashes.length > MAX_FLASHES) this.flashes.splice(0, this.flashes.length - MAX_FLASHES);
  }

  /**
   * @param {import('./chart.js').Box[]} words  where labels stand, on the screen: from afar rings keep off them
   * @returns {boolean} whether it needs another frame
   */
  draw(view, dpr, { theme, categories, still }, now, words = []) {
    const { g } = this;
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.clearRect(0, 0, this.canvas.width, this.canvas.height);
    g.setTransform(dpr, 0, 0, dpr, 0, 0);
    while (this.flashes.length && now - this.flashes[0].from > FLASH_MS) this.flashes.shift();
    const far = view.pitch < FAR_PITCH;
    for (const f of far ? this.flashes.slice(-MAX_FAR) : this.flashes) {
      if (!far || !this.#covers(f.i, view, words)) this.#flash(f, view, theme, categories, now, still);
    }
    const r = Math.max(4.5, SEAT_RADIUS * view.scale);
    for (const [i, kind] of this.marked) this.#seat(i, kind, view, r, theme);
    if (this.hover >= 0) this.#ring(this.hover, view, r + 2, theme.ink, 2);
    if (this.focus >= 0) this.#ring(this.focus, view, r + 4, theme.focus, 3);
    return this.flashes.length > 0;
  }

  #at(i, view) {
    return { x: this.chart.x[i] * view.scale + view.tx, y: this.chart.y[i] * view.scale + view.ty };
  }

  #covers(i, view, words) {
    const { x, y } = this.#at(i, view);
    return words.some((w) => x > w.left - 3 && x < w.right + 3 && y > w.top - 3 && y < w.bottom + 3);
  }

  #ring(i, view, r, colour, width) {
    const { x, y } = this.#at(i, view);
    this.g.strokeStyle = css(colour);
    this.g.lineWidth = width;
    this.g.beginPath();
    this.g.arc(x, y, r, 0, Math.PI * 2);
    this.g.stroke();
  }

  #flash({ i, from, state }, view, theme, categories, now, still) {
    const t = (now - from) / FLASH_MS;
    const { x, y } = this.#at(i, view);
    if (x < -30 || y < -30 || x > view.width + 30 || y > view.height + 30) return;
    const seat = SEAT_RADIUS * view.scale;
    const { g } = this;
    const colour = state === 0 ? categories[this.chart.category[i]] : state === 1 ? theme.held : theme.ink;
    g.globalAlpha = still ? 0.7 : (1 - t) ** 1.5;
    g.strokeStyle = css(colour);
    g.lineWidth = view.pitch < FAR_PITCH ? 1.5 : 2;
    g.beginPath();
    g.arc(x, y, still ? seat + 2 : seat + 1 + t * (view.pitch < FAR_PITCH ? 3.5 : Math.max(7, seat * 0.9)), 0, Math.PI * 2);
    g.stroke();
    g.globalAlpha = 1;
  }

  /** Told apart by shape, not by colour alone: a tick for chosen, a dot in a ring for held, a star for bought, a struck-out ring for lost. */
  #seat(i, kind, view, r, theme) {
    const { g } = this;
    const { x, y } = this.#at(i, view);
    if (x < -40 || y < -40 || x > view.width + 40 || y > view.height + 40) return;
    if (kind === 'lost') {
      this.#ring(i, view, r, theme.ink, 1.5);
      g.beginPath();
      g.moveTo(x - r, y - r);
      g.lineTo(x + r, y + r);
      g.moveTo(x + r, y - r);
      g.lineTo(x - r, y + r);
      g.stroke();
      return;
    }
    const fill = kind === 'selected' ? theme.selected : theme.mine;
    disc(g, x, y, r * 1.16 + 2.5, theme.ground);
    disc(g, x, y, r * 1.16, fill);
    const ink = css(kind === 'selected' ? theme.selectedInk : inkOn(fill));
    g.strokeStyle = g.fillStyle = ink;
    if (kind === 'mine') {
      this.#ring(i, view, r * 0.86, mix(fill, inkOn(fill), 0.9), Math.max(1.2, r * 0.12));
      disc(g, x, y, r * 0.3, inkOn(fill));
    } else if (kind === 'booked') star(g, x, y, r * 0.85);
    else tick(g, x, y, r);
  }
}

function disc(g, x, y, r, colour) {
  g.fillStyle = css(colour);
  g.beginPath();
  g.arc(x, y, r, 0, Math.PI * 2);
  g.fill();
}

function tick(g, x, y, r) {
  g.lineWidth = Math.max(1.5, r * 0.22);
  g.lineCap = g.lineJoin = 'round';
  g.beginPath();
  g.moveTo(x - r * 0.48, y + r * 0.04);
  g.lineTo(x - r * 0.12, y + r * 0.4);
  g.lineTo(x + r * 0.5, y - r * 0.36);
  g.stroke();
}

function star(g, x, y, r) {
  g.beginPath();
  for (let k = 0; k < 10; k++) {
    const a = -Math.PI / 2 + (k * Math.PI) / 5;
    const d = k % 2 ? r * 0.45 : r;
    g.lineTo(x + d * Math.cos(a), y + d * Math.sin(a));
  }
  g.fill();
}
