/**
 * The server's time, as far as its answers tell. Counted on with the monotonic clock, so that a countdown does not jump
 * when the device's clock is set.
 */
export class ServerClock {
  /** @param {() => number} [monotonic] milliseconds */
  constructor(monotonic = () => performance.now()) {
    this.monotonic = monotonic;
    this.offset = Date.now() - monotonic();
  }

  /** @param {string|undefined} serverTime RFC 3339; the moment the answer was made; taken as now, which shows the time left too long by one network delay at most */
  hear(serverTime) {
    const at = Date.parse(serverTime ?? '');
    if (Number.isFinite(at)) this.offset = at - this.monotonic();
  }

  now() {
    return this.monotonic() + this.offset;
  }

  /** @param {string} expiresAt @returns {number} milliseconds, never negative */
  left(expiresAt) {
    return Math.max(0, Date.parse(expiresAt) - this.now());
  }
}

/** @param {number} ms @returns {string} m:ss, rounded up so that 0:00 means over */
export function minutes(ms) {
  const s = Math.ceil(ms / 1000);
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
}
