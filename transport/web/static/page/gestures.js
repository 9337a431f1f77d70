/** Pointer travel in CSS pixels up to which it is still a tap. */
const SLOP = 6;
const PAN_STEP = 80;

/**
 * Mouse, touch, pen and keys on the map, told as a few intentions.
 *
 * @param {HTMLElement} element
 * @param {object} on
 * @param {(dx: number, dy: number) => void} on.pan
 * @param {(x: number, y: number, factor: number, smooth: boolean) => void} on.zoom
 * @param {(x: number, y: number, touch: boolean) => void} on.tap
 * @param {(x: number, y: number) => void} on.twice  double click
 * @param {(x: number, y: number) => void} on.hover
 * @param {() => void} on.leave
 * @param {() => void} on.all
 */
export function gestures(element, on) {
  pointers(element, on);
  wheel(element, on);
  keys(element, on);
}

function local(element, event) {
  const box = element.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

function pointers(element, on) {
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  let moved = 0;
  let many = false;

  element.addEventListener('pointerdown', (event) => {
    if (event.pointerType === 'mouse' && event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    if (down.size === 0) [moved, many] = [0, false];
    else many = true;
    down.set(event.pointerId, local(element, event));
  });

  element.addEventListener('pointermove', (event) => {
    const here = local(element, event);
    const was = down.get(event.pointerId);
    if (!was) {
      if (event.pointerType !== 'touch') on.hover(here.x, here.y);
      return;
    }
    const before = down.size === 2 ? spread(down) : null;
    down.set(event.pointerId, here);
    if (before) return pinch(before, spread(down));
    moved += Math.hypot(here.x - was.x, here.y - was.y);
    if (moved > SLOP) {
      on.leave();
      element.classList.add('dragging');
      on.pan(here.x - was.x, here.y - was.y);
    }
  });

  const pinch = (before, after) => {
    on.pan(after.x - before.x, after.y - before.y);
    if (before.d > 0) on.zoom(after.x, after.y, after.d / before.d, false);
  };

  const up = (event) => {
    const here = down.get(event.pointerId);
    if (!here) return;
    down.delete(event.pointerId);
    element.classList.remove('dragging');
    if (event.type === 'pointerup' && moved <= SLOP && !many) on.tap(here.x, here.y, event.pointerType === 'touch');
  };
  element.addEventListener('pointerup', up);
  element.addEventListener('pointercancel', up);
  element.addEventListener('pointerleave', () => on.leave());
  element.addEventListener('dblclick', (event) => {
    const { x, y } = local(element, event);
    on.twice(x, y);
  });
}

function spread(down) {
  const [a, b] = [...down.values()];
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, d: Math.hypot(a.x - b.x, a.y - b.y) };
}

function wheel(element, on) {
  element.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      // Lines and pages, as some mice report, in pixels. A trackpad's pinch comes as small steps with ctrlKey set.
      const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1);
      const step = Math.max(-240, Math.min(240, pixels));
      const { x, y } = local(element, event);
      on.zoom(x, y, Math.exp(-step * (event.ctrlKey ? 0.01 : 0.0022)), false);
    },
    { passive: false },
  );
}

function keys(element, on) {
  const pan = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  element.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const middle = [element.clientWidth / 2, element.clientHeight / 2];
    if (pan[event.key]) on.pan(pan[event.key][0] * PAN_STEP, pan[event.key][1] * PAN_STEP);
    else if (event.key === '+' || event.key === '=') on.zoom(...middle, 1.5, true);
    else if (event.key === '-' || event.key === '_') on.zoom(...middle, 1 / 1.5, true);
    else if (event.key === '0' || event.key === 'Home') on.all();
    else return;
    event.preventDefault();
  });
}
