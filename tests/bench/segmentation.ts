import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { median, seconds } from './report';
import type { CaseReport, CaseRequest } from './segmentationCase';

const ROOT = path.resolve(__dirname, '../..');
const MIB = 2 ** 20;
const KINDS = ['binary', 'labelmap'] as const;
const PHASES = ['encode', 'decode'] as const;
const WHO = {
  binary: ['second-reader', 'adapters', 'dcmjs'],
  labelmap: ['second-reader', 'native', 'adapters', 'dcmjs'],
} as const;
const PEERS: readonly string[] = ['adapters', 'dcmjs'];
const NAMES = { native: '  without RLE' } as Record<string, string | undefined>;
const SEGMENTS = [1, 10, 104];
/** Of one case. What takes longer is ended: how much faster we are is then told as "more than". */
const MINUTES = 2;
/** Of each peer: how much faster we encode, and the part of its memory we take. */
const TARGET = { faster: 10, memory: 0.5 };

const versionOf = (name: string): string => {
  const { version } = JSON.parse(
    readFileSync(path.join(ROOT, 'node_modules', name, 'package.json'), 'utf8'),
  ) as { version: string };
  return `${name} ${version}`;
};

/** What came of a case, or in a few words why nothing did. */
type Came = CaseReport | string;
const ENDED = `> ${MINUTES} min`;

const runCase = (request: CaseRequest): Came => {
  const child = spawnSync(
    process.execPath,
    [
      '--expose-gc',
      '--import',
      'tsx',
      path.join(ROOT, 'tests/bench/segmentationCase.ts'),
      JSON.stringify(request),
    ],
    { cwd: ROOT, encoding: 'utf8', timeout: MINUTES * 60_000, killSignal: 'SIGKILL' },
  );
  if ((child.error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT') return ENDED;
  const last = child.stdout.trim().split('\n').at(-1) ?? '';
  if (child.status === 0 && last.startsWith('{')) return JSON.parse(last) as CaseReport;
  const why =
    /^\w*Error: .*$/m.exec(child.stderr)?.[0] ?? `ended with ${child.status ?? child.signal}`;
  return why.slice(0, 60);
};

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(0)} MiB`;
const HEADINGS = {
  case: 25,
  who: 15,
  time: 9,
  CPU: 9,
  resident: 10,
  'array buffers': 15,
  file: 11,
  wrong: 7,
  'we are faster': 15,
  'by CPU': 10,
  'of its memory': 15,
};
type Heading = keyof typeof HEADINGS;
const LEFT: readonly string[] = ['case', 'who'];
const row = (cells: Partial<Record<Heading, string>>): void =>
  console.log(
    (Object.keys(HEADINGS) as Heading[])
      .map(name => {
        const cell = cells[name] ?? '';
        return LEFT.includes(name) ? cell.padEnd(HEADINGS[name]) : cell.padStart(HEADINGS[name]);
      })
      .join(''),
  );

const measured = (report: Came): Partial<Record<Heading, string>> =>
  typeof report === 'string'
    ? { time: report }
    : {
        time: seconds(median(report.milliseconds)),
        CPU: seconds(median(report.cpu)),
        resident: mib(report.resident),
        'array buffers': mib(report.arrayBuffers),
        file: `${(report.bytes / MIB).toFixed(1)} MiB`,
        wrong: report.wrong === undefined ? '' : String(report.wrong),
      };

const verdict = (within: boolean): string => (within ? 'ok' : 'OVER');

/** How we stand to a peer; whether that is enough is said of encoding. */
function compared(phase: string, ours: Came, theirs: Came): Partial<Record<Heading, string>> {
  if (typeof ours === 'string') return {};
  const says = (text: string, within: boolean) =>
    phase === 'encode' ? `${text} ${verdict(within)}` : text;
  if (theirs === ENDED) {
    const faster = (MINUTES * 60_000) / median(ours.milliseconds);
    return { 'we are faster': says(`> ${faster.toFixed(0)} ×`, faster >= TARGET.faster) };
  }
  if (typeof theirs === 'string') return {};
  const faster = median(theirs.milliseconds) / median(ours.milliseconds);
  const memory = ours.resident / theirs.resident;
  return {
    'we are faster': says(`${faster.toFixed(1)} ×`, faster >= TARGET.faster),
    'by CPU': `${(median(theirs.cpu) / median(ours.cpu)).toFixed(1)} ×`,
    'of its memory': says(`${(memory * 100).toFixed(0)} %`, memory <= TARGET.memory),
  };
}

/**
 * Writes and reads 512×512×300 segmentations of 1, 10 and 104 segments, each in a process of its
 * own, and prints one table. Time is the median of three (one where that takes over 5 s of the
 * processor), memory what the first took above its input, resident and in array buffers. All decode
 * a file that we wrote, peers one without RLE. Peers get their source images and the segments on each
 * slice ready-made, which we find ourselves.
 */
export const segmentationBench = (counts: readonly number[] = SEGMENTS): void => {
  console.log(
    `Segmentations of 512×512×300 against ${versionOf('@cornerstonejs/adapters')} and ${versionOf('dcmjs')}; ` +
      `load ${os.loadavg()[0].toFixed(1)}; to encode at least ${TARGET.faster} × faster in ${TARGET.memory * 100} % of the memory`,
  );
  const folder = mkdtempSync(path.join(os.tmpdir(), 'second-reader-bench-seg-'));
  try {
    row(Object.fromEntries(Object.keys(HEADINGS).map(name => [name, name])));
    for (const segments of counts) {
      for (const kind of KINDS) {
        for (const phase of PHASES) {
          const uncompressed = kind === 'binary' ? 'second-reader' : 'native';
          let ours: Came = '';
          for (const who of WHO[kind]) {
            const writer = phase === 'decode' && who !== 'second-reader' ? uncompressed : who;
            const file = path.join(folder, `${writer}.dcm`);
            const came = runCase({ who, phase, kind, segments, file });
            if (who === 'second-reader') ours = came;
            row({
              case: who === 'second-reader' ? `${kind.toUpperCase()} × ${segments} ${phase}` : '',
              who: NAMES[who] ?? who,
              ...measured(came),
              ...(PEERS.includes(who) && compared(phase, ours, came)),
            });
          }
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
