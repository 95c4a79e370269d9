/** A new version of the app: it waits until the user takes it, and never takes a screen from under a hand. */

import { isFirst } from './rest.js';

const CHECK_MS = 60 * 60 * 1000;

let taken = false;
let behind = false;
/** The whole app follows the first half of its own version by itself, within this time. */
const FOLLOWS_MS = 5000;
let first = isFirst();

/** @param {ServiceWorker} waiting */
function show(waiting) {
  if (first && waiting.state === 'installed') {
    // Still waiting then, it is of a newer version.
    setTimeout(() => {
      if (waiting.state !== 'installed') return;
      first = false;
      show(waiting);
    }, FOLLOWS_MS);
    return;
  }
  const notice = document.getElementById('update-notice');
  const button = document.getElementById('update-now');
  if (!notice || !(button instanceof HTMLButtonElement)) return;
  notice.hidden = false;
  button.onclick = () => {
    taken = true;
    button.disabled = true;
    waiting.postMessage({ type: 'update' });
  };
}

/** @param {ServiceWorkerRegistration} registration */
function watch(registration) {
  if (registration.waiting && navigator.serviceWorker.controller) show(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const { installing } = registration;
    installing?.addEventListener('statechange', () => {
      if (installing.state === 'installed' && navigator.serviceWorker.controller) show(installing);
    });
  });
}

/** @param {ServiceWorkerRegistration} registration */
async function check(registration) {
  try {
    await registration.update();
  } catch {
    // No network, or a browser that could not start the new worker: the next check tries again.
  }
}

navigator.serviceWorker.addEventListener('controllerchange', () => {
  // The page that asked starts anew. Another one is left in peace until it next goes somewhere.
  if (taken) window.location.reload();
  else behind = !first;
  first = isFirst();
});

document.addEventListener('htmx:config:request', (event) => {
  const { ctx } = /** @type {CustomEvent<{ctx: {request: {method: string, action: string}}}>} */ (event).detail;
  if (!behind || ctx.request.method !== 'GET') return;
  event.preventDefault();
  window.location.assign(ctx.request.action);
});

void navigator.serviceWorker.getRegistration('/').then((registration) => {
  if (!registration) return;
  watch(registration);
  void check(registration);
  setInterval(() => void check(registration), CHECK_MS);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void check(registration);
  });
});
