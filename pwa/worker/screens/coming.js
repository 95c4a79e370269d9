/** Where the first half of the app is asked for a screen of the rest, which is still on its way. */

import { html } from '../html.js';
import { page } from '../layout.js';
import { onMiss } from '../router.js';

onMiss((ctx) => page(ctx, {
  title: ctx.t('Still on its way'),
  back: '/app',
  body: html`<div class="stack" data-coming><p>${ctx.t('This part of the app comes after the first. Keep the device on a network for a minute: this screen then opens by itself.')}</p>
<p>${ctx.t('Counting, receiving, issuing and adjusting work already, with or without a network.')}</p></div>`,
}));
