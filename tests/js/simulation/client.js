/** The part of the real worker that a simulated device runs; linked into one script as the worker itself is. */

import { enrol } from '../../../pwa/worker/enrol.js';
import { pull } from '../../../pwa/worker/feed.js';
import { append, flush, operations, status, waiting } from '../../../pwa/worker/outbox.js';
import { cardsView } from '../../../pwa/worker/store/cards.js';
import { attention } from '../../../pwa/worker/store/records.js';

/** Everything one can ask of it; `become` is the simulation's, which keeps it. */
become({ append, attention, cardsView, enrol, flush, operations, pull, status, waiting });
