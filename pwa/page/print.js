/** A button that prints the screen: the style sheets say what of it goes on the paper. */

document.addEventListener('click', ({ target }) => {
  if (target instanceof Element && target.closest('[data-print]')) window.print();
});
