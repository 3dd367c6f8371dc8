import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { cacheFolder } from './cacheFolder';
import { npmPack } from './npmPack';
import { integrityOf, unpack } from './unpack';
import { TESTED_OHIF_VERSIONS } from './versions';

/** A prebuilt viewer that is served as it is. */
export interface OhifBuild {
  folder: string;
  /** Its version where it is known: a bare folder may not say. */
  version?: string;
}

const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
const packageJson = z.object({ name: z.literal('@ohif/app'), version: z.string() });

function versionOf(folder: string): string | undefined {
  for (const candidate of [folder, path.dirname(folder)]) {
    const file = path.join(candidate, 'package.json');
    if (!existsSync(file)) continue;
    const parsed = packageJson.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (parsed.success) return parsed.data.version;
  }
  return undefined;
}

function resolveFolder(asked: string): Outcome<OhifBuild> {
  const folder = path.resolve(asked);
  for (const candidate of [folder, path.join(folder, 'dist')]) {
    const index = path.join(candidate, 'index.html');
    if (existsSync(index) && /OHIF|app\.bundle/.test(readFileSync(index, 'utf8'))) {
      return accept({ folder: candidate, version: versionOf(candidate) });
    }
  }
  return refuse(
    'notOhifFolder',
    `${folder} is not a built OHIF: it has no index.html of the viewer, nor dist/index.html.`,
    {
      folder,
    },
  );
}

async function fetchBuild(version: string, target: string): Promise<Outcome<void>> {
  const parent = path.dirname(target);
  const working = path.join(parent, `.fetching-${randomUUID()}`);
  try {
    await mkdir(working, { recursive: true });
    const packed = await npmPack(`@ohif/app@${version}`, working);
    if (!packed.ok) return packed;
    const expected = TESTED_OHIF_VERSIONS[version] ?? packed.value.integrity;
    const met = await integrityOf(packed.value.tarball);
    if (met !== expected) {
      return refuse(
        'ohifIntegrity',
        `@ohif/app ${version} as fetched has the hash ${met} and not ${expected}; it is not used.`,
        {
          version,
          met,
          expected,
        },
      );
    }
    const unpacked = path.join(working, 'dist');
    await unpack(packed.value.tarball, 'package/dist/', unpacked);
    if (!existsSync(path.join(unpacked, 'index.html'))) {
      return refuse(
        'notOhifBuild',
        `@ohif/app ${version} has no built viewer in it; tested are ${Object.keys(TESTED_OHIF_VERSIONS).join(', ')}.`,
        {
          version,
        },
      );
    }
    try {
      await rename(unpacked, target);
    } catch (error) {
      // Another process was faster; its build is the same one.
      if (!existsSync(path.join(target, 'index.html'))) throw error;
    }
    return accept(undefined);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    return refuse(
      'cacheFolderUnusable',
      `OHIF ${version} cannot be unpacked into ${parent} (${reason}); name another folder in SECOND_READER_CACHE.`,
      {
        folder: parent,
        reason,
      },
    );
  } finally {
    await rm(working, { recursive: true, force: true }).catch(() => undefined);
  }
}

/**
 * The stock OHIF that `--ohif` names: a folder as it is, or a version from the cache, fetched once.
 * `say` is told before something is fetched.
 */
export async function resolveOhif(
  asked: string,
  say: (line: string) => void,
): Promise<Outcome<OhifBuild>> {
  if (!VERSION.test(asked)) {
    return existsSync(asked) && statSync(asked).isDirectory()
      ? resolveFolder(asked)
      : refuse(
          'unknownOhif',
          `--ohif ${asked} is neither a folder nor a version; tested versions are ${Object.keys(TESTED_OHIF_VERSIONS).join(', ')}.`,
          {
            asked,
          },
        );
  }
  const target = path.join(cacheFolder(), 'ohif', asked);
  if (!existsSync(path.join(target, 'index.html'))) {
    say(`Fetching OHIF ${asked} with npm, about 60 MB, once …`);
    const fetched = await fetchBuild(asked, target);
    if (!fetched.ok) return fetched;
  }
  if (!(asked in TESTED_OHIF_VERSIONS)) {
    say(
      `OHIF ${asked} is not one of the tested versions (${Object.keys(TESTED_OHIF_VERSIONS).join(', ')}).`,
    );
  }
  return accept({ folder: target, version: asked });
}
