import { spawn } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { OutboxEntry } from '@second-reader/core/reading/ports';
import { startArchive, temporaryFolder, type ArchiveServer } from '../testing/archiveServer';
import { ctSlice } from '../testing/dicom';
import { openFolderOutbox } from './folderOutbox';
import { archiveAt, sendOutbox } from './send';

let folder: string;
let archive: ArchiveServer;
beforeEach(async () => {
  folder = await temporaryFolder();
  archive = await startArchive();
});
afterEach(async () => {
  await archive.close();
  await rm(folder, { recursive: true, force: true });
});

const opened = async () => {
  const outbox = await openFolderOutbox(folder);
  if (!outbox.ok) throw new Error(outbox.refusal.message);
  return outbox.value;
};

const entryOf = (id: string, uids: string[], more: Partial<OutboxEntry> = {}): OutboxEntry => ({
  id,
  studyInstanceUID: '1.9',
  runId: id,
  objects: uids.map(sopInstanceUID => {
    const identity = { studyInstanceUID: '1.9', seriesInstanceUID: '1.9.0', sopInstanceUID };
    return {
      sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
      ...identity,
      part10: new Uint8Array(ctSlice(identity)).buffer,
    };
  }),
  signature: '[]',
  attempts: 0,
  enqueuedAt: '2026-01-01T00:00:00.000Z',
  ...more,
});

const files = async () => (await readdir(folder)).filter(name => /\.(json|dcm)$/.test(name));

describe('an outbox in a folder', () => {
  it('gives back what was put in it, in the order it came, to the last bit', async () => {
    const [late, early] = [
      entryOf('b', ['1.9.3'], { enqueuedAt: '2026-01-02T00:00:00.000Z' }),
      entryOf('a', ['1.9.1', '1.9.2'], { alternative: entryOf('c', ['1.9.4']).objects }),
    ];
    await (await opened()).put(late);
    await (await opened()).put(early);
    expect(await (await opened()).list()).toEqual([early, late]);
  });

  it('keeps of an entry what is still to be sent, and nothing of one that is gone', async () => {
    const outbox = await opened();
    const entry = entryOf('a', ['1.9.1', '1.9.2']);
    await outbox.put(entry);
    expect(await files()).toHaveLength(3);
    const lastError = { code: 'archiveFailed', values: { status: 500 }, message: 'status 500' };
    const left = { ...entry, objects: entry.objects.slice(1), attempts: 1, lastError };
    await outbox.put(left);
    expect(await files()).toHaveLength(2);
    expect(await outbox.list()).toEqual([left]);
    await outbox.remove('a');
    expect(await files()).toEqual([]);
  });

  it('passes over an entry that was damaged, and says which', async () => {
    const outbox = await opened();
    await outbox.put(entryOf('a', ['1.9.1']));
    await outbox.put(entryOf('b', ['1.9.2']));
    const [damaged] = (await files()).filter(name => name.endsWith('.dcm'));
    await writeFile(path.join(folder, damaged), 'something else');
    await writeFile(path.join(folder, 'other.json'), '{}');
    expect(await outbox.list()).toHaveLength(1);
    expect(outbox.unreadable.map(({ reason }) => reason).sort()).toEqual([
      expect.stringContaining('is not what was written'),
      'other.json is no entry of an outbox',
    ]);
  });

  it('refuses a folder that is none', async () => {
    await writeFile(path.join(folder, 'file'), '');
    expect(await openFolderOutbox(path.join(folder, 'file'))).toMatchObject({
      ok: false,
      refusal: { code: 'outboxFolderUnusable', values: { reason: expect.any(String) } },
    });
  });

  it('refuses what it cannot write, and keeps what it had', async () => {
    const outbox = await opened();
    await outbox.put(entryOf('a', ['1.9.1']));
    await rm(path.join(folder, 'incoming'), { recursive: true });
    await writeFile(path.join(folder, 'incoming'), 'in the way');
    expect(await outbox.put(entryOf('b', ['1.9.2']))).toMatchObject({
      ok: false,
      refusal: { code: 'outboxFolderUnusable' },
    });
    expect((await outbox.list()).map(({ id }) => id)).toEqual(['a']);
    await rm(path.join(folder, 'incoming'));
    await mkdir(path.join(folder, 'incoming'));
  });

  it('is worked on by one at a time, and a lock of a process that was killed is no lock', async () => {
    const [one, other] = [await opened(), await opened()];
    await writeFile(path.join(folder, 'lock'), '4194303');
    const steps: string[] = [];
    const work = (name: string) => async () => {
      steps.push(`${name} begins`);
      await new Promise(resolve => setTimeout(resolve, 20));
      steps.push(`${name} ends`);
    };
    await Promise.all([one.exclusively!(work('one')), other.exclusively!(work('other'))]);
    const [first, second] = steps[0].startsWith('one') ? ['one', 'other'] : ['other', 'one'];
    expect(steps).toEqual([
      `${first} begins`,
      `${first} ends`,
      `${second} begins`,
      `${second} ends`,
    ]);
  });

  it('knows how much room there is', async () => {
    const { usage, quota } = (await (await opened()).room!())!;
    expect(usage).toBeGreaterThan(0);
    expect(quota).toBeGreaterThan(usage);
  });
});

describe('sending an outbox', () => {
  it('empties it into the archive, and says what stays where that is not there', async () => {
    const outbox = await opened();
    await outbox.put(entryOf('a', ['1.9.1', '1.9.2']));
    const nobody = archiveAt('http://127.0.0.1:9/dicom-web');
    expect(await sendOutbox(outbox, nobody)).toMatchObject({
      stored: [],
      pending: 1,
      objects: 2,
      lastError: { code: 'archiveUnreachable' },
    });
    const sent = await sendOutbox(await opened(), archiveAt(archive.root));
    expect(sent).toEqual({
      stored: ['1.9.1', '1.9.2'],
      warnings: [],
      pending: 0,
      objects: 0,
      failed: [],
      lastError: undefined,
    });
    expect(await files()).toEqual([]);
    expect(archive.archive.catalog.studies.get('1.9')?.series.get('1.9.0')?.instances.size).toBe(2);
  });

  it('stores, once, all that a process put there before it was killed', async () => {
    const program = path.resolve(__dirname, '../testing/fillOutbox.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', program, folder], {
      cwd: path.resolve(__dirname, '../../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const named: string[] = [];
    await new Promise<void>((resolve, reject) => {
      child.once('exit', code => reject(new Error(`it ended with ${code}`)));
      child.stdout.on('data', (chunk: Buffer) => {
        named.push(...chunk.toString().trim().split('\n'));
        if (named.length < 8) return;
        child.removeAllListeners('exit');
        child.kill('SIGKILL');
        child.once('close', () => resolve());
      });
    });
    const outbox = await opened();
    const entries = await outbox.list();
    expect(outbox.unreadable).toEqual([]);
    const ids = new Set(entries.map(({ id }) => id));
    expect(named.filter(id => !ids.has(id))).toEqual([]);

    const [one, other] = await Promise.all([
      sendOutbox(outbox, archiveAt(archive.root)),
      sendOutbox(await opened(), archiveAt(archive.root)),
    ]);
    const stored = [...one.stored, ...other.stored];
    expect(stored).toHaveLength(2 * entries.length);
    expect(new Set(stored).size).toBe(stored.length);
    expect(await readdir(path.join(folder, 'incoming'))).toEqual([]);
    expect((await files()).filter(name => name.endsWith('.json'))).toEqual([]);
    const kept = archive.archive.catalog.studies.get('1.9')?.series.get('1.9.0')?.instances;
    expect(kept?.size).toBe(stored.length);
  });
});
