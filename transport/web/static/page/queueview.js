import { h } from './dom.js';
import { minutes } from './clock.js';
import { countdown, endWords, milestoneWords, number, people, spoken, titleWords, wait } from './queuewords.js';
import { explain } from './words.js';

/** A position is read out at most this often, milliseconds. */
const SPEAK_EVERY = 15_000;
/** The last minute of a session is shown as such. */
const HURRY = 60_000;

/**
 * The panel of the waiting room: shows what a Queue knows and passes on what is pressed. Its parts are built anew only when what
 * they say has changed, so that a button does not go away under a finger while positions tick by.
 */
export class QueueView {
  /**
   * @param {HTMLElement} host
   * @param {object} o
   * @param {import('../client/queue.js').Queue} o.queue
   * @param {import('./clock.js').ServerClock} o.clock
   * @param {import('./queuejoin.js').QueueJoin} o.wish
   * @param {{commitment?: string, seed?: string, entrants?: number}|null} o.draw
   * @param {string} o.entrantsUrl  where the list of the draw is
   * @param {string|undefined} o.opensAt
   * @param {(text: string, urgent?: boolean) => void} o.announce
   */
  constructor(host, o) {
    Object.assign(this, { host, ...o });
    this.title = h('h2', { id: 'queue-title' });
    this.facts = h('div.queue-facts');
    this.form = h('div', {}, this.wish.element);
    this.proof = h('div');
    this.actions = h('div.actions');
    this.leaving = false;
    this.shown = {};
    this.spokenAt = -Infinity;
    this.spokenState = '';
    host.replaceChildren(this.title, this.facts, this.form, this.actions, this.proof);
    setInterval(() => this.#tick(), 500);
  }

  render() {
    const { queue } = this;
    this.host.dataset.state = queue.state;
    this.host.dataset.phase = queue.place?.phase ?? '';
    this.host.setAttribute('aria-busy', String(queue.busy));
    if (queue.place?.server_time) this.clock.hear(queue.place.server_time);
    if (this.#canJoin()) this.leaving = false;
    this.title.textContent = titleWords(queue);
    this.form.hidden = !this.#canJoin();
    this.proof.hidden = queue.state !== 'none' && !queue.waits;
    this.#part('facts', this.facts, this.#factsKey(), () => this.#facts());
    this.#part('proof', this.proof, [queue.place?.entrant, queue.place?.drawn_place, this.draw?.commitment, this.draw?.seed], () => [this.#proof()]);
    this.#part('actions', this.actions, [queue.state, queue.place?.reason, queue.busy, this.leaving], () => this.#actions());
    this.#speak();
    this.#tick();
  }

  /** Somebody wants to do what has to wait: here is why. */
  knock() {
    this.host.scrollIntoView({ block: 'nearest' });
    this.host.classList.add('knocked');
    clearTimeout(this.knocked);
    this.knocked = setTimeout(() => this.host.classList.remove('knocked'), 800);
  }

  /** Builds a part anew if what it says has changed; the keyboard stays where it was. */
  #part(name, host, says, build) {
    const key = JSON.stringify(says);
    if (this.shown[name] === key) return;
    this.shown[name] = key;
    const focused = host.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    host.replaceChildren(...build().filter(Boolean));
    if (focused) (host.querySelector(`[data-key="${CSS.escape(focused)}"]`) ?? host.querySelector('button'))?.focus();
  }

  #canJoin() {
    return ['none', 'expired', 'left'].includes(this.queue.state);
  }

  #factsKey() {
    const { server_time, admission_token, milestone, ...rest } = this.queue.place ?? {};
    return [rest, this.queue.milestone, this.queue.error?.code, this.queue.error?.message];
  }

  #facts() {
    const { queue } = this;
    this.timer = this.bar = null;
    const error = queue.error && h('p.notice.warn', {}, explain(queue.error, false));
    switch (queue.state) {
      case 'lobby': return [...this.#lobby(), error];
      case 'waiting': return [...this.#line(), error];
      case 'admitted': return [...this.#session(), error];
      case 'none': return [...this.#outside(), error];
      default: return [h('p.notice.info', {}, endWords(queue.place)), error];
    }
  }

  #outside() {
    const opens = this.opensAt && this.clock.left(this.opensAt) > 0;
    const text = opens
      ? 'Sales have not opened yet. Until then everybody in the lobby has the same chance: the order is drawn by lot when they open.'
      : 'Shoppers are let in one after the other. Join the queue, and you can choose your seats when it is your turn.';
    return [opens && this.#opening(), h('p.hint', {}, text), h('p.hint', {}, 'Your place is kept in this browser: you may close the page and come back.')];
  }

  /** A clock that #tick keeps. */
  #opening() {
    this.timer = h('span.timer', { role: 'timer', 'aria-label': 'Until sales open' });
    this.until = this.queue.place?.opens_at ?? this.opensAt;
    return h('p.countdown', {}, this.timer, h('span', {}, 'until sales open'));
  }

  #lobby() {
    const { place } = this.queue;
    const waiting = place.in_lobby > 0 && h('p', {}, h('strong', {}, people(place.in_lobby)), place.in_lobby === 1 ? ' waits here: you.' : ' wait here.');
    if (place.phase === 'drawing') return [h('p.hint', {}, 'Sales have opened. The order of the lobby is being drawn; your position shows in a moment.'), waiting];
    return [
      this.#opening(),
      waiting,
      h('p.hint', {}, 'Everybody in the lobby has the same chance, whenever they came: when sales open, the order is drawn by lot. You need not do anything, and may close the page and come back.'),
    ];
  }

  #line() {
    const { queue } = this;
    const { place } = queue;
    const eta = wait(place.eta_seconds);
    this.bar = h('progress.queue-bar', { max: 1, value: queue.progress, 'aria-label': 'How far you have come' });
    const rate = !place.paused && place.rate_per_minute > 0 && `${people(place.rate_per_minute)} a minute are let in.`;
    const milestone = milestoneWords(queue.milestone);
    return [
      place.position && h('p.position', {}, h('small', {}, 'Your position'), h('strong', {}, number(place.position))),
      this.bar,
      h('p', {}, place.ahead > 0 ? `${people(place.ahead)} ahead of you.` : 'Nobody is ahead of you.', eta ? ` Your wait: ${eta}.` : ''),
      milestone && h('p.notice.info.milestone', {}, milestone),
      place.paused && h('p.notice.warn', {}, `The queue is paused${place.paused_reason ? `: ${place.paused_reason}` : '.'} Your place is kept.`),
      place.nothing_left && h('p.notice.warn', {}, 'There is nothing left at the moment. If seats come back, the queue goes on, and your place is kept.'),
      rate && h('p.hint', {}, rate),
    ];
  }

  #session() {
    const { place } = this.queue;
    this.timer = h('span.timer', { role: 'timer', 'aria-label': place.session_started ? 'Time left to shop' : 'Time left to begin' });
    this.until = place.expires_at;
    return [place.expires_at && h('p.countdown', {}, this.timer, h('span', {}, place.session_started ? 'left to shop' : 'left to begin'))];
  }

  /** What lets anyone check the draw; nothing where there is none. */
  #proof() {
    const { draw, queue: { place } } = this;
    if (!draw?.commitment || (draw.done && !draw.entrants)) return null;
    const line = (name, value) => value && h('p', {}, `${name}: `, h('code', {}, String(value)));
    return h('details.proof', {}, h('summary', {}, 'How the draw can be checked'),
      h('p', {}, draw.seed
        ? 'The order of the lobby follows from the seed and from who was in it. The seed had been fixed before anybody came: its SHA-256 is the commitment.'
        : 'The number that decides the draw is fixed already and still secret; this is its SHA-256. It is published after the draw, with the list of all who took part, so that anyone can repeat it.'),
      line('Commitment', draw.commitment),
      line('Seed', draw.seed),
      line('You are', place?.entrant),
      line('Your place in the draw', draw.seed && place?.drawn_place),
      draw.seed && h('p', {}, h('a', { href: this.entrantsUrl, download: '' }, `The list of all ${people(draw.entrants ?? 0)}`)),
    );
  }

  #actions() {
    const { queue } = this;
    if (this.#canJoin()) {
      const text = queue.state === 'none' ? (this.opensAt && this.clock.left(this.opensAt) > 0 ? 'Enter the lobby' : 'Join the queue') : 'Queue again';
      return [this.#button('join', text, () => queue.join(this.wish.wish()), 'primary')];
    }
    if (!this.leaving) return [this.#button('leave', queue.state === 'admitted' ? 'End my turn' : 'Leave the queue', () => this.#ask(true), 'quiet')];
    return [this.#button('stay', 'Stay', () => this.#ask(false), 'primary'), this.#button('leave-now', 'Leave and lose my place', () => this.#leave(), 'quiet')];
  }

  /** A place that took an hour to come to is not lost by one slip. */
  #ask(leaving) {
    this.leaving = leaving;
    this.render();
  }

  async #leave() {
    this.leaving = false;
    await this.queue.leave();
    if (!this.queue.error) this.announce('You have left the queue.');
  }

  #button(key, text, onclick, kind) {
    return h(`button.${kind}`, { type: 'button', 'data-key': key, disabled: this.queue.busy, onclick }, text);
  }

  #tick() {
    if (!this.timer || !this.until) return;
    const left = this.clock.left(this.until);
    const inShop = this.queue.state === 'admitted';
    this.timer.textContent = inShop ? minutes(left) : countdown(left);
    this.timer.classList.toggle('hurry', inShop && left < HURRY);
    if (!inShop || left > HURRY || left === 0 || this.warned === this.until) return;
    this.warned = this.until;
    this.announce('Less than a minute left of your turn.', true);
  }

  /** Changes of state and milestones at once, positions now and then. */
  #speak() {
    const { queue } = this;
    const state = [queue.state, queue.place?.phase, Boolean(queue.place?.paused), queue.milestone].join(' ');
    if (queue.state === 'none') {
      this.spokenState = state;
      return;
    }
    const now = performance.now();
    if (state === this.spokenState && (queue.state !== 'waiting' || now - this.spokenAt < SPEAK_EVERY)) return;
    const text = spoken(queue);
    this.spokenAt = now;
    if (state === this.spokenState && text === this.spokenText) return;
    this.spokenState = state;
    this.spokenText = text;
    this.announce(text, queue.state === 'admitted');
  }
}
