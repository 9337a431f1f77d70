/** Colours as 0xRRGGBB numbers: mixing, contrast, and the packed pixels of ImageData. */

/** @param {string} text #rgb, #rrggbb or anything a canvas understands @returns {number} */
export function parse(text) {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(text.trim());
  if (short) return parseInt(short.slice(1).map((h) => h + h).join(''), 16);
  const long = /^#([0-9a-f]{6})/i.exec(text.trim());
  if (long) return parseInt(long[1], 16);
  const rgb = /^rgba?\(\s*(\d+)[ ,]+(\d+)[ ,]+(\d+)/i.exec(text.trim());
  return rgb ? (Number(rgb[1]) << 16) | (Number(rgb[2]) << 8) | Number(rgb[3]) : 0x888888;
}

/** @param {number} c */
export function css(c) {
  return '#' + c.toString(16).padStart(6, '0');
}

/** @param {number} a @param {number} b @param {number} t 0 gives a, 1 gives b */
export function mix(a, b, t) {
  const channel = (shift) => Math.round(((a >> shift) & 255) * (1 - t) + ((b >> shift) & 255) * t);
  return (channel(16) << 16) | (channel(8) << 8) | channel(0);
}

/** Relative luminance, WCAG 2. @param {number} c @returns {number} 0…1 */
export function luminance(c) {
  const linear = (shift) => {
    const v = ((c >> shift) & 255) / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(16) + 0.7152 * linear(8) + 0.0722 * linear(0);
}

/** @returns {number} contrast ratio, 1…21 */
export function contrast(a, b) {
  const [hi, lo] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (hi + 0.05) / (lo + 0.05);
}

/** How different two colours look, roughly as eyes weigh the channels ("redmean"); 0…765. */
export function distance(a, b) {
  const red = (((a >> 16) & 255) + ((b >> 16) & 255)) / 2;
  const [dr, dg, db] = [16, 8, 0].map((shift) => ((a >> shift) & 255) - ((b >> shift) & 255));
  return Math.sqrt((2 + red / 256) * dr * dr + 4 * dg * dg + (2 + (255 - red) / 256) * db * db);
}

/** Black or white, whichever reads better on c. */
export function inkOn(c) {
  return contrast(c, 0xffffff) >= contrast(c, 0x10141c) ? 0xffffff : 0x10141c;
}
