import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isPresent, needs, python, root, type Tool } from '../../../support/needs';

/** Programs of others that read our evidence; see tests/support/needs. */
export { isPresent, python, root };

/** A test named "<tool>: <what>", skipped with the reason in its name where the tool is absent. */
export const testWith = (
  tool: Tool,
  what: string,
  body: () => void | Promise<void>,
  timeout?: number,
): void => needs({ tool }).it(`${tool}: ${what}`, body, timeout);

/** What a program answered; its output and its complaints together. */
export const outputOf = (
  command: string,
  args: readonly string[],
): { status: number | null; text: string } => {
  const { status, stdout, stderr } = spawnSync(command, [...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return { status, text: `${stdout}${stderr}` };
};

/** The lines in which dciodvfy says "Error", and the name of the IOD it took the file for. */
export function dciodvfy(file: string): { errors: string[]; warnings: string[]; iod: string } {
  const lines = outputOf('dciodvfy', [file]).text.split('\n');
  return {
    errors: lines.filter(line => line.startsWith('Error')),
    warnings: lines.filter(line => line.startsWith('Warning')),
    iod: lines.find(line => /^[A-Z][A-Za-z0-9]+$/.test(line)) ?? '',
  };
}

/**
 * What dsrdump prints of a report, and its complaints. DCMTK 3.6.7 checks no values in UTF-8 and
 * takes the offset +0000 for no DT, which it is (PS3.5 6.2); it says that it knows no templates of
 * key objects. These are left out.
 */
export function dsrdump(file: string): {
  status: number | null;
  text: string;
  complaints: string[];
} {
  const { status, text } = outputOf('dsrdump', ['--print-long-values', file]);
  const innocent = /VR checker|DateTime .* violates VR|template constraints not yet supported/;
  const complaints = text.split('\n').filter(line => /^[EW]:/.test(line) && !innocent.test(line));
  return { status, text, complaints };
}

/** A test that dcmdump reads each of these files without an error. */
export const dcmdumpReadsEach = (files: () => Iterable<string>): void =>
  testWith('dcmdump', 'reads each of them', () => {
    for (const file of files()) {
      const { status, text } = outputOf('dcmdump', [file]);
      expect({ status, errors: text.match(/^E:.*/gm) }).toEqual({ status: 0, errors: null });
    }
  });

/** Runs a Python program on arguments and gives back the JSON that it prints; throws with its complaint. */
export function pythonSays<T>(script: string, args: readonly string[]): T {
  const { status, stdout, stderr } = spawnSync(python, ['-W', 'ignore', script, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${path.basename(script)}: ${stderr}${stdout}`);
  return JSON.parse(stdout) as T;
}

const folders: string[] = [];
/** An empty folder that is gone after the tests of this file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'second-reader-evidence-'));
  folders.push(folder);
  return folder;
}
if (typeof afterAll === 'function') {
  afterAll(() => folders.forEach(folder => rmSync(folder, { recursive: true, force: true })));
}

/** Writes a Part 10 file into a folder; its path. */
export function savedAs(folder: string, name: string, part10: ArrayBuffer): string {
  const file = path.join(folder, name);
  writeFileSync(file, Buffer.from(part10));
  return file;
}

export const bytesOf = (file: string): ArrayBuffer => {
  const bytes = readFileSync(file);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
};
