/**
 * The binary frames of subprotocol usher.v1.bin.
 *
 *     byte 0        1 snapshot, 2 delta
 *     uvarint       id of the subscription that this answers
 *     snapshot:     uvarint version · uvarint N · 16 bytes epoch · ⌈N/4⌉ bytes packed map
 *     delta:        uvarint from · uvarint to · uvarint count · count × uvarint (index − previous − 1)·4 + state
 *                   (previous is −1 before the first, so indexes ascend and never repeat)
 *
 * A frame that does not end where it says, or names a seat twice, throws: the caller drops the connection rather than
 * show a map that is quietly wrong.
 */

const SNAPSHOT = 1;
const DELTA = 2;
const EPOCH_BYTES = 16;

class Reader {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  byte() {
    if (this.at >= this.bytes.length) throw new RangeError('frame ends early');
    return this.bytes[this.at++];
  }

  /**
   * Unsigned LEB128, least significant group first. Multiplies instead of shifting: versions may pass 2³², where
   * JavaScript's shifts wrap; past 2⁵³ numbers stop being exact, so that is refused.
   */
  uvarint() {
    let value = 0;
    let unit = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * unit;
      if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('number over 2^53');
      if (byte < 0x80) return value;
      unit *= 128;
    }
  }

  take(n) {
    if (n > this.bytes.length - this.at) throw new RangeError('frame ends early');
    const part = this.bytes.slice(this.at, this.at + n);
    this.at += n;
    return part;
  }

  end() {
    if (this.at !== this.bytes.length) throw new RangeError(`${this.bytes.length - this.at} bytes after the frame's end`);
  }
}

/**
 * @param {ArrayBuffer|Uint8Array} data
 * @returns {{kind: "snapshot", id: number, version: number, n: number, epoch: string, packed: Uint8Array}
 *         | {kind: "delta", id: number, from: number, to: number, seats: [number, number][]}}
 */
export function decodeFrame(data) {
  const r = new Reader(data instanceof Uint8Array ? data : new Uint8Array(data));
  const kind = r.byte();
  const id = r.uvarint();
  if (kind === SNAPSHOT) return snapshot(r, id);
  if (kind === DELTA) return delta(r, id);
  throw new RangeError(`unknown frame ${kind}`);
}

function snapshot(r, id) {
  const version = r.uvarint();
  const n = r.uvarint();
  const epoch = hex(r.take(EPOCH_BYTES));
  const packed = r.take(Math.ceil(n / 4));
  r.end();
  return { kind: 'snapshot', id, version, n, epoch, packed };
}

function delta(r, id) {
  const from = r.uvarint();
  const to = r.uvarint();
  const count = r.uvarint();
  // Each change takes a byte at least: a count beyond that is a lie, and would have us allocate for it.
  if (count > r.bytes.length - r.at) throw new RangeError('frame ends early');
  const seats = new Array(count);
  let previous = -1;
  for (let k = 0; k < count; k++) {
    const value = r.uvarint();
    const index = previous + 1 + Math.floor(value / 4);
    seats[k] = [index, value % 4];
    previous = index;
  }
  r.end();
  return { kind: 'delta', id, from, to, seats };
}

/** The epoch as the JSON form writes it: lower-case hexadecimal. @param {Uint8Array} bytes */
export function hex(bytes) {
  let text = '';
  for (const b of bytes) text += b.toString(16).padStart(2, '0');
  return text;
}

/** @param {string} text standard base64 @returns {Uint8Array} */
export function fromBase64(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}
