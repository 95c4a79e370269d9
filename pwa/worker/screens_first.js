/** The screens of a first visit: signing in, counting, receiving, issuing, adjusting, and the stock. */

import './screens/sign_in.js';
import './screens/lock.js';
import './screens/operations.js';
import './screens/operation_one.js';
import './screens/home.js';
import './screens/problems.js';
import './screens/problem.js';
import './screens/count.js';
import './screens/count_summary.js';
import './screens/count_today.js';
import './screens/count_list.js';
import './screens/count_item.js';
import './screens/count_lot.js';
import './screens/count_why.js';
import './screens/movement_party.js';
import './screens/saved.js';
import './screens/movement_lines.js';
import './screens/movement_product.js';
import './screens/receive_line.js';
import './screens/issue_line.js';
import './screens/issue_lots.js';
import './screens/stock.js';
import './screens/stock_card.js';
import './screens/adjust.js';
import './screens/adjust_product.js';
