/** Every screen there is, in the order in which their addresses are tried. */

import './screens/sign_in.js';
import './screens/sign_in_here.js';
import './screens/lock.js';
import './screens/people.js';
import './screens/operations.js';
import './screens/home.js';
import './screens/problems.js';
import './screens/problem.js';
import './screens/count.js';
import './screens/count_summary.js';
import './screens/count_list.js';
import './screens/count_item.js';
import './screens/count_lot.js';
import './screens/movement_party.js';
import './screens/movement_lines.js';
import './screens/movement_product.js';
import './screens/receive_line.js';
import './screens/issue_line.js';
import './screens/issue_lots.js';
import './screens/stock.js';
import './screens/stock_card.js';
import './screens/adjust.js';
import './screens/adjust_product.js';
