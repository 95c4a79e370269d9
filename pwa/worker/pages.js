/** The open pages of this app: telling them all something, and asking them. */

const ANSWER_MS = 1000;

/** @returns {Promise<readonly Client[]>} */
async function pages() {
  const { clients } = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (globalThis));
  return (await clients?.matchAll({ type: 'window' })) ?? [];
}

/** @param {Record<string, unknown>} message to every open page of this app */
export async function tellPages(message) {
  for (const client of await pages()) client.postMessage(message);
}

/**
 * @param {Record<string, unknown>} message
 * @returns {Promise<unknown[]>} what each page answers within a second
 */
export async function askPages(message) {
  const answers = (await pages()).map((client) => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const patience = setTimeout(() => resolve(null), ANSWER_MS);
    port1.onmessage = ({ data }) => {
      clearTimeout(patience);
      port1.close();
      resolve(data);
    };
    client.postMessage(message, [port2]);
  }));
  return Promise.all(answers);
}
