import { z } from 'zod';
import { sha256Hex } from '../../core/model/identity';
import { parseManifest } from '../../core/model/validate';
import { accept, refusal, refuse, type Outcome, type Refusal } from '../../core/outcome';
import type { ModelPackage, ModelRegistry } from '../../core/reading/ports';
import { messageOf } from '../../inference/errors';
import type { NetworkCache } from '../../inference/network';

/** A folder's `index.json`: the packages in it; `url` is relative to the index, ending in "/". */
const indexSchema = z.object({
  packages: z.array(z.object({ id: z.string().min(1), url: z.string().min(1) })),
});

/** A package that the site names by itself: its folder or its `model.json`. */
export interface SitePackage {
  url: string;
  /** Of `model.json`; what is named with it is fetched once and never read if it differs. */
  sha256?: string;
}

export interface ModelRegistryOptions {
  /** Absolute, or relative to the page. */
  indexUrls: string[];
  sitePackages?: SitePackage[];
  fetch: typeof fetch;
  /** Cache Storage, where manifests named with their hash are kept; absent without it. */
  openCache?: () => Promise<NetworkCache>;
  /** What relative URLs are relative to. */
  pageUrl?: string;
}

type Read = { url: string; read: Outcome<ModelPackage> };

const withSlash = (url: string) => (url.endsWith('/') ? url : `${url}/`);

const unreachable = (url: string, reason: string) =>
  refuse('modelListUnreachable', `${url} could not be read: ${reason}`, { url, reason });

const idTaken = (other: ModelPackage, used: ModelPackage): Refusal => {
  const { id, version } = other.manifest;
  const values = {
    ...{ model: id, version, url: other.baseUrl },
    ...{ usedVersion: used.manifest.version, usedUrl: used.baseUrl },
  };
  return refusal(
    'modelIdTaken',
    `${id} ${version} at ${values.url} is not used: ${values.usedVersion} at ${values.usedUrl} has the same id and is listed first`,
    values,
  );
};

/**
 * The manifest whose hash the site has written down: from the cache, else downloaded and kept. The
 * key is the hash, so a new version never meets an old one; a cache that fails is done without.
 */
const readPinned = async (
  url: string,
  declared: string,
  { openCache }: ModelRegistryOptions,
  download: (url: string) => Promise<Outcome<ArrayBuffer>>,
): Promise<Outcome<ArrayBuffer>> => {
  const key = `https://second-reader.invalid/manifests/${declared}`;
  const cache = await openCache?.().catch(() => undefined);
  const kept = await cache?.match(key).catch(() => undefined);
  const bytes = await kept?.arrayBuffer().catch(() => undefined);
  if (bytes && (await sha256Hex(bytes)) === declared) return accept(bytes);
  const got = await download(url);
  if (!got.ok) return got;
  const actual = await sha256Hex(got.value);
  if (actual !== declared) {
    return refuse(
      'manifestTampered',
      `${url} has SHA-256 ${actual}, the site's settings say ${declared}; the model is not used`,
      { url, actual, declared },
    );
  }
  const headers = { 'content-type': 'application/json' };
  await cache?.put(key, new Response(got.value, { headers })).catch(() => undefined);
  return got;
};

/**
 * Model packages by fetch: those that the site names one by one, then those of each index, each with
 * its `model.json`. A package is read only from an origin that the site has listed: the page's own,
 * or that of an index or a package in its settings (design, safety rule 5).
 *
 * What cannot be read is listed under `refused` with its URL and never hides the others:
 * `modelListUnreachable`, `modelListInvalid`, `modelOriginNotListed`, `manifestTampered`,
 * `manifestInvalid`, `modelIdDiffers`, `modelIdTaken`. An id that is named twice is taken from the
 * first, so a site can put its own version before ours; the other is refused by the last of these.
 */
export const createModelRegistry = (options: ModelRegistryOptions): ModelRegistry => {
  const { indexUrls, sitePackages = [] } = options;
  /** Those named with their hash cannot change: read once. */
  const pinned = new Map<string, ModelPackage>();

  const download = async (url: string): Promise<Outcome<ArrayBuffer>> => {
    try {
      // Revalidated each time: a replaced model must not be hidden by a kept manifest.
      const response = await options.fetch(url, { cache: 'no-cache' });
      return response.ok
        ? accept(await response.arrayBuffer())
        : unreachable(url, `HTTP status ${response.status}`);
    } catch (error) {
      return unreachable(url, messageOf(error));
    }
  };

  const jsonOf = (url: string, bytes: Outcome<ArrayBuffer>): Outcome<unknown> => {
    if (!bytes.ok) return bytes;
    try {
      return accept<unknown>(JSON.parse(new TextDecoder().decode(bytes.value)));
    } catch (error) {
      return unreachable(url, messageOf(error));
    }
  };

  const readListed = async (id: string, baseUrl: string): Promise<Outcome<ModelPackage>> => {
    const url = new URL('model.json', baseUrl).href;
    const got = jsonOf(url, await download(url));
    if (!got.ok) return got;
    const parsed = parseManifest(got.value);
    if (!parsed.ok) return parsed;
    if (parsed.value.id === id) return accept({ manifest: parsed.value, baseUrl });
    return refuse(
      'modelIdDiffers',
      `The index calls the package at ${baseUrl} "${id}", its manifest calls it "${parsed.value.id}"`,
      { url: baseUrl, expected: id, actual: parsed.value.id },
    );
  };

  const readIndex = async (url: string, origins: ReadonlySet<string>): Promise<Read[]> => {
    const got = jsonOf(url, await download(url));
    if (!got.ok) return [{ url, read: got }];
    const parsed = indexSchema.safeParse(got.value);
    if (!parsed.success) {
      const reason = z.prettifyError(parsed.error);
      const message = `${url} is not a list of model packages: ${reason}`;
      return [{ url, read: refuse('modelListInvalid', message, { url, reason }) }];
    }
    return Promise.all(
      parsed.data.packages.map(async (entry): Promise<Read> => {
        const baseUrl = new URL(withSlash(entry.url), url).href;
        const { origin } = new URL(baseUrl);
        if (origins.has(origin)) {
          return { url: baseUrl, read: await readListed(entry.id, baseUrl) };
        }
        const listed = [...origins].join(', ');
        const message = `${url} names a package at ${baseUrl}; the site's settings list only ${listed}`;
        const values = { url: baseUrl, origin, listed };
        return { url: baseUrl, read: refuse('modelOriginNotListed', message, values) };
      }),
    );
  };

  const readSite = async (given: SitePackage): Promise<Read> => {
    const isManifest = /\.json$/.test(new URL(given.url).pathname);
    const url = isManifest ? given.url : new URL('model.json', withSlash(given.url)).href;
    const known = pinned.get(`${url} ${given.sha256}`);
    if (known) return { url, read: accept(known) };
    const bytes = given.sha256
      ? await readPinned(url, given.sha256, options, download)
      : await download(url);
    const json = jsonOf(url, bytes);
    const parsed = json.ok ? parseManifest(json.value) : json;
    if (!parsed.ok) return { url, read: parsed };
    const model = { manifest: parsed.value, baseUrl: new URL('./', url).href, fromSite: true };
    if (given.sha256) pinned.set(`${url} ${given.sha256}`, model);
    return { url, read: accept(model) };
  };

  return {
    async list() {
      const pageUrl = options.pageUrl ?? globalThis.location?.href;
      const absolute = (url: string) => new URL(url, pageUrl).href;
      const indexes = indexUrls.map(absolute);
      const site = sitePackages.map(given => ({ ...given, url: absolute(given.url) }));
      const listed = [...indexes, ...site.map(({ url }) => url), ...(pageUrl ? [pageUrl] : [])];
      const origins = new Set(listed.map(url => new URL(url).origin));
      const found = await Promise.all([
        Promise.all(site.map(readSite)),
        ...indexes.map(url => readIndex(url, origins)),
      ]);
      const packages = new Map<string, ModelPackage>();
      const refused: Awaited<ReturnType<ModelRegistry['list']>>['refused'] = [];
      for (const { url, read } of found.flat()) {
        if (!read.ok) refused.push({ url, refusal: read.refusal });
        else {
          const { id } = read.value.manifest;
          const used = packages.get(id);
          if (!used) packages.set(id, read.value);
          // One package may be named twice, by the site and by an index.
          else if (used.baseUrl !== read.value.baseUrl) {
            refused.push({ url, refusal: idTaken(read.value, used) });
          }
        }
      }
      return { packages: [...packages.values()], refused };
    },
    async card({ baseUrl, manifest: { id } }) {
      const url = new URL('MODEL_CARD.md', baseUrl).href;
      const got = await download(url);
      if (got.ok) return accept(new TextDecoder().decode(got.value));
      const { reason } = got.refusal.values;
      return refuse(
        'modelCardUnreachable',
        `The card of ${id}, ${url}, could not be read: ${reason}`,
        { model: id, url, reason },
      );
    },
  };
};
