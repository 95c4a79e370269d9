/** The sync bar, kept true by the worker's messages; nothing is asked for on a timer. */

navigator.serviceWorker?.addEventListener('message', ({ data }) => {
  if (data?.type !== 'status' || typeof data.html !== 'string') return;
  const bar = document.querySelector('#sync-bar');
  const words = document.querySelector('#sync-status');
  if (!bar || !words) return;
  bar.className = `sync-bar sync-${data.state}`;
  // The worker made this from its own catalogue by the escaping template.
  if (words.innerHTML !== data.html) words.innerHTML = data.html;
});
