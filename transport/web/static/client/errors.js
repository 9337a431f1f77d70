/**
 * What went wrong, in the words of the API (RFC 9457 problem+json with Usher's own fields).
 *
 * `outcome` is the field to read before telling a person anything about a write:
 *   - `not_applied`: nothing happened, trying again is a new attempt;
 *   - `applied`: it happened, in spite of the error;
 *   - `unknown`: nobody knows yet. Repeat it with the *same* idempotency key and the first answer comes back.
 */
export class UsherError extends Error {
  /**
   * @param {object} p
   * @param {string} p.code      machine-readable, e.g. `seats_unavailable`, `hold_expired`, `no_quorum`, `network`
   * @param {number} [p.status]  HTTP status; 0 when no answer arrived
   * @param {boolean} [p.retryable]
   * @param {"applied"|"not_applied"|"unknown"|null} [p.outcome]  null for reads
   * @param {string} [p.title]
   * @param {string} [p.detail]
   * @param {{seat_id: string, status: string}[]} [p.conflicts]
   * @param {string[][]} [p.alternatives]
   * @param {{wanted: string, got: string}[]} [p.suggested]  what could be had for the seats that are gone
   * @param {{area_id: string, left?: number, version?: number}[]} [p.areas]  standing areas in the way
   * @param {Record<string, unknown>} [p.extra]  what else there is: event_id, version, limit, has, seat_ids, field
   * @param {{where: string, problem: string}[]} [p.problems]
   * @param {number} [p.retryAfter]  milliseconds, from the Retry-After header
   * @param {string} [p.idempotencyKey]  the key the write was sent with, so that a caller can repeat exactly it
   * @param {unknown} [p.cause]
   */
  constructor(p) {
    super(p.detail || p.title || p.code, { cause: p.cause });
    this.name = 'UsherError';
    this.code = p.code;
    this.status = p.status ?? 0;
    this.retryable = p.retryable ?? false;
    this.outcome = p.outcome ?? null;
    this.title = p.title ?? '';
    this.detail = p.detail ?? '';
    this.conflicts = p.conflicts ?? [];
    this.alternatives = p.alternatives ?? [];
    this.suggested = p.suggested ?? [];
    this.areas = p.areas ?? [];
    Object.assign(this, p.extra);
    this.problems = p.problems ?? [];
    this.retryAfter = p.retryAfter ?? 0;
    this.idempotencyKey = p.idempotencyKey ?? '';
  }
}

/**
 * Reads an error response. A proxy in between may answer with HTML or nothing at all, so every field of the body is
 * optional; what is missing is derived from the status with the cautious choice (a write's 5xx is `unknown`).
 *
 * @param {Response} response
 * @param {boolean} isWrite
 * @param {string} idempotencyKey
 * @returns {Promise<UsherError>}
 */
export async function errorFrom(response, isWrite, idempotencyKey) {
  let body = {};
  try {
    const parsed = await response.json();
    if (parsed && typeof parsed === 'object') body = parsed;
  } catch {
    // Not JSON: the status alone has to do.
  }
  const { status } = response;
  const busy = status === 429 || status === 502 || status === 503 || status === 504;
  // A 429, and a 503 that comes without a problem body, is a gate in front of Usher; 502 and 504 may come after the write went through.
  const guess = status < 500 ? 'not_applied' : 'unknown';
  return new UsherError({
    code: typeof body.code === 'string' ? body.code : `http_${status}`,
    status,
    retryable: typeof body.retryable === 'boolean' ? body.retryable : busy,
    outcome: isWrite ? body.outcome ?? guess : null,
    title: body.title || response.statusText,
    detail: body.detail,
    conflicts: body.conflicts ?? undefined,
    alternatives: body.alternatives ?? undefined,
    suggested: body.suggested ?? undefined,
    areas: body.areas ?? undefined,
    extra: extraOf(body),
    problems: body.problems ?? undefined,
    retryAfter: retryAfter(response.headers.get('Retry-After')),
    idempotencyKey,
  });
}

/** Fields that some errors have under their names in the API. */
const EXTRA = ['event_id', 'version', 'limit', 'has', 'seat_ids', 'field'];

function extraOf(body) {
  return Object.fromEntries(EXTRA.filter((name) => body[name] !== undefined).map((name) => [name, body[name]]));
}

/** Retry-After is seconds or an HTTP date. @returns {number} milliseconds, 0 when absent or nonsense */
export function retryAfter(value, now = Date.now()) {
  if (!value) return 0;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isFinite(at) ? Math.max(0, at - now) : 0;
}
