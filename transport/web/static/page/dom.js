/**
 * Makes an element. Text only ever goes in as text: names of sections and events are other people's input.
 *
 * @param {string} tag  may carry classes: `div.a.b`
 * @param {Record<string, unknown>} [props]  `on…` functions become listeners, `aria-…`, `data-…` and `role` attributes, the rest properties
 * @param {...(Node|string|null|undefined|false)} children
 */
export function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key.includes('-') || key === 'role' || key === 'for') element.setAttribute(key, String(value));
    else element[key] = value;
  }
  element.append(...children.filter((c) => typeof c === 'string' || c instanceof Node));
  return element;
}

/** Two live regions: one waits its turn, one interrupts. @param {HTMLElement} polite @param {HTMLElement} urgent */
export function announcer(polite, urgent) {
  return (text, now = false) => {
    const region = now ? urgent : polite;
    // The same words twice are only read twice when the node changes in between.
    region.textContent = '';
    requestAnimationFrame(() => (region.textContent = text));
  };
}

/** At most once in `ms`, and once more at the end for what came in between. @param {() => void} fn @param {number} ms */
export function throttled(fn, ms) {
  let timer = null;
  let again = false;
  const run = () => {
    if (timer !== null) {
      again = true;
      return;
    }
    fn();
    timer = setTimeout(() => {
      timer = null;
      if (again) {
        again = false;
        run();
      }
    }, ms);
  };
  return run;
}
