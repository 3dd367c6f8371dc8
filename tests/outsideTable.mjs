/**
 * What others' programs read of our evidence, as a table: a row an object, a column a reader. It is
 * taken from the tests that were run, so a cell says how many checks held there and how many did not:
 * those of tests/integration/evidence/ (each test is named "<reader>: …", each file is of one kind of
 * object) and those of tests/e2e/evidence.spec.ts (named "<object>: <reader> …").
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const OBJECTS = [
  { name: 'SEG, BINARY', file: /evidence\/seg-?binary/i, e2e: /^SEG BINARY/ },
  { name: 'SEG, LABELMAP', file: /evidence\/seg-?labelmap/i, e2e: /^SEG LABELMAP/ },
  { name: 'Comprehensive 3D SR', file: /evidence\/sr/i, e2e: /^SR/ },
  { name: 'Presentation State (GSPS)', file: /evidence\/pr/i, e2e: /^GSPS/ },
  { name: 'Secondary Capture', file: /evidence\/sc/i, e2e: /^SC/ },
  { name: 'Parametric Map', file: /evidence\/pm/i, e2e: /^PM/ },
  { name: 'Key Object Selection', file: /evidence\/ko/i, e2e: /^KOS/ },
];
const READERS = ['dciodvfy', 'dsrdump', 'dcmp2pgm', 'pydicom', 'highdicom', 'Orthanc', 'OHIF'];

const readerOf = title => READERS.find(reader => title.includes(reader));

const fromJest = file =>
  JSON.parse(readFileSync(file, 'utf8')).testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, status }) => ({
      object: OBJECTS.find(object => object.file.test(name.replaceAll('\\', '/')))?.name,
      reader: readerOf(fullName),
      status: status === 'pending' ? 'skipped' : status,
    })),
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
      return [
        {
          object: OBJECTS.find(object => object.e2e.test(title))?.name,
          reader: readerOf(title),
          status: skipped ? 'skipped' : ok ? 'passed' : 'failed',
        },
      ];
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
  const checks = [...read('jest.json', fromJest), ...read('e2e.json', fromPlaywright)].filter(
    check => check.object && check.reader,
  );
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
