import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';

/** A model package that is served: `name` is its folder in URLs. */
export interface ServedPackage {
  name: string;
  folder: string;
}

const isPackage = (folder: string): boolean => existsSync(path.join(folder, 'model.json'));

function packagesIn(folder: string): ServedPackage[] {
  if (isPackage(folder)) {
    return [{ name: path.basename(path.resolve(folder)), folder }];
  }
  return readdirSync(folder)
    .sort()
    .map(name => ({ name, folder: path.join(folder, name) }))
    .filter(({ folder: candidate }) => statSync(candidate).isDirectory() && isPackage(candidate));
}

/**
 * Packages of the project and, before them, of `--models <folder>`: a package itself or a folder of
 * packages. One of the same name replaces the project's. Refuses with `noModels`.
 */
export function findPackages(own: string, further?: string): Outcome<ServedPackage[]> {
  const found = new Map<string, ServedPackage>();
  if (existsSync(own)) {
    packagesIn(own).forEach(one => found.set(one.name, one));
  }
  if (further !== undefined) {
    const added = existsSync(further) && statSync(further).isDirectory() ? packagesIn(further) : [];
    if (added.length === 0) {
      return refuse(
        'noModels',
        `--models ${further} has no model package: no model.json in it or in its folders.`,
        {
          folder: further,
        },
      );
    }
    added.forEach(one => found.set(one.name, one));
  }
  return accept([...found.values()]);
}

/** The list the plugin reads; ids are the manifests' own where they can be read. */
export function modelIndex(packages: ServedPackage[]): {
  packages: Array<{ id: string; url: string }>;
} {
  return {
    packages: packages.map(({ name, folder }) => {
      let id = name;
      try {
        const manifest: unknown = JSON.parse(readFileSync(path.join(folder, 'model.json'), 'utf8'));
        const named = (manifest as { id?: unknown } | null)?.id;
        if (typeof named === 'string') id = named;
      } catch {
        // The plugin refuses a manifest that is no JSON, and says why.
      }
      return { id, url: `${encodeURIComponent(name)}/` };
    }),
  };
}
