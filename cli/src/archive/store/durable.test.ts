import { existsSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../../testing/archiveServer';
import { makeFolder } from './durable';

describe('makeFolder', () => {
  it('makes a deep folder for many that want it at once', async () => {
    const root = await temporaryFolder();
    for (let round = 0; round < 20; round++) {
      const parent = path.join(root, String(round), 'study', 'series');
      const folders = Array.from({ length: 16 }, (_, index) => path.join(parent, String(index)));
      await Promise.all(folders.map(makeFolder));
      expect(folders.every(existsSync)).toBe(true);
    }
  });

  it('says so where no folder can be made', async () => {
    await expect(makeFolder('/proc/second-reader/x')).rejects.toThrow(/ENOENT|EACCES|EPERM/);
  });
});
