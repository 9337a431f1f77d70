import { ACCESSIBLE, COMPANION, RESTRICTED } from './chart.js';

/** @param {import('./chart.js').Chart} chart @param {number} i @returns {string} e.g. `Section 127, row 12, seat 14` */
export function place(chart, i) {
  return `Section ${chart.sections[chart.section[i]].name}, row ${chart.rows[chart.row[i]].name}, seat ${chart.numbers[i]}`;
}

/** Several seats, row by row: `west-1, row 3: 4, 5, 6`. @param {import('./chart.js').Chart} chart @param {number[]} seats */
export function together(chart, seats) {
  const rows = new Map();
  for (const i of seats) rows.set(chart.row[i], [...(rows.get(chart.row[i]) ?? []), chart.numbers[i]]);
  return [...rows].map(([r, numbers]) => `${chart.sections[chart.rows[r].section].name}, row ${chart.rows[r].name}: ${numbers.join(', ')}`).join('; ');
}

/** @param {number} flags @returns {string[]} */
export function flagWords(flags) {
  const words = [];
  if (flags & ACCESSIBLE) words.push('wheelchair accessible');
  if (flags & COMPANION) words.push('companion seat');
  if (flags & RESTRICTED) words.push('restricted view');
  return words;
}

/** `one seat`, `3 seats`. */
export function seatsWord(n) {
  return n === 1 ? 'one seat' : `${n} seats`;
}

/** `2 seats and 3 places`: those in standing areas have no numbers. */
export function countWord(seats, places) {
  const standing = places === 1 ? 'one place' : `${places} places`;
  if (!places) return seatsWord(seats);
  return seats ? `${seatsWord(seats)} and ${standing}` : standing;
}

/** Said whenever it is true: it is what people want to know first when something about their money goes wrong. */
const NOT_CHARGED = 'You have not been charged.';

const BY_CODE = {
  seats_unavailable: 'Someone else was faster.',
  payment_declined: 'The payment was declined, and your seats have gone back on sale. You have not been charged.',
  hold_expired: 'The time for these seats has run out, so they are on sale again. You have not been charged.',
  not_on_sale: 'This event is not on sale yet.',
  holds_exhausted: 'Too many seats are being held just now. Please try again in a moment.',
  stale_fencing_token: 'These seats have gone to someone else since you held them. You have not been charged.',
  admission_required: 'This event has a waiting room: seats can be held once it is your turn.',
  already_booked: 'These seats are booked already.',
  unknown_event: 'This event is not on sale here.',
  unknown_seat: 'One of these seats does not exist at this event.',
  admission_invalid: 'Your turn in the waiting room could not be confirmed. Please join it again.',
  admission_foreign: 'Your turn in the waiting room is for another event.',
  admission_expired: 'Your turn was not used in time, so it went to the next. Please join the queue again.',
  admission_replayed: 'Your time in the shop is over. Please join the queue again.',
  room_closed: 'The queue takes nobody any more.',
  room_full: 'The queue is full.',
  orphan_seats: 'That would leave a single seat over, which hardly anybody could use. Please choose seats next to each other or to the aisle.',
  no_seating_plan: 'The best seats cannot be found at this event. Please choose on the map.',
  unknown_area: 'One of these areas does not exist at this event.',
  limit_exceeded: 'That is more seats than one person may have at this event.',
  starting: 'The box office is just opening. Please try again in a moment.',
  no_quorum: 'The box office cannot confirm sales right now. Nothing has changed; please try again in a moment.',
  idempotency_mismatch: 'This order changed while it was being sent. Please try again.',
};

/**
 * An error in plain words. What is unknown is said to be unknown: promising "nothing happened" then would be a lie.
 *
 * @param {import('../client/errors.js').UsherError} error
 * @param {boolean} paying
 */
export function explain(error, paying) {
  if (error.outcome === 'unknown') {
    return paying
      ? 'We do not know yet whether the payment went through. Press Book again: it is the same order, and you pay at most once.'
      : 'We do not know yet whether this went through. Press the button again: it is the same request and never counts twice.';
  }
  if (BY_CODE[error.code]) return BY_CODE[error.code];
  if (error.code === 'network' || error.code === 'timeout') return 'The box office cannot be reached. Check your connection and try again.';
  if (error.status === 429) return 'That was a lot of requests. Please wait a moment.';
  if (error.status >= 500) return `The box office has a problem and nothing has changed.${paying ? ' ' + NOT_CHARGED : ''} Please try again in a moment.`;
  return error.detail || error.message || 'That did not work.';
}

const PEOPLE = new Intl.NumberFormat();
const PERCENT = new Intl.NumberFormat(undefined, { maximumFractionDigits: 6 });

/** @param {{viewers: number, chance: number}|null} look @returns {string} e.g. `1,842 people look at this seat, chance 0.05 %` */
export function lookWords(look) {
  if (!look || look.viewers < 1) return '';
  const who = look.viewers === 1 ? 'Only you look' : `${PEOPLE.format(look.viewers)} people look`;
  return `${who} at this seat${look.chance > 0 ? `, chance ${percent(look.chance)}` : ''}`;
}

/** The smaller it is the more its order counts, and not its digits. */
function percent(share) {
  const p = share * 100;
  return `${PERCENT.format(Number(p >= 10 ? p.toFixed(0) : p >= 1 ? p.toFixed(1) : p.toPrecision(1)))} %`;
}
