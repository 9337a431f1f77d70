/** What a waiting room says, in plain words; nothing here touches the page. */

const PEOPLE = new Intl.NumberFormat();

/** @param {number} n @returns {string} e.g. `12,481 people` */
export function people(n) {
  return n === 1 ? 'one person' : `${PEOPLE.format(n)} people`;
}

/** @param {number} n */
export function number(n) {
  return PEOPLE.format(n);
}

/**
 * A wait as people say it: whole minutes, hours when there are many.
 *
 * @param {{low: number, high: number}|undefined} eta  seconds
 * @returns {string} e.g. `about 4 to 6 minutes`; '' while nobody can tell
 */
export function wait(eta) {
  if (!eta) return '';
  if (eta.high <= 60) return 'less than a minute';
  if (eta.low >= 7200) return range(eta, 3600, 'hour');
  return range(eta, 60, 'minute');
}

function range({ low, high }, unit, word) {
  const from = Math.max(1, Math.floor(low / unit));
  const to = Math.max(from, Math.ceil(high / unit));
  if (from === to) return `about ${from === 1 ? `one ${word}` : `${from} ${word}s`}`;
  return `about ${from} to ${to} ${word}s`;
}

/** @param {number} ms @returns {string} e.g. `2 days 3:04:05`, `12:05` */
export function countdown(ms) {
  const s = Math.ceil(ms / 1000);
  const two = (n) => String(n).padStart(2, '0');
  const days = Math.floor(s / 86_400);
  const hours = Math.floor((s % 86_400) / 3600);
  const minutes = Math.floor((s % 3600) / 60);
  const clock = days || hours ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
  return days ? `${days === 1 ? 'one day' : `${days} days`} ${clock}` : clock;
}

const MILESTONES = {
  next_1000: 'You are among the next 1,000.',
  next_100: 'You are among the next 100.',
  next_10: 'You are among the next 10: get ready.',
  next: 'You are next.',
};

/** @param {string} milestone @returns {string} '' if there is none */
export function milestoneWords(milestone) {
  return MILESTONES[milestone] ?? '';
}

const ENDS = {
  not_used: 'It was your turn, and nobody came, so your place went to the next in line.',
  timed_out: 'Your time in the shop has run out.',
  booked: 'You have your tickets, so your turn has ended.',
  left: 'You have left the queue.',
};

/** Why a place is over. @param {import('../client/queue.js').Place} place */
export function endWords(place) {
  return ENDS[place.reason] ?? 'Your place in the queue is no longer there.';
}

/** @param {import('../client/queue.js').Queue} queue @returns {string} a heading */
export function titleWords(queue) {
  const { state, place } = queue;
  if (state === 'lobby') return place.phase === 'drawing' ? 'The draw is under way' : 'You are in the lobby';
  if (state === 'waiting') return place.paused ? 'The queue is paused' : 'You are in the queue';
  if (state === 'admitted') return 'It is your turn';
  if (state === 'expired') return 'Your turn is over';
  if (state === 'left') return place.reason === 'booked' ? 'All done' : 'You are not in the queue';
  return 'There is a queue for this event';
}

/** One sentence for those who listen: what has changed since they last heard. @param {import('../client/queue.js').Queue} queue */
export function spoken(queue) {
  const { state, place } = queue;
  if (state === 'waiting' && place.position) {
    const eta = wait(place.eta_seconds);
    return [milestoneWords(place.milestone), `Position ${number(place.position)}.`, place.paused ? `The queue is paused. ${place.paused_reason ?? ''}` : eta && `Wait: ${eta}.`].filter(Boolean).join(' ');
  }
  if (state === 'admitted') return 'It is your turn. You can choose your seats now.';
  if (state === 'expired' || (state === 'left' && place.reason !== 'left')) return `${titleWords(queue)}. ${endWords(place)}`;
  return `${titleWords(queue)}.`;
}
