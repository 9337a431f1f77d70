import { mix } from './colour.js';

/** How much of a category's colour is left under the heat: enough to see the house, not so much as to be taken for heat. */
const FADED = 0.22;
/** How much of the heat's colour a seat has that is taken already. */
const TAKEN = 0.6;

/**
 * How contested seats and sections are, and the looks that tell it: a free seat has its class's colour, one that is taken a
 * shade of it under its own mark; sections seen from afar are filled with theirs. What is quiet fades.
 */
export class HeatLayer {
  /** @param {import('./chart.js').Chart} chart */
  constructor(chart) {
    this.on = false;
    this.classes = new Uint8Array(chart.n);
    this.sections = new Uint8Array(chart.sections.length);
  }

  /** @param {{classes: Uint8Array, sections: Uint8Array, changed: {seats: number[]}|null}} h @returns {number[]|null} seats that look different now; null: all may */
  update({ classes, sections, changed }) {
    const { length } = this.classes;
    this.classes.set(classes.subarray(0, length));
    this.sections.set(sections.subarray(0, this.sections.length));
    return changed && changed.seats.filter((i) => i < length);
  }

  /** @param {number} i a seat @returns {number} its class, as far as it is shown */
  of(i) {
    return this.on ? this.classes[i] : 0;
  }

  /** @param {number} s a section */
  ofSection(s) {
    return this.on ? this.sections[s] : 0;
  }

  /** The categories' colours beside the heat's. @param {import('./theme.js').Theme} theme @param {number[]} categories */
  categories(theme, categories) {
    return this.on ? categories.map((c) => mix(theme.ground, c, FADED)) : categories;
  }

  /** Sprites' looks, class by class for each state; none while it is off. @param {import('./theme.js').Theme} theme */
  looks(theme) {
    if (!this.on) return [];
    const taken = (fill, mark, shape) => theme.heat.map((colour) => ({ fill: mix(fill, colour, TAKEN), mark, shape }));
    return [
      ...theme.heat.map((fill) => ({ fill, shape: 'plain' })),
      ...taken(theme.held, theme.heldInk, 'ring'),
      ...taken(theme.booked, theme.ink, 'cross'),
      ...taken(theme.blocked, theme.blockedInk, 'bar'),
    ];
  }
}
