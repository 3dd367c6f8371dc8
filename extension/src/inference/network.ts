import { sha256Hex } from '../core/model/identity';
import type { ModelPackage } from '../core/reading/ports';
import { accept, refuse, type Outcome } from '../core/outcome';
import { messageOf } from './errors';

export interface Network {
  /** The ONNX file, verified against the manifest. */
  bytes: Uint8Array<ArrayBuffer>;
  sha256: string;
  /** Where the bytes came from. */
  from: 'cache' | 'download';
  /** Why the file could not be kept for the next run (quota, private window); it runs anyway. */
  notCached?: string;
}

/** The part of Cache Storage that is used; absent where the page is no secure context. */
export interface NetworkCache {
  match(url: string): Promise<Response | undefined>;
  put(url: string, response: Response): Promise<void>;
  delete(url: string): Promise<boolean>;
}

export const MODEL_CACHE = 'second-reader-models';

export type NetworkFile = ModelPackage['manifest']['files'][number];

/** The manifest's network files, one or more (the folds of an ensemble), in its order. */
export const networkFilesOf = (model: ModelPackage): NetworkFile[] => {
  const files = model.manifest.files.filter(({ role }) => role === 'network');
  if (files.length === 0) throw new Error(`Manifest ${model.manifest.id} names no network file`);
  return files;
};

/** One key for all networks of a package, whatever their order in it means. */
export const networksKey = (model: ModelPackage): string =>
  networkFilesOf(model)
    .map(({ sha256 }) => sha256)
    .join('+');

/**
 * Holds a network file against its manifest (design, safety rule 3).
 *
 * Refuses `modelSizeDiffers` naming both sizes in bytes, `modelTampered` naming both SHA-256.
 */
export const verifyNetwork = async (
  model: ModelPackage,
  file: NetworkFile,
  bytes: Uint8Array,
): Promise<Outcome<{ sha256: string }>> => {
  const sha256 = await sha256Hex(bytes);
  if (sha256 === file.sha256 && bytes.byteLength === file.bytes) return accept({ sha256 });
  if (bytes.byteLength !== file.bytes) {
    return refuse(
      'modelSizeDiffers',
      `Model ${model.manifest.id}: ${file.path} has ${bytes.byteLength} bytes (SHA-256 ${sha256}), its manifest declares ${file.bytes} (SHA-256 ${file.sha256}); it is not run`,
      { model: model.manifest.id, file: file.path, actual: bytes.byteLength, declared: file.bytes },
    );
  }
  return refuse(
    'modelTampered',
    `Model ${model.manifest.id}: ${file.path} has SHA-256 ${sha256}, its manifest declares ${file.sha256}; it is not run`,
    { model: model.manifest.id, file: file.path, actual: sha256, declared: file.sha256 },
  );
};

const download = async (
  model: ModelPackage,
  file: NetworkFile,
  fetchFile: typeof fetch,
  control: { signal: AbortSignal; onFraction(fraction: number): void },
): Promise<Outcome<Uint8Array<ArrayBuffer>>> => {
  const url = new URL(file.path, model.baseUrl).href;
  try {
    const response = await fetchFile(url, { signal: control.signal });
    if (!response.ok || !response.body) {
      return refuse(
        'modelNotFound',
        `Model file ${url} was not found: HTTP status ${response.status}`,
        {
          model: model.manifest.id,
          url,
          status: response.status,
        },
      );
    }
    const chunks: Uint8Array[] = [];
    let received = 0;
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      received += value.byteLength;
      control.onFraction(Math.min(1, received / file.bytes));
      // What is longer than declared is refused below; it need not be downloaded to its end.
      if (received > file.bytes) {
        await reader.cancel();
        break;
      }
    }
    const bytes = new Uint8Array(received);
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.byteLength;
    }
    return accept(bytes);
  } catch (error) {
    if (control.signal.aborted) {
      return refuse('runCancelled', 'The run was cancelled while the model was being downloaded');
    }
    return refuse(
      'modelUnreachable',
      `Model file ${url} could not be downloaded: ${messageOf(error)}`,
      {
        model: model.manifest.id,
        url,
        reason: messageOf(error),
      },
    );
  }
};

/**
 * The bytes of one of a package's networks, from the cache or its server, verified either way: a cached
 * file that no longer matches is thrown away and downloaded again.
 *
 * The cache is keyed by hash, so packages that share a file share its entry and a new version never
 * meets an old one. A cache that fails is done without.
 *
 * Refuses `modelNotFound`, `modelUnreachable`, `modelSizeDiffers`, `modelTampered`, `runCancelled`.
 */
export const loadNetwork = async (
  model: ModelPackage,
  file: NetworkFile,
  ports: { fetch: typeof fetch; openCache?: () => Promise<NetworkCache> },
  control: { signal: AbortSignal; onFraction(fraction: number): void },
): Promise<Outcome<Network>> => {
  const key = `https://second-reader.invalid/models/${file.sha256}`;

  let cache: NetworkCache | undefined;
  let notCached: string | undefined;
  try {
    if (!ports.openCache)
      throw new Error('Cache Storage needs a secure context (https or localhost)');
    cache = await ports.openCache();
    const kept = await cache.match(key);
    if (kept) {
      const bytes = new Uint8Array(await kept.arrayBuffer());
      const verified = await verifyNetwork(model, file, bytes);
      if (verified.ok) return accept({ bytes, sha256: verified.value.sha256, from: 'cache' });
      await cache.delete(key);
    }
  } catch (error) {
    notCached = messageOf(error);
  }

  const downloaded = await download(model, file, ports.fetch, control);
  if (!downloaded.ok) return downloaded;
  const bytes = downloaded.value;
  const verified = await verifyNetwork(model, file, bytes);
  if (!verified.ok) return verified;
  if (cache) {
    try {
      await cache.put(
        key,
        new Response(bytes, { headers: { 'content-type': 'application/octet-stream' } }),
      );
      notCached = undefined;
    } catch (error) {
      notCached = messageOf(error);
    }
  }
  return accept({
    bytes,
    sha256: verified.value.sha256,
    from: 'download',
    ...(notCached && { notCached }),
  });
};
