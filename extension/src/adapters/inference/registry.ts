import { z } from 'zod';
import { parseManifest } from '../../core/model/validate';
import { accept, refuse, type Outcome } from '../../core/outcome';
import type { ModelPackage, ModelRegistry } from '../../core/reading/ports';
import { messageOf } from '../../inference/errors';

/** A folder's `index.json`: the packages in it; `url` is relative to the index, ending in "/". */
const indexSchema = z.object({
  packages: z.array(z.object({ id: z.string().min(1), url: z.string().min(1) })),
});

const withSlash = (url: string) => (url.endsWith('/') ? url : `${url}/`);

/**
 * Model packages by fetch: each index names packages, each package has its `model.json`.
 *
 * What cannot be read is listed under `refused` with its URL and never hides the others. An id that
 * two indexes name is taken from the first, so a site can put its own version before ours.
 *
 * @param indexUrls absolute, or relative to the page
 */
export const createModelRegistry = (options: {
  indexUrls: string[];
  fetch: typeof fetch;
  /** What relative URLs are relative to. */
  pageUrl?: string;
}): ModelRegistry => {
  const getJson = async (url: string): Promise<Outcome<unknown>> => {
    const failed = (reason: string) =>
      refuse('modelListUnreachable', `${url} could not be read: ${reason}`, { url, reason });
    try {
      // Revalidated each time: a replaced model must not be hidden by a kept manifest.
      const response = await options.fetch(url, { cache: 'no-cache' });
      return response.ok
        ? accept<unknown>(await response.json())
        : failed(`HTTP status ${response.status}`);
    } catch (error) {
      return failed(messageOf(error));
    }
  };

  const readPackage = async (id: string, baseUrl: string): Promise<Outcome<ModelPackage>> => {
    const got = await getJson(new URL('model.json', baseUrl).href);
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

  const readIndex = async (
    url: string,
  ): Promise<Array<{ url: string; read: Outcome<ModelPackage> }>> => {
    const got = await getJson(url);
    if (!got.ok) return [{ url, read: got }];
    const parsed = indexSchema.safeParse(got.value);
    if (!parsed.success) {
      const reason = z.prettifyError(parsed.error);
      const message = `${url} is not a list of model packages: ${reason}`;
      return [{ url, read: refuse('modelListInvalid', message, { url, reason }) }];
    }
    return Promise.all(
      parsed.data.packages.map(async entry => {
        const baseUrl = new URL(withSlash(entry.url), url).href;
        return { url: baseUrl, read: await readPackage(entry.id, baseUrl) };
      }),
    );
  };

  return {
    async list() {
      const pageUrl = options.pageUrl ?? globalThis.location?.href;
      const found = await Promise.all(
        options.indexUrls.map(given => readIndex(new URL(given, pageUrl).href)),
      );
      const packages = new Map<string, ModelPackage>();
      const refused: Awaited<ReturnType<ModelRegistry['list']>>['refused'] = [];
      for (const { url, read } of found.flat()) {
        if (!read.ok) refused.push({ url, refusal: read.refusal });
        else if (!packages.has(read.value.manifest.id))
          packages.set(read.value.manifest.id, read.value);
      }
      return { packages: [...packages.values()], refused };
    },
    async card({ baseUrl, manifest: { id } }) {
      const url = new URL('MODEL_CARD.md', baseUrl).href;
      const failed = (reason: string) =>
        refuse('modelCardUnreachable', `The card of ${id}, ${url}, could not be read: ${reason}`, {
          model: id,
          url,
          reason,
        });
      try {
        const response = await options.fetch(url, { cache: 'no-cache' });
        return response.ok
          ? accept(await response.text())
          : failed(`HTTP status ${response.status}`);
      } catch (error) {
        return failed(messageOf(error));
      }
    },
  };
};
