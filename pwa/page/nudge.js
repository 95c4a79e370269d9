/** Hints to the worker that now is a good time to send and pull: load, online, foreground, and once a minute. */

const EVERY_MS = 60 * 1000;

/** @param {Record<string, unknown>} message */
function tell(message) {
  navigator.serviceWorker.controller?.postMessage(message);
}

/** @param {'load' | 'online' | 'foreground' | 'timer'} why */
function nudge(why) {
  tell({ type: 'sync', why });
}

/** Ask the browser to keep our data when space runs short; the list of operations shows a refusal. */
async function keepData() {
  if (!navigator.storage?.persist) return;
  const granted = (await navigator.storage.persisted()) || (await navigator.storage.persist());
  tell({ type: 'persisted', granted });
}

let asked = false;
/** What the sync bar said last: a screen that shows more of it listens for `bincard:status`. */
let told = '';
/** @type {ReturnType<typeof setTimeout> | undefined} */
let planned;

navigator.serviceWorker.addEventListener('message', ({ data }) => {
  if (data?.type === 'pulled' && data.outcome === 'done' && !asked) {
    asked = true;
    void keepData();
  }
  // What was pulled may change a screen and not the sync bar.
  if (data?.type === 'pulled' && data.outcome === 'done') document.dispatchEvent(new CustomEvent('bincard:pulled'));
  if (data?.type === 'status') {
    clearTimeout(planned);
    if (data.html !== told) document.dispatchEvent(new CustomEvent('bincard:status'));
    told = data.html;
    // The worker may be asleep when its next try is due; an open page wakes it.
    if (typeof data.retry_in_ms === 'number') planned = setTimeout(() => nudge('timer'), data.retry_in_ms + 50);
  }
});

window.addEventListener('online', () => nudge('online'));
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') nudge('foreground');
});
setInterval(() => {
  if (document.visibilityState === 'visible') nudge('timer');
}, EVERY_MS);
nudge('load');
