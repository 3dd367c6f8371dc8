import type { Cornerstone, CornerstoneTools } from '../../types/cornerstone';

/**
 * The host's own instances. Every build from 3.11.1 to 3.14.0-beta.6 sets `window.cornerstone` and
 * `window.cornerstoneTools` when its cornerstone extension loads; hosts with runtime plugins also
 * share them under the packages' names. Read at each use: they are not there at import.
 */
const shared = (...names: string[]): unknown => {
  const page = globalThis as unknown as Record<string, unknown>;
  return names.map(name => page[name]).find(found => found !== undefined);
};

export function cornerstone(): Cornerstone {
  const found = shared('cornerstone', '@cornerstonejs/core');
  if (!found) throw new Error('cornerstone was asked for before the host had loaded it');
  return found as Cornerstone;
}

export function cornerstoneTools(): CornerstoneTools {
  const found = shared('cornerstoneTools', '@cornerstonejs/tools');
  if (!found) throw new Error('cornerstone tools were asked for before the host had loaded them');
  return found as CornerstoneTools;
}
