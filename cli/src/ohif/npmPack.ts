import { spawn } from 'node:child_process';
import path from 'node:path';
import { z } from 'zod';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';

const packed = z.array(z.object({ filename: z.string(), integrity: z.string() })).min(1);

/** The last line of npm's complaint that says what went wrong. */
function reasonOf(stderr: string): string {
  const lines = stderr
    .split('\n')
    .filter(line => /npm (error|ERR!)/.test(line))
    .map(line => line.replace(/^npm (error|ERR!)\s*/, '').trim())
    .filter(line => line && !/complete log|^\/|_logs/.test(line));
  const [code] = lines.filter(line => line.startsWith('code '));
  const message = lines.find(line => !line.startsWith('code ') && !/^(errno|syscall)/.test(line));
  return [code?.slice(5), message].filter(Boolean).join(': ') || 'npm gave no reason';
}

/**
 * Fetches a package with the user's own npm, so that their registry, proxy and credentials hold.
 * Refuses with `npmMissing` or `npmFailed`. Nothing in the package is run.
 */
export async function npmPack(
  specifier: string,
  folder: string,
): Promise<Outcome<{ tarball: string; integrity: string }>> {
  const args = ['pack', specifier, '--pack-destination', folder, '--json', '--ignore-scripts'];
  const child = spawn('npm', args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    // npm is a script on Windows; the arguments are ours and a checked version.
    shell: process.platform === 'win32',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', chunk => (stdout += String(chunk)));
  child.stderr.on('data', chunk => (stderr += String(chunk)));
  const ended = await new Promise<{ code: number | null; error?: Error }>(resolve => {
    child.on('error', error => resolve({ code: null, error }));
    child.on('close', code => resolve({ code }));
  });
  if (ended.error) {
    return refuse(
      'npmMissing',
      'npm cannot be run; it is needed once to fetch OHIF. Install Node.js with npm, or name a folder with --ohif.',
    );
  }
  if (ended.code !== 0) {
    const reason = reasonOf(stderr);
    return refuse(
      'npmFailed',
      `npm cannot fetch ${specifier} (${reason}). Check the network and the version, or name a folder with --ohif.`,
      {
        specifier,
        reason,
      },
    );
  }
  try {
    const [{ filename, integrity }] = packed.parse(JSON.parse(stdout));
    // Some npm versions write a scoped name here and a flat one on the disk.
    const flat = filename.replace(/^@/, '').replace(/\//g, '-');
    return accept({ tarball: path.join(folder, flat), integrity });
  } catch {
    return refuse(
      'npmFailed',
      `npm answered something else than expected when it fetched ${specifier}.`,
      {
        specifier,
      },
    );
  }
}
