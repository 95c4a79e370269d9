/** The first pull, while /app/starting is open: how far it is, and on to the start page when it is done. */

navigator.serviceWorker.addEventListener('message', ({ data }) => {
  const box = document.getElementById('pull');
  const words = document.getElementById('pull-words');
  const bar = document.getElementById('pull-bar');
  if (!box || !words || !(bar instanceof HTMLProgressElement)) return;
  if (data?.type === 'progress') {
    words.textContent = (box.dataset.rows ?? '').replace('{n}', Number(data.rows).toLocaleString(document.documentElement.lang));
    if (typeof data.remaining === 'number') {
      bar.max = data.rows + data.remaining;
      bar.value = data.rows;
    }
  } else if (data?.type === 'pulled' && data.outcome === 'done') {
    bar.value = bar.max;
    window.location.replace('/app');
  } else if (data?.type === 'pulled' && data.outcome !== 'busy') {
    words.textContent = box.dataset[data.outcome] ?? '';
    bar.hidden = true;
    document.getElementById('pull-again')?.removeAttribute('hidden');
  }
});
