/** Passing a file on by the device's own share sheet, where it has one that takes files. */

const TYPE = 'application/vnd.bincard.carry+json';

/**
 * Browsers share files of few kinds; as plain text it goes everywhere, and whoever takes it in looks inside.
 *
 * @param {string} text
 * @param {string} name
 * @returns {File | null} one that may be shared here
 */
function shareable(text, name) {
  if (!navigator.canShare) return null;
  const files = [new File([text], name, { type: TYPE }), new File([text], `${name}.txt`, { type: 'text/plain' })];
  return files.find((file) => navigator.canShare({ files: [file] })) ?? null;
}

/** The buttons stay hidden where they could do nothing. */
function changed() {
  for (const button of document.querySelectorAll('button[data-share]')) {
    if (button instanceof HTMLButtonElement) button.hidden = shareable('', button.dataset.name ?? '') === null;
  }
}

/** @param {HTMLButtonElement} button */
async function share({ dataset }) {
  const answer = await fetch(dataset.share ?? '');
  const file = answer.ok && !answer.redirected ? shareable(await answer.text(), dataset.name ?? '') : null;
  // Whoever changes their mind on the sheet has done nothing wrong.
  if (file) await navigator.share({ files: [file] }).catch(() => {});
}

document.addEventListener('click', ({ target }) => {
  const button = target instanceof Element ? target.closest('button[data-share]') : null;
  if (button instanceof HTMLButtonElement) void share(button);
});
document.addEventListener('htmx:after:swap', changed);
changed();
