/** Who is signed in on this device, and where. */

import { holder } from './lock.js';
import { getMeta } from './store/meta.js';
import { facilities, person } from './store/catalogue.js';

/** @import { Me } from './types.js' */

/** @returns {Promise<Me | null>} null before the device was enrolled; without user, name and rights while it is locked */
export async function whoAmI() {
  const [session, now] = await Promise.all([getMeta('session'), holder()]);
  if (!session || !now) return null;
  const [row, all] = await Promise.all([person(now.user), facilities()]);
  return {
    user: now.user,
    id: now.id,
    locked: now.locked,
    idle: now.idle,
    name: row?.name ?? now.user,
    facility: session.facility,
    facilityName: all.find(({ code }) => code === session.facility)?.name ?? session.facility,
    device: session.device,
    deviceName: session.device_name,
    rights: row?.rights ?? [],
    role: row?.roles?.[0] ?? '',
  };
}
