/** The keys of the PIN pad, worked in the page: only a whole PIN travels to the worker. */

const LENGTH_MAX = 8;

document.addEventListener('click', ({ target }) => {
  const key = target instanceof Element ? target.closest('[data-digit]') : null;
  const field = document.querySelector('input[data-pin]');
  if (!(key instanceof HTMLElement) || !(field instanceof HTMLInputElement)) return;
  const digit = key.dataset.digit ?? '';
  field.value = digit === 'back' ? field.value.slice(0, -1) : (field.value + digit).slice(0, LENGTH_MAX);
});
