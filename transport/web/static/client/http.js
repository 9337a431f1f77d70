import { jitter, newKey, sleep } from './backoff.js';
import { UsherError, errorFrom } from './errors.js';

/**
 * @typedef {object} CallOptions
 * @property {unknown} [body]            sent as JSON unless it is a string or bytes
 * @property {Record<string, string>} [headers]
 * @property {Record<string, string|number|undefined|null>} [query]
 * @property {string} [idempotencyKey]   writes only; made when absent
 * @property {AbortSignal} [signal]
 * @property {number} [attempts]         how often at most, the first included
 */

/**
 * HTTP with the one property checkout code needs: a call either gives the server's definite answer or throws an error that
 * says honestly whether anything happened. Reads are repeated freely. A write carries one Idempotency-Key through all its
 * repetitions, so that an answer lost on the way back is fetched, not executed again.
 */
export class Http {
  /**
   * @param {object} o
   * @param {string} o.base               origin and path prefix, without trailing slash; '' is the page's own origin
   * @param {typeof fetch} o.fetch
   * @param {number} o.attempts
   * @param {number} o.timeout            milliseconds for one attempt
   * @param {() => Record<string, string>} o.headers  added to every call
   * @param {{base?: number, cap?: number, random?: () => number}} o.backoff
   */
  constructor(o) {
    this.o = o;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {CallOptions} [call]
   * @returns {Promise<Response>} with an ok status, or 304 when the call was conditional
   */
  async send(method, path, call = {}) {
    const isWrite = method !== 'GET' && method !== 'HEAD';
    const key = isWrite ? call.idempotencyKey ?? newKey() : '';
    const request = this.#request(method, call, key);
    const url = this.o.base + path + queryString(call.query);
    const attempts = call.attempts ?? this.o.attempts;
    for (let attempt = 0; ; attempt++) {
      const error = await this.#attempt(url, request, isWrite, key, call.signal);
      if (error instanceof Response) return error;
      // Unknown is repeated as well: with the same key that asks for the first answer.
      const again = error.retryable || (isWrite && error.outcome === 'unknown');
      if (!again || attempt + 1 >= attempts) throw error;
      await sleep(Math.max(error.retryAfter, jitter(attempt, this.o.backoff)), call.signal);
    }
  }

  /** @param {string} method @param {string} path @param {CallOptions} [call] @returns {Promise<any>} the parsed body; null when there is none */
  async json(method, path, call) {
    const response = await this.send(method, path, call);
    if (response.status === 204 || response.status === 304) return null;
    try {
      return await response.json();
    } catch (cause) {
      const isWrite = method !== 'GET';
      throw new UsherError({ code: 'bad_answer', status: response.status, retryable: !isWrite, outcome: isWrite ? 'applied' : null, detail: 'the answer was not JSON', cause });
    }
  }

  #request(method, call, key) {
    const headers = { Accept: 'application/json', ...this.o.headers(), ...call.headers };
    if (key) headers['Idempotency-Key'] = key;
    let body = call.body;
    if (body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array)) {
      body = JSON.stringify(body);
      headers['Content-Type'] ??= 'application/json';
    }
    return { method, headers, body };
  }

  /** @returns {Promise<Response|UsherError>} */
  async #attempt(url, request, isWrite, key, signal) {
    signal?.throwIfAborted();
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), this.o.timeout);
    const pass = () => late.abort();
    signal?.addEventListener('abort', pass, { once: true });
    try {
      const response = await this.o.fetch(url, { ...request, signal: late.signal });
      if (response.ok || response.status === 304) return response;
      return await errorFrom(response, isWrite, key);
    } catch (cause) {
      signal?.throwIfAborted();
      return new UsherError({
        code: late.signal.aborted ? 'timeout' : 'network',
        retryable: true,
        outcome: isWrite ? 'unknown' : null,
        detail: late.signal.aborted ? 'the server did not answer in time' : 'the server could not be reached',
        idempotencyKey: key,
        cause,
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', pass);
    }
  }
}

function queryString(query) {
  const pairs = Object.entries(query ?? {}).filter(([, v]) => v !== undefined && v !== null && v !== '');
  if (pairs.length === 0) return '';
  return '?' + new URLSearchParams(pairs.map(([k, v]) => [k, String(v)]));
}
