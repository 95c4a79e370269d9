/** A button that prints what is shown: the sheet of a count. */

document.addEventListener('click', ({ target }) => {
  if (target instanceof Element && target.closest('[data-print]')) window.print();
});
