/** Finds codes in a picture: by the browser itself where it can, else by the decoder in its own thread. */

/** @typedef {{code: string, x: number, y: number}} Found as a scanner would type it, and where its middle is */
/** @typedef {(picture: HTMLVideoElement | ImageBitmap) => Promise<Found[]>} Finder */

/** Without these a browser's own detector is of no use here. */
const NEEDED = ['data_matrix', 'ean_13', 'ean_8', 'upc_a', 'code_128'];
const WANTED = [...NEEDED, 'upc_e', 'qr_code', 'itf'];
/** No picture is searched at more pixels a side: more cost time and find nothing more. */
const SIDE_MAX = 1280;

/** No decoder here and no network to bring it. */
export class Missing extends Error {}

/** @param {{rawValue: string, format: string, boundingBox: DOMRectReadOnly}} code @returns {Found} */
function detected({ rawValue, format, boundingBox: { x, y, width, height } }) {
  // Eight digits may be an EAN-8 or a UPC-E: the detector knows which.
  return { code: (format === 'ean_8' ? ']E4' : '') + rawValue, x: x + width / 2, y: y + height / 2 };
}

/** @returns {Promise<Finder | null>} the browser's own */
async function own() {
  const Detector = /** @type {any} */ (globalThis)['BarcodeDetector'];
  if (!Detector) return null;
  /** @type {string[]} */
  const formats = await Detector.getSupportedFormats().catch(() => []);
  if (NEEDED.some((format) => !formats.includes(format))) return null;
  const detector = new Detector({ formats: WANTED.filter((format) => formats.includes(format)) });
  return async (picture) => (await detector.detect(picture)).map(detected);
}

const canvas = typeof document === 'undefined' ? null : document.createElement('canvas');

/** @param {HTMLVideoElement | ImageBitmap} picture @returns {ImageData | null} its pixels, not too many of them */
function pixels(picture) {
  const [width, height] = 'videoWidth' in picture ? [picture.videoWidth, picture.videoHeight] : [picture.width, picture.height];
  const context = canvas?.getContext('2d', { willReadFrequently: true });
  if (!canvas || !context || width === 0 || height === 0) return null;
  const scale = Math.min(1, SIDE_MAX / Math.max(width, height));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** @returns {Promise<Finder>} rejected with Missing where it cannot be had */
function vendored() {
  const worker = new Worker('/page/decoder.js');
  /** @type {((found: Found[]) => void) | null} */
  let answer = null;
  return new Promise((resolve, reject) => {
    const missing = () => {
      worker.terminate();
      reject(new Missing());
    };
    worker.addEventListener('error', missing);
    worker.addEventListener('message', ({ data }) => {
      if (data.type === 'missing') missing();
      else if (data.type === 'found') answer?.(data.found);
      else {
        resolve((picture) => new Promise((found) => {
          const image = pixels(picture);
          if (!image) return found([]);
          answer = found;
          worker.postMessage(image, [image.data.buffer]);
        }));
      }
    });
  });
}

/** @type {Promise<Finder> | null} */
let finder = null;

/** @returns {Promise<Finder>} made once a page; tried again after it was missing */
export function findCodes() {
  finder ??= own().then((found) => found ?? vendored()).catch((error) => {
    finder = null;
    throw error;
  });
  return finder;
}

/**
 * PURE: a pack often bears a code with lot and expiry beside one of its bare number, and other packs lie around it.
 *
 * @param {readonly Found[]} found
 * @param {{x: number, y: number}} middle of the picture
 * @returns {Found | null} the one that tells most, the nearest to the middle of those
 */
export function best(found, middle) {
  const far = (/** @type {Found} */ { x, y }) => Math.hypot(x - middle.x, y - middle.y);
  return [...found].sort((a, b) => Number(tellsMore(b.code)) - Number(tellsMore(a.code)) || far(a) - far(b))[0] ?? null;
}

/**
 * PURE
 *
 * @param {string} code
 * @returns {boolean} whether it may hold more than a product's number
 */
export function tellsMore(code) {
  return !/^(?:\][A-Za-z]\d)?\d{8,14}$/.test(code);
}
