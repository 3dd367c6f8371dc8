import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

/**
 * What some tests need and not every machine has: real studies and models, and programs of others
 * that read our evidence. Where it is absent the test is skipped and its name says why.
 */
export const root = path.resolve(__dirname, '../..');
/** Where real data are: `dicom/<study>/`, `nifti/<set>/`, `models/<model>/`. */
export const DATA = process.env.SECOND_READER_DATA ?? path.resolve(root, '../shared/data');
/** With pydicom and highdicom: tests/evidence/setup.sh makes one, or SECOND_READER_PYTHON names it. */
export const python =
  process.env.SECOND_READER_PYTHON ?? path.join(root, '.cache/evidence-venv/bin/python');

const works = (command: string, args: string[]): boolean =>
  spawnSync(command, args, { input: '', encoding: 'utf8' }).error === undefined;
const imports = (module: string): boolean =>
  existsSync(python) && spawnSync(python, ['-c', `import ${module}`]).status === 0;

const SETUP = 'run tests/evidence/setup.sh or set SECOND_READER_PYTHON';
const TOOLS = {
  dciodvfy: { where: 'package dicom3tools', works: () => works('dciodvfy', ['-version']) },
  dsrdump: { where: 'package dcmtk', works: () => works('dsrdump', ['--version']) },
  dcmdump: { where: 'package dcmtk', works: () => works('dcmdump', ['--version']) },
  dcmp2pgm: { where: 'package dcmtk', works: () => works('dcmp2pgm', ['--version']) },
  Orthanc: { where: 'package orthanc', works: () => works('Orthanc', ['--version']) },
  highdicom: { where: SETUP, works: () => imports('highdicom') },
  pydicom: { where: SETUP, works: () => imports('pydicom') },
} as const;
export type Tool = keyof typeof TOOLS;

const known = new Map<Tool, boolean>();
export const isPresent = (tool: Tool): boolean => {
  const present = known.get(tool) ?? TOOLS[tool].works();
  known.set(tool, present);
  return present;
};

export interface Needs {
  /** Files or folders below `DATA`. */
  data?: string | readonly string[];
  tool?: Tool | readonly Tool[];
}

const list = <T extends string>(given: T | readonly T[] = []): readonly T[] =>
  typeof given === 'string' ? [given] : given;

const whyNot = ({ data, tool }: Needs): string | undefined => {
  const absent = list(tool).find(each => !isPresent(each));
  if (absent) return `no ${absent}: ${TOOLS[absent].where}`;
  const missing = list(data).find(each => !existsSync(path.join(DATA, each)));
  return missing && `no ${missing} in SECOND_READER_DATA`;
};

type Row = [unknown, ...unknown[]];
type Body<T extends unknown[] = []> = (...row: T) => void | Promise<void>;

/**
 * Jest's `it`, `each` and `describe` for what needs more than the repository. Where it is absent, `it`
 * and `each` skip each test, and `describe`, whose body may look at it at once, stands for all of its
 * tests with one that is skipped.
 */
export const needs = (given: Needs) => {
  const reason = whyNot(given);
  const named = (name: string) => (reason ? `${name} (skipped: ${reason})` : name);
  const run = reason ? test.skip : test;
  return {
    areMet: reason === undefined,
    it: (name: string, body: Body, timeout?: number): void =>
      run(named(name), async () => body(), timeout),
    each:
      <T extends Row>(rows: readonly T[]) =>
      (name: string, body: Body<T>, timeout?: number): void =>
        run.each(rows as readonly Row[])(
          named(name),
          async (...row) => body(...(row as unknown as T)),
          timeout,
        ),
    describe: (name: string, body: () => void): void => {
      if (reason === undefined) describe(name, body);
      else test.skip(named(name), () => undefined);
    },
  };
};
