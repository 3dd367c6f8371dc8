import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ctSlice } from '../../cli/src/testing/dicom';
import { startOrthanc } from '../e2e/support/orthanc';
import {
  refusing,
  startFaultyArchive,
  warning,
  type FaultyArchive,
} from '../support/faultyArchive';
import { needs, root } from '../support/needs';

/** `second-reader store` and `outbox` as programs, against an archive that fails as it is told to. */

const STUDY = '1.9';
const UIDS = ['1.9.1', '1.9.2', '1.9.3', '1.9.4', '1.9.5'];

let folder: string;
let archive: FaultyArchive;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'second-reader-store-'));
  archive = await startFaultyArchive();
  await mkdir(at('evidence'));
  for (const [index, sopInstanceUID] of UIDS.entries()) {
    const identity = { studyInstanceUID: STUDY, seriesInstanceUID: '1.9.0', sopInstanceUID };
    const file = ctSlice({ ...identity, number: index + 1 });
    await writeFile(at('evidence', `${index + 1}.dcm`), file);
  }
});
afterEach(async () => {
  children.splice(0).forEach(child => child.kill('SIGKILL'));
  await archive.close();
  await rm(folder, { recursive: true, force: true });
});
const at = (...names: string[]): string => path.join(folder, ...names);

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

const program = (args: string[], env: NodeJS.ProcessEnv = {}) => {
  const main = path.join(root, 'cli/src/main.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const ended = new Promise<Ended>(resolve =>
    child.once('close', code => resolve({ code, ...said })),
  );
  return { child, said, ended };
};
const outbox = () => ['--outbox', at('outbox')];
const store = (...more: string[]) =>
  program(['store', at('evidence'), '--archive', archive.root, ...outbox(), ...more]);
const stored = async () =>
  (await archive.instances(STUDY)).map(({ sopInstanceUID }) => sopInstanceUID).sort();
const waiting = async () => (await readdir(at('outbox'))).filter(name => name.endsWith('.dcm'));
const until = async (holds: () => boolean) => {
  for (let tries = 0; tries < 1500; tries++) {
    if (holds()) return;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  throw new Error('It never came about');
};

describe('second-reader store', () => {
  it('stores the objects of a folder, and says of another time that nothing waits', async () => {
    await writeFile(at('evidence', 'README'), 'no DICOM');
    const ended = await store('--wait', '0').ended;
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.out).toContain('Put 5 objects into the outbox');
    expect(ended.out).toContain('The archive has acknowledged 5 objects');
    expect(ended.err).toContain('Passed over 1 file not DICOM: README');
    expect(await stored()).toEqual(UIDS);
    expect(await waiting()).toEqual([]);
    expect((await program(['outbox', ...outbox()]).ended).out).toContain('Nothing waits in');
  });

  it('keeps what one archive refuses of five with its reason, and what it warns of is stored', async () => {
    archive.fault = ({ sopInstanceUID }) => {
      if (sopInstanceUID === '1.9.2') {
        return { status: 409, body: refusing(sopInstanceUID, 0x0110) };
      }
      if (sopInstanceUID !== '1.9.4') return undefined;
      return { status: 202, body: warning(sopInstanceUID, 0xb000), stored: true };
    };
    const ended = await store('--wait', '0').ended;
    expect(ended.code).toBe(1);
    expect(ended.out).toContain('Stored with a warning: 1.9.4: coercion of data elements (0xB000)');
    expect(ended.out).toContain('acknowledged 4 objects');
    expect(ended.err).toContain('1 object waits in');
    expect(ended.err).toMatch(/1\.9\.2, since .*processing failure \(0x0110\)/);
    expect(await stored()).toEqual(UIDS.filter(uid => uid !== '1.9.2'));
    expect(await waiting()).toHaveLength(1);

    const listed = await program(['outbox', ...outbox()]).ended;
    expect(listed).toMatchObject({ code: 0 });
    expect(listed.out).toContain(`1 object in ${at('outbox')} for ${archive.root}`);
    expect(listed.out).toMatch(/1\.9\.2, since .*, tried 1 ×: .*processing failure/);

    archive.fault = undefined;
    expect((await program(['outbox', '--send', ...outbox()]).ended).code).toBe(0);
    expect(await stored()).toEqual(UIDS);
    expect(await waiting()).toEqual([]);
  });

  it('goes on trying while the archive is away, and stores when it is back', async () => {
    await archive.down();
    const { said, ended } = store('--wait', '2');
    await until(() => said.out.includes('not stored yet, next attempt in'));
    expect(await waiting()).toHaveLength(5);
    await archive.up();
    expect(await ended).toMatchObject({ code: 0 });
    expect(await stored()).toEqual(UIDS);
    expect(archive.sent).toHaveLength(5);
  });

  it('takes an expired token once, waits for the file with the new one, and says so without one', async () => {
    const token = at('token');
    await writeFile(token, 'old\n');
    archive.fault = ({ authorization }) =>
      authorization === 'Bearer new' ? undefined : { status: 401 };
    const refused = await store('--wait', '2', '--header', 'Authorization: Bearer old').ended;
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('5 objects wait in');
    expect(archive.sent).toHaveLength(1);

    const { said, ended } = store('--wait', '2', '--token-file', token);
    await until(() => said.out.includes('next attempt in'));
    expect(said.out).toContain('Put 0 objects into the outbox');
    expect(said.out).toContain('5 waited there already');
    await writeFile(token, 'new\n');
    expect(await ended).toMatchObject({ code: 0 });
    expect(await stored()).toEqual(UIDS);
    expect(said.out + said.err + refused.out + refused.err).not.toMatch(/Bearer|\bold\b|\bnew\b/);
  });

  it('killed in mid-send and run again: nothing is lost, nothing doubled', async () => {
    const { child, ended } = store('--wait', '0');
    // The second is kept, and its answer is never heard.
    archive.fault = ({ before }) => {
      if (before !== 1) return undefined;
      child.kill('SIGKILL');
      return { stored: true };
    };
    expect((await ended).code).toBe(null);
    expect(await stored()).toEqual(['1.9.1', '1.9.2']);
    expect(await waiting()).toHaveLength(4);

    archive.fault = undefined;
    expect(await store('--wait', '0').ended).toMatchObject({ code: 0, err: '' });
    expect(await stored()).toEqual(UIDS);
    expect(await waiting()).toEqual([]);
  });

  it('refuses another archive while something waits for the first, and what it cannot use', async () => {
    await archive.down();
    expect((await store('--wait', '0').ended).code).toBe(1);
    const of = (...args: string[]) => program(['store', ...args, ...outbox(), '--wait', '0']).ended;
    const other = 'http://127.0.0.1:9/other';
    const elsewhere = await of(at('evidence'), '--archive', other);
    expect(elsewhere.code).toBe(1);
    expect(elsewhere.err).toContain(`is for ${archive.root}; send it first`);
    const nowhere = await of(at('nothing'), '--archive', archive.root);
    expect(nowhere).toMatchObject({ code: 1 });
    expect(nowhere.err).toContain('cannot be read (ENOENT)');
    const noUrl = await of(at('evidence'), '--archive', 'pacs');
    expect(noUrl.err).toContain('--archive pacs is not a URL');
    const header = await of(at('evidence'), '--archive', archive.root, '--header', 'secret');
    expect(header.err).toContain("--header takes 'Name: value'");
    expect(header.err).not.toContain('secret');
  });

  needs({ tool: 'Orthanc' }).it(
    'Orthanc keeps each object once, sent twice',
    async () => {
      const orthanc = await startOrthanc();
      const url = `http://127.0.0.1:${orthanc.port}`;
      const send = () =>
        program([
          ...['store', at('evidence'), '--archive', `${url}/dicom-web`],
          ...[...outbox(), '--wait', '0'],
        ]).ended;
      try {
        expect(await send()).toMatchObject({ code: 0, err: '' });
        expect(await send()).toMatchObject({ code: 0, err: '' });
        const kept = (await (await fetch(`${url}/instances`)).json()) as string[];
        expect(kept).toHaveLength(5);
      } finally {
        await orthanc.stop();
      }
    },
    120_000,
  );
});
