/** How often the map is fetched while there is no live connection, milliseconds; the answers are cacheable and conditional. */
const POLL_EVERY = 2500;
/** A connection that is only being renewed is not worth a poll: wait this long first. */
const PATIENCE = 1500;

/**
 * The event's map, kept current by the best means there is: the live connection, or else conditional polling. So a proxy
 * that breaks websockets costs seconds of freshness and not the page.
 *
 * @param {object} o
 * @param {import('../usher.js').Usher} o.usher
 * @param {import('../client/live.js').Live} o.live
 * @param {import('../usher.js').EventInfo} o.event
 * @param {(packed: Uint8Array, version: number) => void} o.onMap
 * @param {(changes: [number, number][], version: number) => void} o.onDelta
 * @param {(left: number[]) => void} o.onAreas  places left in each standing area
 * @param {(delayed: boolean) => void} o.onDelayed  whether the server itself is cut off
 * @param {(state: "live"|"connecting"|"reconnecting"|"polling"|"stale"|"closed") => void} o.onState
 * @param {(error: {message?: string}) => void} o.onError
 */
export function feed(o) {
  let current = false;
  let timer = null;
  let etag = '';

  const live = () => {
    current = true;
    clearTimeout(timer);
    timer = null;
    o.onState('live');
  };
  const notLive = (state) => {
    current = false;
    o.onState(state);
    timer ??= setTimeout(poll, PATIENCE);
  };
  const poll = async () => {
    try {
      const seats = await o.usher.seats(o.event.event_id, { etag, attempts: 1 });
      if (current) return;
      if (seats) {
        ({ etag } = seats);
        o.onMap(seats.packed, seats.version);
        o.onDelayed(seats.stale > 0);
        if (o.event.areas?.length) o.onAreas((await o.usher.event(o.event.event_id, { attempts: 1 })).areas.map((a) => a.free));
      }
      o.onState('polling');
    } catch {
      if (!current) o.onState('stale');
    }
    if (!current) timer = setTimeout(poll, POLL_EVERY);
  };

  if (o.event.areas?.length) o.onAreas(o.event.areas.map((a) => a.free));
  notLive('connecting');
  o.live.watchEvent(o.event.event_id, {
    onSnapshot: (s) => o.onMap(s.map.bytes, s.version),
    onDelta: (d) => o.onDelta(d.seats, d.to),
    onAreas: (a) => o.onAreas(a.areas),
    onDelayed: (d) => o.onDelayed(d.delayed),
    onLive: live,
    onStale: (why) => notLive(why.final ? 'closed' : 'reconnecting'),
    onError: o.onError,
  });
}
