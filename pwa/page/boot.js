/** The first visit: bring the worker in, then load the page anew so that the worker answers it. */

const RELOADS_MAX = 3;
const COUNT = 'bincard-reloads';

/** @param {'old' | 'insecure' | 'failed'} which */
function say(which) {
  document.getElementById('boot-progress')?.setAttribute('hidden', '');
  document.getElementById(`boot-${which}`)?.removeAttribute('hidden');
}

function reload() {
  // A worker that is there and still does not answer must not make the page turn in circles.
  const times = Number(sessionStorage.getItem(COUNT) ?? 0) + 1;
  sessionStorage.setItem(COUNT, String(times));
  if (times > RELOADS_MAX) say('failed');
  else window.location.reload();
}

async function boot() {
  if (!window.isSecureContext) return say('insecure');
  if (!('serviceWorker' in navigator)) return say('old');
  try {
    navigator.serviceWorker.addEventListener('controllerchange', reload, { once: true });
    // The server links the worker's modules into one plain script, which every browser can run. Where the whole app was
    // before it is not made half again.
    const known = await navigator.serviceWorker.getRegistration('/');
    const whole = [known?.active, known?.waiting, known?.installing].some((one) => one && new URL(one.scriptURL).pathname === '/worker.js');
    const registration = await navigator.serviceWorker.register(whole ? '/worker.js' : '/first.js', { scope: '/', updateViaCache: 'none' });
    const worker = registration.installing ?? registration.waiting ?? registration.active;
    if (worker?.state === 'activated') reload();
    worker?.addEventListener('statechange', () => {
      if (worker.state === 'redundant') say('failed');
    });
  } catch (error) {
    console.error('the worker could not be installed', error);
    say('failed');
  }
}

document.getElementById('boot-again')?.addEventListener('click', () => {
  sessionStorage.removeItem(COUNT);
  window.location.reload();
});
void boot();
