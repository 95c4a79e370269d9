/** The door to IndexedDB for screens: everything they read and every draft they keep. Writing stock goes through outbox.js. */

export { getDraft, putDraft, deleteDraft, drafts, getMeta, setMeta } from './store/meta.js';
export { facilities, lotsOf, product, products, reasons, searchProducts } from './store/catalogue.js';
export { cardView, cardsView, movements } from './store/cards.js';
