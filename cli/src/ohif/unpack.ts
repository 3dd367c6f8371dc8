import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';

/** SHA-512 of a file as npm writes it: "sha512-<base64>". */
export async function integrityOf(file: string): Promise<string> {
  const hash = createHash('sha512');
  await pipeline(createReadStream(file), hash);
  return `sha512-${hash.digest('base64')}`;
}

/**
 * Unpacks what is below `prefix` in a gzipped tar into `folder`: plain files only. A name that would
 * lead outside is an error; links and devices are passed over. Times are those of unpacking, so that
 * ETags made of them differ between versions.
 */
export async function unpack(tarball: string, prefix: string, folder: string): Promise<number> {
  const files = extract();
  let count = 0;
  const reading = pipeline(createReadStream(tarball), createGunzip(), files);
  const writing = (async () => {
    for await (const entry of files) {
      const { name, type } = entry.header;
      if (type !== 'file' || !name.startsWith(prefix)) {
        entry.resume();
        continue;
      }
      const target = path.resolve(folder, name.slice(prefix.length));
      if (!target.startsWith(path.resolve(folder) + path.sep)) {
        throw new Error(`the package names a file outside itself: ${name}`);
      }
      await mkdir(path.dirname(target), { recursive: true });
      await pipeline(entry, createWriteStream(target));
      count += 1;
    }
  })();
  await Promise.all([reading, writing]);
  return count;
}
