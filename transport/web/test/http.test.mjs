import assert from 'node:assert/strict';
import test from 'node:test';
import { Usher, UsherError } from '../static/usher.js';
import { jitter, newKey } from '../static/client/backoff.js';
import { retryAfter } from '../static/client/errors.js';

/** A client whose server answers from a list: responses, or errors to throw. */
function scripted(...answers) {
  const calls = [];
  const fetch = async (url, init) => {
    calls.push({ url, ...init });
    const answer = answers.shift() ?? problem(500, { code: 'script_over' });
    if (answer instanceof Error) throw answer;
    return typeof answer === 'function' ? answer(init) : answer;
  };
  return { calls, usher: new Usher({ base: 'http://x/', fetch, backoff: { base: 1, cap: 2 }, timeout: 50 }) };
}
const json = (status, body, headers = {}) => new Response(body === null ? null : JSON.stringify(body), { status, headers });
const problem = (status, body, headers) => json(status, { retryable: false, ...body }, headers);

const ORDER = { event_id: 'v:2027-01-01', seat_ids: ['a'], holder_id: 'h' };

test('a write carries one key through all its repetitions', async () => {
  const { calls, usher } = scripted(problem(503, { code: 'no_quorum', retryable: true, outcome: 'unknown' }), new TypeError('reset'), json(201, { hold_id: 'hold_1' }));
  assert.equal((await usher.reserve(ORDER)).hold_id, 'hold_1');
  assert.equal(calls.length, 3);
  const keys = new Set(calls.map((c) => c.headers['Idempotency-Key']));
  assert.equal(keys.size, 1);
  assert.match([...keys][0], /^[0-9a-f-]{36}$/);
  assert.deepEqual(JSON.parse(calls[2].body), ORDER);
  assert.equal(calls[0].url, 'http://x/v1/reservations');
});

test('two writes have two keys, and a given key is kept', async () => {
  const { calls, usher } = scripted(json(201, {}), json(201, {}), json(201, {}));
  await usher.reserve(ORDER);
  await usher.reserve(ORDER);
  await usher.reserve(ORDER, { idempotencyKey: 'mine', admissionToken: 'adm' });
  assert.notEqual(calls[0].headers['Idempotency-Key'], calls[1].headers['Idempotency-Key']);
  assert.equal(calls[2].headers['Idempotency-Key'], 'mine');
  assert.equal(calls[2].headers['Admission-Token'], 'adm');
});

test('a refusal is final and says everything', async () => {
  const refusal = { code: 'seats_unavailable', outcome: 'not_applied', detail: 'taken', conflicts: [{ seat_id: 'a', status: 'held' }], alternatives: [['b']] };
  const { calls, usher } = scripted(problem(409, refusal));
  const error = await usher.reserve(ORDER).catch((e) => e);
  assert.ok(error instanceof UsherError);
  assert.deepEqual([error.code, error.status, error.retryable, error.outcome, error.detail], ['seats_unavailable', 409, false, 'not_applied', 'taken']);
  assert.deepEqual([error.conflicts, error.alternatives], [refusal.conflicts, refusal.alternatives]);
  assert.equal(calls.length, 1);
});

test('an outage ends with the truth: unknown for a write, null for a read', async () => {
  const down = Array.from({ length: 10 }, () => new TypeError('down'));
  const { calls, usher } = scripted(...down);
  const write = await usher.reserve(ORDER).catch((e) => e);
  assert.deepEqual([write.code, write.outcome, write.retryable, calls.length], ['network', 'unknown', true, 5]);
  assert.equal(write.idempotencyKey, calls[0].headers['Idempotency-Key']);
  const read = await usher.event('e').catch((e) => e);
  assert.deepEqual([read.outcome, read.retryable], [null, true]);
});

test('an HTML error page from a proxy is read cautiously', async () => {
  const html = () => new Response('<html>bad gateway</html>', { status: 502 });
  const { usher } = scripted(html, html);
  const error = await usher.book({ hold_id: 'h', payment: { method: 'sandbox' } }, { attempts: 2 }).catch((e) => e);
  assert.deepEqual([error.code, error.outcome, error.retryable], ['http_502', 'unknown', true]);
});

test('a server that does not answer is given up on, and asked again', async () => {
  const hang = ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const { usher } = scripted(hang, json(200, { event_id: 'e' }));
  assert.equal((await usher.event('e')).event_id, 'e');
});

test('aborting ends at once, also between attempts', async () => {
  const stop = new AbortController();
  const { calls, usher } = scripted(problem(503, { code: 'no_quorum', retryable: true }, { 'Retry-After': '60' }));
  const waiting = usher.event('e', { signal: stop.signal });
  setTimeout(() => stop.abort(), 10);
  await assert.rejects(waiting, { name: 'AbortError' });
  assert.equal(calls.length, 1);
});

test('paths keep ids whole', async () => {
  const { calls, usher } = scripted(json(200, {}), json(200, {}), json(204, null));
  await usher.event('wembley:2024-08-16:19:30');
  await usher.seatList('a:b', { section: 'A & B', minVersion: 7 });
  assert.equal(await usher.release({ hold_id: 'hold/1', fencing_token: 9 }), null);
  assert.deepEqual(calls.map((c) => c.url), ['http://x/v1/events/wembley:2024-08-16:19:30', 'http://x/v1/events/a:b/seats?section=A+%26+B&min_version=7', 'http://x/v1/reservations/hold%2F1?fencing_token=9']);
});

test('the packed map, and nothing when nothing has changed', async () => {
  const bytes = new Response(Uint8Array.from([1, 2]), { headers: { 'Usher-Version': '12', 'Usher-Epoch': 'ab', ETag: '"x"' } });
  const { calls, usher } = scripted(bytes, new Response(null, { status: 304 }));
  assert.deepEqual(await usher.seats('e'), { version: 12, epoch: 'ab', etag: '"x"', stale: 0, packed: Uint8Array.from([1, 2]) });
  assert.equal(await usher.seats('e', { etag: '"x"' }), null);
  assert.deepEqual([calls[0].headers.Accept, calls[1].headers['If-None-Match']], ['application/vnd.usher.seats', '"x"']);
});

test('a payment that takes long is not an error', async () => {
  const { usher } = scripted(new Response(null, { status: 202, headers: { Location: '/v1/reservations/h' } }));
  assert.deepEqual(await usher.book({ hold_id: 'h', payment: { method: 'sandbox' } }), { status: 'paying', hold_id: 'h' });
});

test('a hold over several events, the fence, and the rest by their paths', async () => {
  const { calls, usher } = scripted(json(204, null), json(200, { valid: true }), json(200, {}), json(200, { items: [] }), json(200, {}));
  await usher.release({ hold_id: 'h', fencing_token: 1, fencing_tokens: { 'v:2027-01-01': 4, 'v:2027-01-02': 5 } });
  assert.equal((await usher.fence('h', 7)).valid, true);
  await usher.seatList('e', { versions: true });
  await usher.blocks('e');
  await usher.allot('e', ['a'], { channel: 'club', channel_key: '12345678' });
  const search = new URL(calls[0].url).searchParams;
  assert.deepEqual([...search], [['fencing_tokens[v:2027-01-01]', '4'], ['fencing_tokens[v:2027-01-02]', '5']]);
  assert.deepEqual(calls.slice(1).map((c) => c.url), ['http://x/v1/reservations/h/fence?token=7', 'http://x/v1/events/e/seats?versions=1', 'http://x/v1/events/e/blocks', 'http://x/v1/events/e/seats']);
  assert.deepEqual(JSON.parse(calls[4].body), { action: 'allot', seat_ids: ['a'], channel: 'club', channel_key: '12345678' });
});

test('errors carry what they know', async () => {
  const refusals = [
    { code: 'seats_unavailable', outcome: 'not_applied', version: 9, event_id: 'e', areas: [{ area_id: 'pit', left: 1 }], suggested: [{ wanted: 'a', got: 'b' }] },
    { code: 'limit_exceeded', outcome: 'not_applied', limit: 4, has: 3 },
    { code: 'orphan_seats', outcome: 'not_applied', seat_ids: ['a'] },
  ];
  const { usher } = scripted(...refusals.map((r) => problem(409, r)));
  const taken = await usher.reserve(ORDER).catch((e) => e);
  assert.deepEqual([taken.version, taken.event_id, taken.areas, taken.suggested, taken.conflicts], [9, 'e', refusals[0].areas, refusals[0].suggested, []]);
  const limit = await usher.reserve(ORDER).catch((e) => e);
  assert.deepEqual([limit.limit, limit.has, limit.areas], [4, 3, []]);
  assert.deepEqual((await usher.reserve(ORDER).catch((e) => e)).seat_ids, ['a']);
});

test('seats that are undecided are asked for again, with the same key', async () => {
  const { calls, usher } = scripted(problem(409, { code: 'seats_unavailable', retryable: true, outcome: 'not_applied' }), json(201, { hold_id: 'hold_1' }));
  assert.equal((await usher.reserve(ORDER)).hold_id, 'hold_1');
  assert.equal(calls[0].headers['Idempotency-Key'], calls[1].headers['Idempotency-Key']);
});

test('small things', () => {
  assert.equal(retryAfter('3'), 3000);
  assert.equal(retryAfter('nonsense'), 0);
  assert.equal(retryAfter(new Date(5000).toUTCString(), 2000), 3000);
  assert.notEqual(newKey(), newKey());
  for (let n = 0; n < 100; n++) assert.ok(jitter(n, { base: 10, cap: 100 }) <= 100);
});
