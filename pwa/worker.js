/** The whole app, as the service worker runs it. */

import './worker/screens.js';
import './worker/service.js';
