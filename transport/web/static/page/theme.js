import { css, distance, parse } from './colour.js';

/** A category this close to the colour of held seats would be mistaken for them. */
const TOO_CLOSE = 110;

/**
 * The canvas's colours, read from the stylesheet so that light, dark and forced schemes are decided in one place.
 *
 * @typedef {{ground: number, ink: number, muted: number, line: number, held: number, heldInk: number, booked: number, bookedInk: number,
 *            blocked: number, blockedInk: number, sold: number, mine: number, selected: number, selectedInk: number, focus: number}} Theme
 * @returns {Theme}
 */
export function readTheme(element = document.documentElement) {
  element.style.removeProperty('--map-held'); // what apartFrom may have set for the other scheme
  element.style.removeProperty('--map-held-ink');
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
  };
}

/**
 * Held seats are amber, unless the house's own categories are: then another colour tells them apart, in the key as on the map.
 *
 * @param {Theme} theme
 * @param {number[]} categories
 * @returns {Theme}
 */
export function apartFrom(theme, categories, element = document.documentElement) {
  const near = ({ held }) => Math.min(...categories.map((c) => distance(c, held)), Infinity);
  const style = getComputedStyle(element);
  const colour = (name) => parse(style.getPropertyValue(`--map-${name}`));
  const choices = [theme, { held: colour('held-2'), heldInk: colour('held-2-ink') }, { held: colour('held-3'), heldInk: colour('held-3-ink') }];
  const other = choices.find((c) => near(c) >= TOO_CLOSE) ?? choices.sort((a, b) => near(b) - near(a))[0];
  if (other === theme) return theme;
  element.style.setProperty('--map-held', css(other.held));
  element.style.setProperty('--map-held-ink', css(other.heldInk));
  return { ...theme, ...other };
}

/** @param {(dark: boolean) => void} fn */
export function onSchemeChange(fn) {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', () => fn(dark.matches));
}

export function reducedMotion() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
