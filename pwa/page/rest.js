/**
 * The rest of the app. A first visit is answered by its first half (first.js); once the catalogue is here the whole app is
 * fetched behind the work and takes over by itself.
 */

const FIRST = '/first.js';
const AGAIN_MS = 60 * 1000;
/** While these are open the line is needed for something else. */
const BUSY = ['/app/sign-in', '/app/starting'];

/** @returns {boolean} whether the first half answers this page */
export function isFirst() {
  const { controller } = navigator.serviceWorker;
  return controller !== null && new URL(controller.scriptURL).pathname === FIRST;
}

async function bring() {
  if (!isFirst() || BUSY.includes(window.location.pathname)) return;
  try {
    await navigator.serviceWorker.register('/worker.js', { scope: '/', updateViaCache: 'none' });
  } catch {
    // No network: the work goes on, and so does the next try.
  }
}

navigator.serviceWorker.addEventListener('controllerchange', () => {
  if (document.querySelector('[data-coming]') && !isFirst()) window.location.reload();
});
window.addEventListener('online', () => void bring());
setInterval(() => void bring(), AGAIN_MS);
void bring();
