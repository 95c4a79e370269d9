/** What a screen says when an operation could not be saved. */

import { DraftChanged, StorageRefused, TooLarge } from '../outbox.js';

/** @import { Ctx } from '../types.js' */

/**
 * @param {Ctx} ctx
 * @param {unknown} error what append threw
 * @returns {string} why nothing was saved and what to do; anything else is thrown on
 */
export function savingFailed(ctx, error) {
  if (error instanceof TooLarge) return ctx.t('This is too much for one record. Nothing was saved: save it in two parts.');
  if (error instanceof StorageRefused) {
    return ctx.t('Nothing was saved: this device refuses to keep more. Free some space on it, then save again. What you typed is still here.');
  }
  if (error instanceof DraftChanged) return ctx.t('This was changed or saved in another tab meanwhile. Look at it again; nothing was saved twice.');
  throw error;
}
