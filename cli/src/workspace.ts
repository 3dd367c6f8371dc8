import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Where the built plugin and the model packages are, found from where this program lies. */
export interface Workspace {
  root: string;
  extension: string;
  mode: string;
  models: string;
}

function findRoot(from: string): string {
  for (let folder = from; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'extension', 'package.json'))) return folder;
    if (path.dirname(folder) === folder) return from;
  }
}

export function findWorkspace(): Workspace {
  const root = findRoot(__dirname);
  return {
    root,
    extension: path.join(root, 'extension', 'dist', 'esm'),
    mode: path.join(root, 'mode', 'dist', 'esm'),
    models: path.join(root, 'models'),
  };
}

/** The version of the command line. */
export function ownVersion(): string {
  for (let folder = __dirname; path.dirname(folder) !== folder; folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json');
    if (!existsSync(file)) continue;
    const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    if (name === 'second-reader' && typeof version === 'string') return version;
  }
  return '0.0.0';
}
