/**
 * `npm test`: types, lint, unit and integration tests, build, then end to end on the stock viewer.
 * What is missing on the machine is installed where that can be done without asking (Debian, as
 * root); elsewhere what to install is said. Its last line is `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { outsideTable } from './outsideTable.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const results = path.join(root, 'test-results');
const total = { passed: 0, failed: 0, skipped: 0 };

const started = Date.now();
const clock = () => `${((Date.now() - started) / 1000).toFixed(0)} s`;
const heading = title => console.log(`\n== ${title} (at ${clock()})`);
const run = (command, args, options = {}) =>
  spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
const has = command =>
  spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0;

const TOOLS = [
  {
    package: 'chromium',
    present: () => existsSync(process.env.SECOND_READER_CHROMIUM ?? '/usr/bin/chromium'),
  },
  { package: 'orthanc', present: () => has('Orthanc') },
  {
    package: 'orthanc-dicomweb',
    present: () => existsSync('/usr/share/orthanc/plugins/libOrthancDicomWeb.so'),
  },
  { package: 'dicom3tools', present: () => has('dciodvfy') },
  { package: 'dcmtk', present: () => has('dsrdump') },
];

const installTools = () => {
  const missing = TOOLS.filter(tool => !tool.present()).map(tool => tool.package);
  if (missing.length === 0) return;
  const command = `apt-get install -y ${missing.join(' ')}`;
  if (has('apt-get') && process.getuid?.() === 0) {
    heading(`Installing ${missing.join(', ')}`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const quiet = { env, stdio: ['ignore', 'ignore', 'inherit'] };
    run('apt-get', ['update', '-qq'], quiet);
    run('apt-get', ['install', '-y', '-qq', ...missing], quiet);
  } else {
    console.log(`Not on this machine: ${missing.join(', ')}. On Debian: sudo ${command}`);
  }
};

/** A step that passes or fails as a whole. */
const step = (title, command, args) => {
  heading(title);
  const { status } = run(command, args);
  total[status === 0 ? 'passed' : 'failed'] += 1;
  return status === 0;
};

const counted = (title, command, args, read) => {
  heading(title);
  const { status } = run(command, args);
  let counts;
  try {
    counts = read();
  } catch {
    counts = { passed: 0, failed: 0, skipped: 0 };
  }
  // A runner that died without a report, or failed outside its tests, has failed.
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  for (const key of Object.keys(total)) total[key] += counts[key];
};

const readJson = file => JSON.parse(readFileSync(path.join(results, file), 'utf8'));

/** pydicom and highdicom, in a folder of their own: they read our evidence as strangers do. */
const installReaders = () => {
  if (
    process.env.SECOND_READER_PYTHON ||
    existsSync(path.join(root, '.cache/evidence-venv/bin/python'))
  )
    return;
  if (!has('python3')) {
    console.log('Not on this machine: python3, for pydicom and highdicom.');
    return;
  }
  heading('Installing pydicom and highdicom into .cache');
  run('sh', ['tests/evidence/setup.sh']);
};

rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
installTools();
installReaders();

step('Types', 'npx', ['--no-install', 'tsc', '--noEmit', '-p', 'tsconfig.json']);
step('Lint: rules and import direction', 'npx', ['--no-install', 'eslint', '.']);
step('Lint: format', 'npx', ['--no-install', 'prettier', '--check', '--log-level', 'warn', '.']);
counted(
  'Unit and integration tests',
  'npx',
  ['--no-install', 'jest', '--maxWorkers=2', '--json', '--outputFile=test-results/jest.json'],
  () => {
    const report = readJson('jest.json');
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
      skipped: report.numPendingTests,
    };
  },
);
const built = step('Build', 'npm', ['run', '--silent', 'build']);
if (built) {
  counted(
    'End to end, on the stock viewer',
    'npx',
    ['--no-install', 'playwright', 'test', '-c', 'tests/e2e/playwright.config.ts'],
    () => {
      const { stats } = readJson('e2e.json');
      return {
        passed: stats.expected + stats.flaky,
        failed: stats.unexpected,
        skipped: stats.skipped,
      };
    },
  );
}

const table = outsideTable(results);
if (table) {
  heading('Our evidence in the hands of others: checks that held');
  console.log(table);
}
console.log(`\nTook ${clock()}; ${total.skipped} skipped, each with its reason above.`);
process.exitCode = total.failed > 0 ? 1 : 0;
console.log(`${total.passed} passed, ${total.failed} failed`);
