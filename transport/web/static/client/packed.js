/** Seat states by number, as the packed map and the live frames carry them. */
export const STATES = Object.freeze(['available', 'held', 'booked', 'blocked']);
export const AVAILABLE = 0;
export const HELD = 1;
export const BOOKED = 2;
export const BLOCKED = 3;

/** How many seats of each state one byte (four seats) holds: 256 × 4, so that counting a stadium touches 22,500 bytes, not 90,000 seats. */
const BYTE_COUNTS = (() => {
  const table = new Uint8Array(256 * 4);
  for (let byte = 0; byte < 256; byte++) {
    for (let shift = 0; shift < 8; shift += 2) table[byte * 4 + ((byte >> shift) & 3)]++;
  }
  return table;
})();

/**
 * The packed seat map: two bits a seat in chart order, seat i in byte i/4 at bits 2·(i mod 4) and up.
 * Invariant: bytes.length === ⌈n/4⌉, and the unused bits of the last byte are zero.
 */
export class PackedMap {
  /**
   * @param {number} n  seats
   * @param {Uint8Array} [bytes]  taken over, not copied; all available when absent
   */
  constructor(n, bytes) {
    if (!Number.isInteger(n) || n < 0) throw new RangeError(`a seat map of ${n} seats`);
    const size = Math.ceil(n / 4);
    if (bytes && bytes.length !== size) throw new RangeError(`a map of ${n} seats is ${size} bytes, not ${bytes.length}`);
    this.n = n;
    this.bytes = bytes ?? new Uint8Array(size);
  }

  /** @param {number} i @returns {0|1|2|3} */
  get(i) {
    return /** @type {0|1|2|3} */ ((this.bytes[i >> 2] >> ((i & 3) << 1)) & 3);
  }

  /** @param {number} i @param {number} state */
  set(i, state) {
    if (i < 0 || i >= this.n) throw new RangeError(`seat ${i} of ${this.n}`);
    const shift = (i & 3) << 1;
    this.bytes[i >> 2] = (this.bytes[i >> 2] & ~(3 << shift)) | ((state & 3) << shift);
  }

  /** @returns {{total: number, available: number, held: number, booked: number, blocked: number}} */
  counts() {
    const count = [0, 0, 0, 0];
    for (const byte of this.bytes) {
      const at = byte * 4;
      count[0] += BYTE_COUNTS[at];
      count[1] += BYTE_COUNTS[at + 1];
      count[2] += BYTE_COUNTS[at + 2];
      count[3] += BYTE_COUNTS[at + 3];
    }
    count[AVAILABLE] -= this.bytes.length * 4 - this.n; // the padding reads as available
    return { total: this.n, available: count[0], held: count[1], booked: count[2], blocked: count[3] };
  }

  /** One byte a seat, for those who draw. @param {Uint8Array} [into] @returns {Uint8Array} */
  unpack(into = new Uint8Array(this.n)) {
    for (let i = 0; i < this.n; i++) into[i] = (this.bytes[i >> 2] >> ((i & 3) << 1)) & 3;
    return into;
  }

  clone() {
    return new PackedMap(this.n, this.bytes.slice());
  }
}
