/** Everything that runs in a work screen's page, as one script: the server links these. A new one is one more line. */

import './screen.js';
import './nudge.js';
import './rest.js';
import './update.js';
import './progress.js';
import './syncbar.js';
import './keypad.js';
import './drafts.js';
import './install.js';
import './print.js';
import './share.js';
import './wedge.js';
import './camera.js';
import './lock.js';
import './pin.js';
