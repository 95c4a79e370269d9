/** The door to IndexedDB for screens: everything they read and every draft they keep. Writing stock goes through outbox.js. */

export { changeDraft, getDraft, putDraft, deleteDraft, drafts, getMeta, setMeta } from './store/meta.js';
export { facilities, product, products, programs, reasons, searchProducts } from './store/catalogue.js';
export { productsOf } from './store/gtins.js';
export { cardView, cardsIf, cardsView, largestSeen, lotsOf, movements, touches } from './store/cards.js';
export { answers, feedback, identifiers, levels, locations, preference, recalls } from './store/registers.js';
export { isOpen, problems } from './store/problems.js';
export { operationOf, reversalsOf } from './store/records.js';
export { shipments } from './store/shipments.js';
