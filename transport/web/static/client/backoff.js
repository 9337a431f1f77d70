/**
 * Full jitter (a random wait between zero and a ceiling that doubles): after an outage a stadium's worth of pages must not
 * come back in step.
 *
 * @param {number} attempt  0 for the first wait
 * @param {{base?: number, cap?: number, random?: () => number}} [o]  milliseconds
 * @returns {number} milliseconds
 */
export function jitter(attempt, { base = 250, cap = 8000, random = Math.random } = {}) {
  return random() * Math.min(cap, base * 2 ** Math.min(attempt, 30));
}

/** @param {number} ms @param {AbortSignal} [signal] rejects with its reason */
export function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/**
 * A key no one else has. `crypto.randomUUID` exists only in secure contexts, and a demo on http://192.168.… is none, so
 * there the same 122 random bits are put together by hand.
 */
export function newKey() {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 0x0f) | 0x40;
  b[8] = (b[8] & 0x3f) | 0x80;
  const h = Array.from(b, (v) => v.toString(16).padStart(2, '0')).join('');
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
}
