/**
 * Keeps a managers' page fresh: listens to /live and has htmx ask for the page's main part anew when something
 * that it shows has changed. What changed is washed for a moment; focus and scroll stay where they are.
 */

const RETRY_MS = 5000;
/** Events come in bursts: the first is answered at once, the others together. */
const REST_MS = 1000;
/** Ages and devices' last signs of life move without an event. */
const SLOW_MS = 60_000;
const MARK_MS = 2600;

const mark = document.getElementById('live');
const fresh = document.getElementById('fresh');

/** @type {EventSource | null} */
let source = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let waiting;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retrying;
let asked_at = 0;
let asking = false;
let again = false;

/** @param {'on' | 'off' | 'out'} state */
function show(state) {
  if (!mark) return;
  mark.classList.toggle('live-on', state === 'on');
  mark.classList.toggle('live-off', state !== 'on');
  const words = mark.dataset[state] ?? '';
  if (mark.textContent !== words) mark.textContent = words;
}

/** Ask for the main part anew, now or when the last answer is old enough; never two at once. */
function refresh() {
  if (!fresh || waiting !== undefined) return;
  if (asking) {
    again = true;
    return;
  }
  waiting = setTimeout(() => {
    waiting = undefined;
    asked_at = Date.now();
    asking = true;
    fresh.dispatchEvent(new CustomEvent('refresh'));
  }, Math.max(0, asked_at + REST_MS - Date.now()));
}

/** The texts of all marked figures by their keys. */
function figures() {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const one of document.querySelectorAll('#fresh [data-mark]')) {
    found.set(one.getAttribute('data-mark') ?? '', one.textContent ?? '');
  }
  return found;
}

/** @param {Map<string, string>} before */
function wash(before) {
  for (const one of document.querySelectorAll('#fresh [data-mark]')) {
    const key = one.getAttribute('data-mark') ?? '';
    if (before.get(key) === one.textContent) continue;
    const row = one.closest('.row, .figure') ?? one;
    row.classList.remove('changed');
    // Reading a measure makes the browser begin the animation anew.
    void row.clientWidth;
    row.classList.add('changed');
    setTimeout(() => row.classList.remove('changed'), MARK_MS);
  }
}

/** @type {Map<string, string>} */
let before = new Map();

document.addEventListener('htmx:before:swap', () => {
  before = figures();
});

document.addEventListener('htmx:after:swap', () => {
  wash(before);
  // A copy out of the cache that has just been brought up to date is one no more: the worker's words go.
  document.querySelector('body > .notice')?.remove();
});

document.addEventListener('htmx:finally:request', () => {
  asking = false;
  if (!again) return;
  again = false;
  refresh();
});

/**
 * Whether an event is about what this page shows.
 *
 * @param {MessageEvent<string>} event
 */
function concerns(event) {
  /** @type {{facility?: string, product?: string}} */
  const data = JSON.parse(event.data);
  const { facility, product } = fresh?.dataset ?? {};
  return (!facility || facility === data.facility) && (!product || !data.product || product === data.product);
}

function open() {
  close();
  const cursor = fresh?.dataset.cursor ?? '';
  const opened = new EventSource(`/live?cursor=${encodeURIComponent(cursor)}`);
  source = opened;
  opened.addEventListener('open', () => show('on'));
  for (const name of ['card', 'exception']) {
    opened.addEventListener(name, (event) => {
      if (concerns(/** @type {MessageEvent<string>} */ (event))) refresh();
    });
  }
  opened.addEventListener('refresh', refresh);
  opened.addEventListener('error', () => {
    show('off');
    // The browser tries again by itself after a cut; it gives up when it was answered with a refusal.
    if (opened.readyState === EventSource.CLOSED) void refused();
  });
}

function close() {
  source?.close();
  source = null;
  clearTimeout(retrying);
}

/** Why the feed was refused: signed out, or a server that is busy or on its way up. */
async function refused() {
  close();
  const asking_only = new AbortController();
  const answer = await fetch('/live', { signal: asking_only.signal }).catch(() => null);
  asking_only.abort();
  if (answer?.status === 401 || answer?.status === 403) show('out');
  else retrying = setTimeout(start, RETRY_MS);
}

/** What was missed while nothing listened is asked for at once. */
function start() {
  open();
  refresh();
}

if (fresh) {
  open();
  setInterval(() => {
    if (document.visibilityState === 'visible') refresh();
  }, SLOW_MS);
  // A page in the pocket listens to nothing; it looks again when it is taken out.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') close();
    else if (source === null) start();
  });
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) start();
  });
}

// Managers may never open /app: the worker that keeps the last seen copies is put in place from here too.
void navigator.serviceWorker?.register('/worker.js', { scope: '/', updateViaCache: 'none' }).catch(() => undefined);
