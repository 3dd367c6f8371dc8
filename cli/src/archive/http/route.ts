/** What a URL below the DICOMweb root names (PS3.18 10.1). */
export interface Route {
  study?: string;
  series?: string;
  instance?: string;
  /** From 1, in the order asked for; "frames/1,3". */
  frames?: number[];
  /** The rest: a collection to search ("studies", "series", "instances") or an aspect to retrieve. */
  resource:
    | 'studies'
    | 'series'
    | 'instances'
    | 'metadata'
    | 'rendered'
    | 'thumbnail'
    | 'bulkdata'
    | 'item';
  bulkDataPath?: string[];
}

const ASPECTS = new Set(['metadata', 'rendered', 'thumbnail']);

/** A path such as "/studies/1.2/series/1.3/metadata"; undefined where it is none of the service's. */
export function parseRoute(path: string): Route | undefined {
  const parts = path.split('/').filter(Boolean);
  const route: Route = { resource: 'item' };
  for (const [collection, key] of [
    ['studies', 'study'],
    ['series', 'series'],
    ['instances', 'instance'],
  ] as const) {
    if (parts[0] !== collection) continue;
    parts.shift();
    const uid = parts.shift();
    if (uid === undefined) return { ...route, resource: collection };
    route[key] = uid;
  }
  if (!route.study) {
    return undefined;
  }
  const [aspect, ...rest] = parts;
  if (aspect === undefined) {
    return route;
  }
  if (aspect === 'bulkdata' && route.instance && rest.length > 0) {
    return { ...route, resource: 'bulkdata', bulkDataPath: rest };
  }
  if (aspect === 'frames' && route.instance && rest[0]) {
    route.frames = rest[0].split(/,|%2C/i).map(Number);
    rest.shift();
    const [further, ...none] = rest;
    if (none.length > 0 || (further !== undefined && !ASPECTS.has(further))) return undefined;
    return { ...route, resource: (further as Route['resource'] | undefined) ?? 'item' };
  }
  return ASPECTS.has(aspect) && rest.length === 0
    ? { ...route, resource: aspect as Route['resource'] }
    : undefined;
}
