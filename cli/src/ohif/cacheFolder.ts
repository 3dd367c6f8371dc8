import os from 'node:os';
import path from 'node:path';

/** `$SECOND_READER_CACHE`, or the system's folder for files that can be fetched again. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.SECOND_READER_CACHE) {
    return path.resolve(env.SECOND_READER_CACHE);
  }
  if (process.platform === 'win32') {
    return path.join(
      env.LOCALAPPDATA ?? path.join(os.homedir(), 'AppData', 'Local'),
      'second-reader',
    );
  }
  if (process.platform === 'darwin') {
    return path.join(os.homedir(), 'Library', 'Caches', 'second-reader');
  }
  return path.join(env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'second-reader');
}
