import { spawn, type ChildProcess } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { partsOf, startArchive, temporaryFolder } from '../../testing/archiveServer';
import { ctSlice, stowBody, uid } from '../../testing/dicom';

const program = path.resolve(__dirname, '../../testing/serveArchive.ts');

async function serve(folder: string): Promise<{ child: ChildProcess; root: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', program, folder], {
    cwd: path.resolve(__dirname, '../../../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const root = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', data => resolve(String(data).trim()));
    child.once('exit', code => reject(new Error(`the archive ended with ${code}`)));
  });
  return { child, root };
}

describe('an archive that is killed', () => {
  it('has, whole, everything it acknowledged', async () => {
    const folder = await temporaryFolder();
    const { child, root } = await serve(folder);
    const study = uid();
    const sent = new Map<string, Buffer>();
    const acknowledged: string[] = [];
    let running = true;
    const client = async () => {
      while (running) {
        const sopInstanceUID = uid();
        const file = ctSlice({ studyInstanceUID: study, sopInstanceUID, size: 256 });
        sent.set(sopInstanceUID, file);
        try {
          const answer = await fetch(`${root}/studies`, { method: 'POST', ...stowBody([file]) });
          if (answer.status === 200) acknowledged.push(sopInstanceUID);
        } catch {
          running = false;
        }
      }
    };
    const clients = [client(), client(), client(), client()];
    while (acknowledged.length < 25) await new Promise(resolve => setTimeout(resolve, 5));
    child.kill('SIGKILL');
    await Promise.all(clients);

    const again = await startArchive(folder);
    try {
      expect(again.archive.skipped).toEqual([]);
      expect(await readdir(path.join(folder, 'incoming'))).toEqual([]);
      const stored = await partsOf(await fetch(`${again.root}/studies/${study}`));
      const bodies = new Set(stored.map(({ body }) => body.toString('base64')));
      const lost = acknowledged.filter(
        name => !bodies.has(sent.get(name)?.toString('base64') ?? ''),
      );
      expect(lost).toEqual([]);
      // Whatever else is there was sent, and is whole.
      const originals = new Set([...sent.values()].map(file => file.toString('base64')));
      expect([...bodies].filter(body => !originals.has(body))).toEqual([]);
    } finally {
      await again.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
