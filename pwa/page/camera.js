/** The camera of /app/scan: shows what it sees, looks for a code in it, sends the first; the light; a picture from a file. */

import { Missing, best, findCodes, tellsMore } from './finder.js';
import { send } from './scan.js';

/** @import { Found } from './finder.js' */

/** Between two looks, so that a slow tablet can breathe. */
const EVERY_MS = 80;
/** A bare number waits this long for the code with lot and expiry that may come into view beside it. */
const MORE_MS = 600;
const WANTED = { audio: false, video: { facingMode: { ideal: 'environment' }, width: { ideal: 1280 }, height: { ideal: 720 } } };

/** @type {{place: HTMLElement, stream: MediaStream | null} | null} what is looked through now */
let open = null;

/** @param {HTMLElement} place @param {'looking' | 'found' | 'denied' | 'none' | 'busy' | 'missing' | 'nothing'} which */
function say(place, which) {
  const words = place.querySelector('[data-camera-words]');
  if (words) words.textContent = place.dataset[which] ?? '';
  place.dataset.state = which;
}

function close() {
  for (const track of open?.stream?.getTracks() ?? []) track.stop();
  open = null;
}

/** @param {HTMLElement} place @param {string} code */
function found(place, code) {
  say(place, 'found');
  close();
  navigator.vibrate?.(60);
  void send(code);
}

/** @param {unknown} error @returns {'denied' | 'none' | 'busy' | 'missing'} */
function reason(error) {
  if (error instanceof Missing) return 'missing';
  const name = error instanceof DOMException ? error.name : '';
  return name === 'NotAllowedError' || name === 'SecurityError' ? 'denied' : name === 'NotReadableError' ? 'busy' : 'none';
}

/** @param {HTMLElement} place @param {MediaStream} stream the light, where the camera has one */
function offerLight(place, stream) {
  const button = place.querySelector('[data-torch]');
  const track = stream.getVideoTracks()[0];
  const able = /** @type {{torch?: boolean}} */ (track?.getCapabilities?.() ?? {}).torch;
  if (!(button instanceof HTMLButtonElement) || !track || !able) return;
  button.hidden = false;
  button.addEventListener('click', async () => {
    const on = button.getAttribute('aria-pressed') !== 'true';
    const lit = await track.applyConstraints({ advanced: [/** @type {MediaTrackConstraintSet} */ ({ torch: on })] }).then(() => true, () => false);
    if (lit) button.setAttribute('aria-pressed', String(on));
  });
}

/**
 * @param {HTMLElement} place
 * @param {HTMLVideoElement} video
 * @param {() => boolean} going
 */
async function look(place, video, going) {
  const find = await findCodes();
  /** @type {{code: string, at: number} | null} a bare number that was seen */
  let bare = null;
  while (going()) {
    const one = best(await find(video), { x: video.videoWidth / 2, y: video.videoHeight / 2 });
    if (one && going()) {
      if (tellsMore(one.code)) return found(place, one.code);
      bare ??= { code: one.code, at: performance.now() };
    }
    if (bare && going() && performance.now() - bare.at > MORE_MS) return found(place, bare.code);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

/** @param {HTMLElement} place */
async function start(place) {
  close();
  /** @type {NonNullable<typeof open>} */
  const own = { place, stream: null };
  open = own;
  const going = () => open === own && place.isConnected;
  const video = place.querySelector('video');
  try {
    if (!video || !navigator.mediaDevices?.getUserMedia) throw new DOMException('', 'NotFoundError');
    const stream = await navigator.mediaDevices.getUserMedia(WANTED);
    if (!going()) {
      for (const track of stream.getTracks()) track.stop();
      return;
    }
    own.stream = stream;
    video.srcObject = stream;
    await video.play();
    say(place, 'looking');
    offerLight(place, stream);
    await look(place, video, going);
  } catch (error) {
    if (!going()) return;
    say(place, reason(error));
    close();
  }
}

/** @param {HTMLElement} place @param {File} file */
async function readPicture(place, file) {
  close();
  try {
    const picture = await createImageBitmap(file);
    const one = best(await (await findCodes())(picture), { x: picture.width / 2, y: picture.height / 2 });
    if (one) found(place, one.code);
    else say(place, 'nothing');
  } catch (error) {
    say(place, error instanceof Missing ? 'missing' : 'nothing');
  }
}

/** The camera runs while its screen is shown, and no longer. */
function changed() {
  const place = document.querySelector('[data-camera]');
  if (!(place instanceof HTMLElement) || document.visibilityState === 'hidden') close();
  else if (open?.place !== place && place.dataset.state !== 'found') void start(place);
}

document.addEventListener('htmx:after:swap', changed);
document.addEventListener('visibilitychange', changed);
addEventListener('pagehide', close);
document.addEventListener('change', ({ target }) => {
  const place = target instanceof HTMLInputElement && target.matches('[data-camera-picture]') ? target.closest('[data-camera]') : null;
  const file = target instanceof HTMLInputElement ? target.files?.[0] : undefined;
  if (place instanceof HTMLElement && file) void readPicture(place, file);
});
changed();
