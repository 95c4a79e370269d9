/**
 * Finds codes in pictures, in a thread of its own: a plain worker script with a policy of its own, for WebAssembly is
 * allowed here and nowhere else. Loaded when a camera is first used on a device whose browser does not find codes itself.
 */

importScripts('/vendor/zxing_reader.js');

/** @typedef {{isValid: boolean, text: string, symbologyIdentifier: string, position: Record<string, {x: number, y: number}>}} Found */

const zxing = /** @type {{prepareZXingModule: (options: object) => Promise<unknown>,
  readBarcodes: (image: ImageData, options: object) => Promise<Found[]>}} */ (/** @type {any} */ (globalThis)['ZXingWASM']);

const OPTIONS = {
  formats: ['DataMatrix', 'QRCode', 'EAN13', 'EAN8', 'UPCA', 'UPCE', 'Code128', 'ITF14', 'DataBar', 'DataBarExp'],
  textMode: 'Plain', tryHarder: true, tryRotate: true, tryInvert: true, tryDownscale: true, maxNumberOfSymbols: 8,
};

const ready = zxing.prepareZXingModule({
  overrides: { locateFile: () => '/vendor/zxing_reader.wasm' }, fireImmediately: true,
});
ready.then(() => postMessage({ type: 'ready' }), () => postMessage({ type: 'missing' }));

addEventListener('message', async ({ data }) => {
  const image = /** @type {ImageData} */ (data);
  try {
    await ready;
    const found = (await zxing.readBarcodes(image, OPTIONS)).filter(({ isValid }) => isValid);
    postMessage({
      type: 'found',
      found: found.map(({ text, symbologyIdentifier, position: { topLeft, bottomRight } }) => ({
        code: symbologyIdentifier + text, x: ((topLeft?.x ?? 0) + (bottomRight?.x ?? 0)) / 2, y: ((topLeft?.y ?? 0) + (bottomRight?.y ?? 0)) / 2,
      })),
    });
  } catch (error) {
    console.error('a picture could not be searched', error);
    postMessage({ type: 'found', found: [] });
  }
});
