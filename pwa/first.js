/**
 * What a first visit needs, as a service worker: on a slow line the work begins while the rest is still on its way.
 * page/rest.js brings the whole app (worker.js) once the catalogue is here; docs/decisions/0023.
 */

import './worker/screens_first.js';
import './worker/screens/coming.js';
import './worker/service.js';
