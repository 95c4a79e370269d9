/** Every screen there is. A new one is one more line here. */

import './screens_first.js';
import './screens/sign_in_here.js';
import './screens/people.js';
import './screens/carry.js';
import './screens/more.js';
import './screens/count_sheet.js';
import './screens/count_old.js';
import './screens/count_decide.js';
import './screens/delivery_note.js';
import './screens/receive_shipment.js';
import './screens/receive_shipment_line.js';
import './screens/receive_shipment_extra.js';
import './screens/favourite.js';
import './screens/unpack.js';
import './screens/unpack_contents.js';
import './screens/unpack_line.js';
import './screens/move.js';
import './screens/move_product.js';
import './screens/write_off.js';
import './screens/expiring.js';
import './screens/scan.js';
import './screens/scan_link.js';
