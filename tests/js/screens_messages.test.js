/** Messages from the office: how many are unread, reading one, and saying so. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { database, revision } from '../../pwa/worker/store/database.js';
import { clinic, leadsTo, open, saved, send } from './support/clinic.js';

const M1 = '0192f0c1-0000-7000-8000-00000000bbbb';
const M2 = '0192f0c1-0000-7000-8000-00000000cccc';

beforeEach(async () => {
  await clinic();
  const db = await database();
  await db.put('feedback', { id: M1, text: 'Count <it>\nagain please', author: 'mary', at: '2026-11-20T08:00:00.000Z', about: 'PARA', read_at: null }, M1);
  await db.put('feedback', { id: M2, text: 'Well done', author: 'mary', at: '2026-11-19T08:00:00.000Z', about: '', read_at: '2026-11-19T10:00:00.000Z' }, M2);
  revision.pulled += 1;
});

test('home says how many are unread, the problems show them, and all are one tap away', async () => {
  assert.match((await open('/app')).body, /href="\/app\/problems"[\s\S]*1 message from your manager/);
  const { body } = await open('/app/problems');
  assert.match(body, /<h2>Messages[\s\S]*Count &lt;it&gt;[\s\S]*Paracetamol &lt;500 mg&gt;[\s\S]*mary[\s\S]*Not read yet[\s\S]*href="\/app\/messages"/);
  assert.doesNotMatch(body, /Well done|Nothing needs a look/);
  assert.match((await open('/app/messages')).body, /Count &lt;it&gt;[\s\S]*Well done/);
});

test('opening one writes nothing; saying that it was read does, once', async () => {
  const at = `/app/messages/${M1}`;
  assert.match((await open(at)).body, /as-typed">Count &lt;it&gt;\nagain please[\s\S]*href="\/app\/stock\/PARA"[\s\S]*I have read it/);
  assert.deepEqual(await saved(), []);
  assert.match((await open(leadsTo(await send(at, {})))).body, /Saved on this device/);
  leadsTo(await send(at, {}));
  assert.deepEqual((await saved()).map(({ kind, body }) => [kind, body]), [['feedback.read', { feedback: M1 }]]);
  assert.match((await open(at)).body, /Read 22 Nov 2026/);
  assert.doesNotMatch((await open(at)).body, /I have read it/);
  assert.doesNotMatch((await open('/app')).body, /from your manager/);
  assert.match((await open('/app/problems')).body, /Nothing needs a look/);
});

test('a message that is not here, and none at all', async () => {
  for (const reply of [await open('/app/messages/none'), await send('/app/messages/none', {})]) assert.equal(reply.status, 404);
  await clinic();
  assert.match((await open('/app/messages')).body, /No messages/);
  assert.doesNotMatch((await open('/app/problems')).body, /\/app\/messages/);
});
