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
const NAMES = { native: '  without RLE' } as Record<string, string | undefined>;
const SEGMENTS = [1, 10, 104];
const FIVE_MINUTES = 300_000;
/** Of `@cornerstonejs/adapters`: how much faster we encode, and the part of its memory we take. */
const TARGET = { faster: 10, memory: 0.5 };

const versionOf = (name: string): string => {
  const { version } = JSON.parse(
    readFileSync(path.join(ROOT, 'node_modules', name, 'package.json'), 'utf8'),
  ) as { version: string };
  return `${name} ${version}`;
};

/** What came of a case, or in a few words why nothing did. */
const runCase = (request: CaseRequest): CaseReport | string => {
  const child = spawnSync(
    process.execPath,
    [
      '--expose-gc',
      '--import',
      'tsx',
      path.join(ROOT, 'tests/bench/segmentationCase.ts'),
      JSON.stringify(request),
    ],
    { cwd: ROOT, encoding: 'utf8', timeout: FIVE_MINUTES, killSignal: 'SIGKILL' },
  );
  if ((child.error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT') return '> 5 min';
  const last = child.stdout.trim().split('\n').at(-1) ?? '';
  if (child.status === 0 && last.startsWith('{')) return JSON.parse(last) as CaseReport;
  const why =
    /^\w*Error: .*$/m.exec(child.stderr)?.[0] ?? `ended with ${child.status ?? child.signal}`;
  return why.slice(0, 60);
};

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(0)} MiB`;
const COLUMNS = [14, 9, 10, 14, 14, 10, 10];
const row = (...cells: string[]): void =>
  console.log(
    cells.map((cell, n) => (n === 0 ? cell.padEnd(16) : cell.padStart(COLUMNS[n]))).join(''),
  );

const verdict = (within: boolean): string => (within ? 'PASS' : 'OVER');

/** Prints one case of all three, with how ours stands to `@cornerstonejs/adapters`. */
function table(
  title: string,
  phase: (typeof PHASES)[number],
  made: Record<string, CaseReport | string>,
) {
  console.log(`\n${title}`);
  row('', 'time', 'CPU', 'resident', 'array buffers', 'file', 'wrong');
  for (const [who, report] of Object.entries(made)) {
    const name = NAMES[who] ?? who;
    if (typeof report === 'string') row(name, report);
    else
      row(
        name,
        seconds(median(report.milliseconds)),
        seconds(median(report.cpu)),
        mib(report.resident),
        mib(report.arrayBuffers),
        `${(report.bytes / MIB).toFixed(1)} MiB`,
        report.wrong === undefined ? '' : String(report.wrong),
      );
  }
  const ours = made['second-reader'];
  const theirs = made.adapters;
  if (typeof ours === 'string' || typeof theirs === 'string') return;
  const faster = median(theirs.milliseconds) / median(ours.milliseconds);
  const lessCpu = median(theirs.cpu) / median(ours.cpu);
  const resident = ours.resident / theirs.resident;
  const says = (text: string, within: boolean): string =>
    phase === 'encode' ? `${text} ${verdict(within)}` : text;
  console.log(
    `against adapters: ${says(`${faster.toFixed(1)} × faster`, faster >= TARGET.faster)} (${lessCpu.toFixed(1)} × less CPU), ` +
      says(`${(resident * 100).toFixed(0)} % of its memory`, resident <= TARGET.memory),
  );
}

/**
 * Writes and reads 512×512×300 segmentations of 1, 10 and 104 segments, each in a process of its
 * own; time is the median of three (one where that takes over 5 s), memory what the first took
 * above its input. All decode a file that we wrote, peers one without RLE. Peers get their source
 * images and the segments on each slice ready-made, which we find ourselves.
 */
export const segmentationBench = (counts: readonly number[] = SEGMENTS): void => {
  console.log(
    `Segmentations of 512×512×300 against ${versionOf('@cornerstonejs/adapters')} and ${versionOf('dcmjs')}; ` +
      `load ${os.loadavg()[0].toFixed(1)}; to encode at least ${TARGET.faster} × faster in ${TARGET.memory * 100} % of the memory`,
  );
  const folder = mkdtempSync(path.join(os.tmpdir(), 'second-reader-bench-seg-'));
  try {
    for (const segments of counts) {
      for (const kind of KINDS) {
        for (const phase of PHASES) {
          const made: Record<string, CaseReport | string> = {};
          const uncompressed = kind === 'binary' ? 'second-reader' : 'native';
          for (const who of WHO[kind]) {
            const writer = phase === 'decode' && who !== 'second-reader' ? uncompressed : who;
            const file = path.join(folder, `${writer}.dcm`);
            made[who] = runCase({ who, phase, kind, segments, file });
          }
          const named = segments === 1 ? '1 segment' : `${segments} segments`;
          table(`${kind.toUpperCase()}, ${named}, ${phase}`, phase, made);
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
