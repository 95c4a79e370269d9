/** Offers to install the app on the home screen, where the browser lets us ask. */

/** @typedef {Event & {prompt: () => Promise<{outcome: 'accepted' | 'dismissed'}>}} InstallEvent */

/** @type {InstallEvent | null} kept until the user asks for it; it works once */
let offer = null;

/** The offer stands on the start page only; it is shown while there is something to offer. */
function show() {
  const place = document.querySelector('#install');
  if (place instanceof HTMLElement) place.hidden = offer === null;
}

addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault();
  offer = /** @type {InstallEvent} */ (event);
  show();
});
addEventListener('appinstalled', () => {
  offer = null;
  show();
});
document.addEventListener('htmx:after:swap', show);
document.addEventListener('click', async (event) => {
  if (!(event.target instanceof Element) || !event.target.closest('[data-install]') || !offer) return;
  const asked = offer;
  offer = null;
  await asked.prompt().catch(() => {});
  show();
});
