/**
 * PURE: where stock stands against what is used in a month and what the policy asks for, as backend/domain/resupply.py
 * and indicators.py have it; both pass tests/vectors/resupply.
 */

/** @import { Level } from './types.js' */

/** Months of stock shown, in tenths, where there is stock and nobody uses it. */
const ENDLESS_TENTHS = 999;

/** @typedef {'stocked_out' | 'understocked' | 'according_to_plan' | 'overstocked' | 'unknown'} Status */

/**
 * @param {number} onHand units
 * @param {number} amc units a month
 * @returns {number} months of stock in tenths, rounded half up
 */
export function monthsOfStockTenths(onHand, amc) {
  if (amc <= 0) return onHand > 0 ? ENDLESS_TENTHS : 0;
  return Math.floor((2 * onHand * 10 + amc) / (2 * amc));
}

/**
 * @param {number} maximum units
 * @param {number} onHand units
 * @param {number} packSize units in a pack, 1 or more
 * @returns {number} units that are missing up to the maximum, not below 0, rounded up to whole packs
 */
export function quantityToOrder(maximum, onHand, packSize) {
  return Math.ceil(Math.max(0, maximum - onHand) / packSize) * packSize;
}

/**
 * @param {number} onHand units
 * @param {Pick<Level, 'minimum' | 'maximum'> | undefined} level
 * @returns {Status} a card below 0 counts as stocked out; unknown without a minimum and a maximum
 */
export function stockStatus(onHand, level) {
  if (!level || level.minimum === null || level.maximum === null) return 'unknown';
  if (onHand <= 0) return 'stocked_out';
  if (onHand < level.minimum) return 'understocked';
  return onHand > level.maximum ? 'overstocked' : 'according_to_plan';
}

/**
 * @param {number} onHand units
 * @param {Pick<Level, 'order_point'> | undefined} level
 * @returns {boolean} below the emergency order point: to be ordered at once, whatever the day
 */
export function isEmergency(onHand, level) {
  return level !== undefined && level.order_point !== null && onHand < level.order_point;
}
