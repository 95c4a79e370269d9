/** What is being typed is kept by the worker as it is typed: it survives a closed tab, a flat battery, an update. */

/** Typing goes on this long before what was typed is kept. */
const PAUSE_MS = 250;

/** @type {Map<HTMLFormElement, ReturnType<typeof setTimeout>>} forms with something not kept yet */
const pending = new Map();

/**
 * @param {HTMLFormElement} form whose data-draft says where the worker takes it
 * @returns {Promise<unknown>}
 */
async function keep(form) {
  clearTimeout(pending.get(form));
  pending.delete(form);
  const address = form.dataset.draft;
  if (!address) return;
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === 'string') fields.append(name, value);
  // The worker answers; should it not be there, the form itself is still on the screen.
  const head = document.querySelector('#screen [data-person]');
  const headers = { 'Bincard-Person': (head instanceof HTMLElement && head.dataset.person) || '' };
  await fetch(address, { method: 'POST', body: fields, headers, keepalive: true }).catch(() => {});
}

/** @returns {Promise<unknown>} when everything that was typed so far is kept */
export function keepAll() {
  return Promise.all([...pending.keys()].map(keep));
}

document.addEventListener('input', ({ target }) => {
  const form = target instanceof Element ? target.closest('form') : null;
  if (!form?.dataset.draft) return;
  clearTimeout(pending.get(form));
  pending.set(form, setTimeout(() => void keep(form), PAUSE_MS));
});
// A form that is sent is kept by what it does; writing its draft afterwards would bring it back.
document.addEventListener('submit', ({ target }) => {
  if (!(target instanceof HTMLFormElement)) return;
  clearTimeout(pending.get(target));
  pending.delete(target);
}, { capture: true });
// A link away from the form: what was typed last must be there when one comes back.
document.addEventListener('click', ({ target }) => {
  if (target instanceof Element && target.closest('a[href]')) void keepAll();
}, { capture: true });
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') void keepAll();
});
// The device is being locked.
document.addEventListener('bincard:keep', keepAll);
addEventListener('pagehide', keepAll);
