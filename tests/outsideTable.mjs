/**
 * What others' programs read of our evidence, as a table: a row an object, a column a reader. It is
 * taken from the tests that were run, so a cell says how many held there and how many did not: those of
 * tests/integration/evidence/ (a file a kind of object, the readers in a test's name) and those of
 * tests/e2e/evidence.spec.ts (named "<object>: <reader> …").
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** `of` tells the row's tests in a file of two rows; "both kinds" are of both. */
const OBJECTS = [
  {
    name: 'SEG, BINARY',
    file: /evidence\/seg\./,
    of: /SEG binary|both kinds/,
    e2e: /SEG BINARY/,
  },
  {
    name: 'SEG, LABELMAP',
    file: /evidence\/seg\./,
    of: /SEG labelmap|both kinds/,
    e2e: /SEG LABELMAP/,
  },
  { name: 'Comprehensive 3D SR', file: /evidence\/sr\./, e2e: / SR:/ },
  { name: 'Presentation State (GSPS)', file: /evidence\/pr\./, e2e: / GSPS:/ },
  { name: 'Secondary Capture', file: /evidence\/sc\./, e2e: / SC:/ },
  { name: 'Parametric Map', file: /evidence\/pm\./, e2e: / PM:/ },
  { name: 'Key Object Selection', file: /evidence\/ko\./, e2e: / KOS:/ },
];
const READERS = [
  'dciodvfy',
  'dcmdump',
  'dsrdump',
  'dcmp2pgm',
  'pydicom',
  'highdicom',
  'Orthanc',
  'OHIF',
];

/** A check for every row and every reader that a test is of. */
const checksOf = (title, status, isOf) =>
  OBJECTS.filter(isOf).flatMap(({ name: object }) =>
    READERS.filter(reader => title.includes(reader)).map(reader => ({ object, reader, status })),
  );

const fromJest = file =>
  JSON.parse(readFileSync(file, 'utf8')).testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.flatMap(({ fullName, status }) =>
      checksOf(
        fullName,
        status === 'pending' ? 'skipped' : status,
        ({ file: ofFile, of }) =>
          ofFile.test(name.replaceAll('\\', '/')) && (!of || of.test(fullName)),
      ),
    ),
  );

const specsOf = suite => [
  ...(suite.specs ?? []),
  ...(suite.suites ?? []).flatMap(inner => specsOf(inner)),
];
const fromPlaywright = file =>
  JSON.parse(readFileSync(file, 'utf8'))
    .suites.flatMap(suite => specsOf(suite))
    .filter(spec => spec.file?.includes('evidence.spec'))
    .flatMap(({ title, ok, tests }) => {
      const skipped = tests.every(({ status }) => status === 'skipped');
      const status = skipped ? 'skipped' : ok ? 'passed' : 'failed';
      return checksOf(title, status, ({ e2e }) => e2e.test(` ${title}`));
    });

const cell = checks => {
  const count = status => checks.filter(check => check.status === status).length;
  const [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map(count);
  if (failed > 0) return `${failed} of ${passed + failed} FAILED`;
  if (passed > 0) return `${passed} ok`;
  return skipped > 0 ? 'skipped' : '–';
};

/** The table as text; undefined where no such test was run. */
export const outsideTable = results => {
  const read = (file, reader) => {
    const full = path.join(results, file);
    return existsSync(full) ? reader(full) : [];
  };
  const checks = [...read('jest.json', fromJest), ...read('e2e.json', fromPlaywright)];
  if (checks.length === 0) return undefined;
  const rows = OBJECTS.map(({ name }) => [
    name,
    ...READERS.map(reader =>
      cell(checks.filter(check => check.object === name && check.reader === reader)),
    ),
  ]);
  const table = [['', ...READERS], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map(row => row[column].length)));
  return table
    .map(row =>
      row
        .map((text, column) => text.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};
