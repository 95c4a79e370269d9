/**
 * The page's part in the lock: it keeps what the worker wraps a key in (a worker is stopped at any time), tells when it is
 * touched, locks after rest, and brings what is half typed to the worker and back into its form.
 */

/** How often it is looked whether the device has rested for long. */
const LOOK_MS = 5_000;
const TOLD_SHARE = 4;
const MARK = 'bincard-enrolled';

/** @type {Uint8Array | null} in this page's memory only; worth nothing once the device is locked */
let handle = null;
let last_touch = Date.now();
let told_at = 0;
let leaving = false;

/** @param {Record<string, unknown>} message */
function tell(message) {
  navigator.serviceWorker.controller?.postMessage(message);
}

/** @returns {{person: string, idle: number | null}} whose screen this is, and ms of rest before it locks */
function shown() {
  const head = document.querySelector('#screen [data-person]');
  const { person = '', idle } = head instanceof HTMLElement ? head.dataset : {};
  return { person, idle: idle === undefined ? null : Number(idle) };
}

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Field */

/**
 * @param {Field} field
 * @returns {boolean} whether someone changed it
 */
function isTouched(field) {
  if (field instanceof HTMLSelectElement) return [...field.options].some((option) => option.selected !== option.defaultSelected);
  if (field instanceof HTMLInputElement && /^(checkbox|radio)$/.test(field.type)) return field.checked !== field.defaultChecked;
  return field.type !== 'hidden' && field.value !== field.defaultValue;
}

/**
 * @param {HTMLFormElement} form
 * @returns {Field[]}
 */
function fieldsOf(form) {
  return [...form.elements].filter((field) => field instanceof HTMLInputElement || field instanceof HTMLSelectElement || field instanceof HTMLTextAreaElement);
}

/** @returns {{action: string, fields: [string, string][]}[]} forms with something typed that nobody keeps yet; never a secret */
function typed() {
  return [...document.querySelectorAll('#screen form')].flatMap((form) => {
    if (!(form instanceof HTMLFormElement) || form.dataset.draft !== undefined || form.dataset.unkept !== undefined) return [];
    if (!fieldsOf(form).some(isTouched)) return [];
    const fields = [...new FormData(form)].filter((pair) => typeof pair[1] === 'string');
    return [{ action: form.getAttribute('action') ?? '', fields: /** @type {[string, string][]} */ (fields) }];
  });
}

/**
 * @param {'idle' | 'asked' | 'left'} why
 * @returns {Promise<Response | null>}
 */
async function bring(why) {
  document.dispatchEvent(new CustomEvent('bincard:keep'));
  const { person } = shown();
  const body = new URLSearchParams({ why, person, path: window.location.pathname, forms: JSON.stringify(typed()) });
  return fetch('/app/lock', { method: 'POST', body, redirect: 'manual' }).catch(() => null);
}

/** @param {'idle' | 'asked' | 'left'} why */
async function leave(why) {
  if (leaving) return;
  leaving = true;
  const answer = await bring(why);
  if (why === 'idle' && answer?.status === 204) {
    // Someone is at work in another tab.
    last_touch = Date.now();
    leaving = false;
    return;
  }
  handle = null;
  window.location.replace('/app/lock');
}

function look() {
  const { idle } = shown();
  if (idle !== null && Date.now() - last_touch >= idle) void leave('idle');
}

function touched() {
  const { idle } = shown();
  const now = Date.now();
  // A hand on a page that has rested too long is not whose it was.
  if (idle === null || now - last_touch >= idle) return look();
  last_touch = now;
  if (now - told_at < Math.min(15_000, idle / TOLD_SHARE)) return;
  told_at = now;
  tell({ type: 'active' });
}

/** Put what was kept back into its form, as if it were typed again. */
function refill() {
  const kept = document.getElementById('kept');
  if (!kept) return;
  /** @type {{action: string, fields: [string, string][]}[]} */
  const forms = JSON.parse(kept.dataset.forms ?? '[]');
  kept.remove();
  for (const { action, fields } of forms) {
    const form = [...document.querySelectorAll('#screen form')].find((one) => one.getAttribute('action') === action);
    if (form instanceof HTMLFormElement) fill(form, fields);
  }
  tell({ type: 'refilled' });
}

/**
 * @param {HTMLFormElement} form
 * @param {[string, string][]} fields
 */
function fill(form, fields) {
  const left = [...fields];
  for (const field of fieldsOf(form)) {
    if (field.type === 'hidden') continue;
    if (field instanceof HTMLInputElement && /^(checkbox|radio)$/.test(field.type)) {
      field.checked = fields.some(([name, value]) => name === field.name && value === field.value);
    } else {
      const at = left.findIndex(([name]) => name === field.name);
      if (at < 0) continue;
      field.value = /** @type {[string, string]} */ (left.splice(at, 1)[0])[1];
    }
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.dispatchEvent(new Event('change', { bubbles: true }));
  }
}

/** A browser that deletes the app's data leaves this mark: the sign-in then says what happened. */
function leaveMark() {
  const here = shown();
  const evicted = document.getElementById('evicted');
  if (evicted) evicted.hidden = localStorage.getItem(MARK) === null;
  else if (here.idle !== null || document.getElementById('sync-bar')) localStorage.setItem(MARK, '1');
}

navigator.serviceWorker.addEventListener('message', ({ data, ports }) => {
  if (data?.type === 'hold') handle = data.handle;
  else if (data?.type === 'handle?') ports[0]?.postMessage(handle);
  else if (data?.type === 'locked' && shown().idle !== null) void leave('left');
  else if (data?.type === 'wiped') window.location.replace('/app/sign-in');
});
for (const name of ['pointerdown', 'keydown', 'input', 'wheel']) document.addEventListener(name, touched, { capture: true, passive: true });
document.addEventListener('submit', (event) => {
  if (!(event.target instanceof HTMLFormElement) || event.target.dataset.lock === undefined) return;
  event.preventDefault();
  void leave('asked');
});
// What this page sends is its person's, whoever is signed in by now.
document.addEventListener('htmx:config:request', (event) => {
  const { ctx } = /** @type {CustomEvent<{ctx: {request: {headers: Record<string, string>}}}>} */ (event).detail;
  ctx.request.headers['Bincard-Person'] = shown().person;
});
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') look();
});
document.addEventListener('htmx:after:swap', () => {
  refill();
  leaveMark();
});
setInterval(look, LOOK_MS);
tell({ type: 'hello' });
refill();
leaveMark();
