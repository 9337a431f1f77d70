import { css, distance, parse } from './colour.js';


/**
 * The canvas's colours, read from the stylesheet so that light, dark and forced schemes are decided in one place.
 *
 * @typedef {{ground: number, ink: number, muted: number, line: number, held: number, heldInk: number, booked: number, bookedInk: number,
 *            blocked: number, blockedInk: number, sold: number, mine: number, selected: number, selectedInk: number, focus: number, heat: number[]}} Theme
 * @returns {Theme}
 */
export function readTheme(element = document.documentElement) {
  for (const name of ['held', 'held-ink', 'mine']) element.style.removeProperty(`--map-${name}`); // what apartFrom may have set for the other scheme
  const style = getComputedStyle(element);
  const colour = (name) => parse(style.getPropertyValue(`--map-${name}`));
  return {
    ground: colour('ground'),
    ink: colour('ink'),
    muted: colour('muted'),
    line: colour('line'),
    held: colour('held'),
    heldInk: colour('held-ink'),
    booked: colour('booked'),
    bookedInk: colour('booked-ink'),
    blocked: colour('blocked'),
    blockedInk: colour('blocked-ink'),
    sold: colour('sold'),
    mine: colour('mine'),
    selected: colour('selected'),
    selectedInk: colour('selected-ink'),
    focus: colour('focus'),
    heat: [1, 2, 3, 4, 5, 6, 7].map((k) => colour(`heat-${k}`)),
  };
}

/** Colours that give way to the next when a category of the house is closer to them than so much. */
const HELD = { names: ['held', 'held-2', 'held-3'], apart: 110 };
const MINE = { names: ['mine', 'mine-2', 'selected'], apart: 160 };

/**
 * Held seats are amber and one's own green, unless a category is: then another colour tells them apart, in the key and the
 * list as on the map.
 *
 * @param {Theme} theme
 * @param {number[]} categories
 * @returns {Theme}
 */
export function apartFrom(theme, categories, element = document.documentElement) {
  const style = getComputedStyle(element);
  const colour = (name) => parse(style.getPropertyValue(`--map-${name}`));
  const near = (name) => Math.min(...categories.map((c) => distance(c, colour(name))), Infinity);
  const pick = ({ names, apart }) => names.find((n) => near(n) >= apart) ?? [...names].sort((a, b) => near(b) - near(a))[0];
  const [held, mine] = [pick(HELD), pick(MINE)];
  const changed = { ...theme, held: colour(held), heldInk: colour(`${held}-ink`), mine: colour(mine) };
  if (held !== 'held') {
    element.style.setProperty('--map-held', css(changed.held));
    element.style.setProperty('--map-held-ink', css(changed.heldInk));
  }
  if (mine !== 'mine') element.style.setProperty('--map-mine', css(changed.mine));
  return changed;
}

/** @param {(dark: boolean) => void} fn */
export function onSchemeChange(fn) {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', () => fn(dark.matches));
}

export function reducedMotion() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
