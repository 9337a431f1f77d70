/**
 * Money is integers in minor units; how many decimals a currency has, Intl knows (JPY none, BHD three).
 *
 * @typedef {{amount: number, currency: string}} Money
 */

const formats = new Map();

function format(currency) {
  let f = formats.get(currency);
  if (!f) formats.set(currency, (f = new Intl.NumberFormat(undefined, { style: 'currency', currency })));
  return f;
}

/** @param {Money|undefined|null} money @returns {string} '' when there is no price */
export function show(money) {
  if (!money) return '';
  try {
    const f = format(money.currency);
    return f.format(money.amount / 10 ** f.resolvedOptions().maximumFractionDigits);
  } catch {
    return `${money.amount} ${money.currency}`; // not an ISO 4217 code: minor units as they came
  }
}

/** @param {(Money|undefined)[]} list @returns {Money[]|null} one sum a currency; null when a price is missing, for then no sum would be true */
export function sum(list) {
  const by = new Map();
  for (const m of list) {
    if (!m) return null;
    by.set(m.currency, (by.get(m.currency) ?? 0) + m.amount);
  }
  return [...by].map(([currency, amount]) => ({ currency, amount }));
}
