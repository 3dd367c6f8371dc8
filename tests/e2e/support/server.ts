import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { CLI, DEFAULT_OHIF, SAMPLE_DATA, SCRATCH } from './paths';

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });

export interface Viewer {
  url: string;
  data: string;
  /** Everything it printed. */
  output(): string;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface ViewerOptions {
  ohif?: string;
  maturity?: 'research' | 'production' | 'feedback';
  models?: string;
  dicomweb?: string;
  /** A data folder to go on with; without one, a copy of the sample patient's. */
  data?: string;
  dicom?: string[];
  port?: number;
  arguments?: string[];
}

const STARTED = /https?:\/\/\S+/;

export const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise(resolve => child.once('exit', () => resolve()));

/** Runs a child until it has printed what `pattern` matches. */
export const startedBy = (child: ChildProcess, pattern: RegExp, milliseconds: number) => {
  let output = '';
  const found = new Promise<string>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`No ${pattern} within ${milliseconds} ms:\n${output}`)),
      milliseconds,
    );
    const listen = (chunk: Buffer) => {
      output += chunk.toString();
      const match = pattern.exec(output);
      if (match) {
        clearTimeout(timer);
        resolve(match[0]);
      }
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('exit', code => {
      clearTimeout(timer);
      reject(new Error(`Exited with ${code}:\n${output}`));
    });
  });
  return { found, output: () => output };
};

let copies = 0;

/** `second-reader start` as a site runs it. */
export const startViewer = async (options: ViewerOptions = {}): Promise<Viewer> => {
  const data = options.data ?? path.join(SCRATCH, `data-${process.pid}-${copies++}`);
  if (!options.data) {
    // Hard links: the archive never changes a file it has acknowledged.
    fs.cpSync(SAMPLE_DATA, data, { recursive: true });
  }
  const port = options.port ?? (await freePort());
  const flags = [
    'start',
    ...['--port', String(port)],
    ...['--ohif', options.ohif ?? DEFAULT_OHIF],
    '--no-open',
    ...(options.dicomweb ? ['--dicomweb', options.dicomweb] : ['--data', data]),
    ...(options.maturity ? ['--maturity', options.maturity] : []),
    ...(options.models ? ['--models', options.models] : []),
    ...(options.dicom?.length ? ['--dicom', ...options.dicom] : []),
    ...(options.arguments ?? []),
  ];
  const child = spawn(process.execPath, [CLI, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  const { found, output } = startedBy(child, STARTED, 180_000);
  const url = (await found).replace(/\/+$/, '');
  return {
    url,
    data,
    output,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await ended(child);
    },
  };
};
