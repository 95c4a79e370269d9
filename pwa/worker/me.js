/** Who is signed in on this device, and where. */

import { getMeta } from './store/meta.js';
import { facilities, person } from './store/catalogue.js';

/** @import { Me } from './types.js' */

/** @returns {Promise<Me | null>} null before the device was enrolled */
export async function whoAmI() {
  const session = await getMeta('session');
  if (!session) return null;
  const [row, all] = await Promise.all([person(session.user), facilities()]);
  return {
    user: session.user,
    name: row?.name ?? session.user,
    facility: session.facility,
    facilityName: all.find(({ code }) => code === session.facility)?.name ?? session.facility,
    device: session.device,
    deviceName: session.device_name,
    rights: row?.rights ?? [],
    role: row?.roles?.[0] ?? '',
  };
}
