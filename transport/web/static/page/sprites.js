import { css, mix } from './colour.js';

/** Positions within a pixel that small seats are drawn at: without them, rows at 2.3 pixels' distance shimmer in stripes. */
const PHASES = 4;
/** From this radius on (device pixels) seats sit on whole pixels, and sold and blocked ones have shapes of their own. */
const LARGE = 6;
/** Held seats have their ring from here on already: of all colours theirs is the one to be mistaken for a category's. */
const RINGED = 3.4;

/** Seat looks that are the same for every category. An available seat's look is FIRST_CATEGORY + its category. */
export const LOOK = Object.freeze({ HELD: 0, BOOKED: 1, BLOCKED: 2, FIRST_CATEGORY: 3 });

/**
 * Ready-made pixels of every look at one size: each a list of offsets into the frame buffer and the values to write there.
 * All looks cover the same disc, so a seat that changes is simply written over; what its shape tells is drawn inside.
 */
export class Sprites {
  /**
   * @param {import('./theme.js').Theme} theme
   * @param {number[]} categories  colours
   * @param {number} radius  device pixels
   * @param {number} stride  width of the frame buffer
   * @param {object[]} [more]  looks after the categories'
   */
  constructor(theme, categories, radius, stride, more = []) {
    this.radius = radius;
    this.phases = radius < LARGE ? PHASES : 1;
    this.size = Math.ceil(radius * 2) + 2;
    const looks = [
      { fill: theme.held, mark: theme.heldInk, shape: 'ring' },
      { fill: theme.booked, mark: theme.bookedInk, shape: 'cross' },
      { fill: theme.blocked, mark: theme.blockedInk, shape: 'bar' },
      ...categories.map((fill) => ({ fill, shape: 'plain' })),
      ...more,
    ];
    this.#render(looks, stride);
  }

  #render(looks, stride) {
    const { size, phases } = this;
    const perLook = phases * phases;
    const canvas = document.createElement('canvas');
    canvas.width = size * perLook;
    canvas.height = size * looks.length;
    const g = canvas.getContext('2d', { willReadFrequently: true });
    looks.forEach((look, l) => {
      for (let p = 0; p < perLook; p++) {
        const cx = p * size + size / 2 + (phases > 1 ? (p % phases) / phases : 0);
        const cy = l * size + size / 2 + (phases > 1 ? Math.floor(p / phases) / phases : 0);
        drawSeat(g, cx, cy, this.radius, look);
      }
    });
    const pixels = new Uint32Array(g.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    this.offsets = [];
    this.values = [];
    for (let l = 0; l < looks.length; l++) {
      for (let p = 0; p < perLook; p++) this.#cut(pixels, canvas.width, p * size, l * size, stride);
    }
    this.perLook = perLook;
  }

  /**
   * Keeps the pixels that are not empty. How dense each is comes from the first look of all: with rims a shade apart, a seat
   * that changes would keep some of what it was.
   */
  #cut(pixels, width, left, top, stride) {
    const offsets = [];
    const values = [];
    for (let y = 0; y < this.size; y++) {
      for (let x = 0; x < this.size; x++) {
        const alpha = pixels[y * width + left + x] >>> 24;
        if (alpha === 0) continue;
        offsets.push(y * stride + x);
        values.push(((pixels[(top + y) * width + left + x] & 0xffffff) | (alpha << 24)) >>> 0);
      }
    }
    this.offsets.push(Int32Array.from(offsets));
    this.values.push(Uint32Array.from(values));
  }
}

function drawSeat(g, x, y, r, { fill, mark, shape }) {
  g.fillStyle = css(fill);
  g.beginPath();
  g.arc(x, y, r, 0, Math.PI * 2);
  g.fill();
  if (shape === 'plain' || r < (shape === 'ring' ? RINGED : LARGE)) return;
  g.globalCompositeOperation = 'source-atop'; // onto the disc only: its edge stays as soft as it was
  g.strokeStyle = css(mark);
  g.lineCap = 'round';
  g.beginPath();
  if (shape === 'ring') {
    g.lineWidth = Math.max(1.3, r * 0.22);
    g.arc(x, y, r - g.lineWidth / 2, 0, Math.PI * 2);
  } else if (shape === 'bar') {
    g.lineWidth = Math.max(1.2, r * 0.18);
    g.moveTo(x - r * 0.5, y);
    g.lineTo(x + r * 0.5, y);
  } else {
    const d = r * 0.32;
    g.lineWidth = Math.max(1, r * 0.13);
    g.strokeStyle = css(mix(fill, mark, 0.8));
    g.moveTo(x - d, y - d);
    g.lineTo(x + d, y + d);
    g.moveTo(x + d, y - d);
    g.lineTo(x - d, y + d);
  }
  g.stroke();
  g.globalCompositeOperation = 'source-over';
}
