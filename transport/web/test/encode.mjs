// The other side of client/frames.js and client/packed.js: what the server writes, for tests.

export function uvarint(value) {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  bytes.push(value);
  return bytes;
}

export function pack(states) {
  const bytes = new Uint8Array(Math.ceil(states.length / 4));
  states.forEach((s, i) => (bytes[i >> 2] |= s << (2 * (i & 3))));
  return bytes;
}

export function snapshotFrame(id, version, epoch, states) {
  return Uint8Array.from([1, ...uvarint(id), ...uvarint(version), ...uvarint(states.length), ...epoch, ...pack(states)]);
}

export function deltaFrame(id, from, to, seats) {
  const bytes = [2, ...uvarint(id), ...uvarint(from), ...uvarint(to), ...uvarint(seats.length)];
  let previous = -1;
  for (const [i, s] of seats) {
    bytes.push(...uvarint((i - previous - 1) * 4 + s));
    previous = i;
  }
  return Uint8Array.from(bytes);
}

/** A websocket whose far end is the test. */
export class Socket extends EventTarget {
  static all = [];
  constructor(url, protocols) {
    super();
    Object.assign(this, { url, protocols, readyState: 0, sent: [] });
    Socket.all.push(this);
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
  }
  open() {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }
  say(data) {
    const payload = data instanceof Uint8Array ? data.buffer : JSON.stringify(data);
    this.dispatchEvent(new MessageEvent('message', { data: payload }));
  }
  fail(code = 1006, reason = '') {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }));
  }
}

/** A small deterministic generator (mulberry32), so that a failing case comes again. */
export function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const later = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));

export async function until(condition, ms = 2000) {
  for (const end = Date.now() + ms; !condition(); await later(2)) if (Date.now() > end) throw new Error(`never: ${condition}`);
}
