/** After each change of screen: the focus goes where reading or correcting starts, the view to the top. */

/** @param {Event} event */
function changed(event) {
  const { ctx } = /** @type {CustomEvent<{ctx: {target?: Element | string}}>} */ (event).detail;
  const target = typeof ctx.target === 'string' ? document.querySelector(ctx.target) : ctx.target;
  const screen = document.getElementById('screen');
  if (!screen || (target && target.id !== 'screen')) return;
  window.scrollTo(0, 0);
  if (screen.querySelector('[autofocus]')) return;
  const wrong = screen.querySelector('[aria-invalid="true"]');
  const start = wrong instanceof HTMLElement ? wrong : document.getElementById('main');
  start?.focus({ preventScroll: start !== wrong });
}

/**
 * The worker did not answer and the server sent the page that installs it: load it as a page.
 *
 * @param {Event} event
 */
function answered(event) {
  const { ctx } = /** @type {CustomEvent<{ctx: {response: {headers: Headers}}}>} */ (event).detail;
  if (!ctx.response.headers.has('X-Bincard-Shell')) return;
  event.preventDefault();
  window.location.reload();
}

document.addEventListener('htmx:after:swap', changed);
document.addEventListener('htmx:before:response', answered);
