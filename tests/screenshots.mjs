/**
 * `npm run screenshots`: the pictures of the README, taken from the running viewer with the sample
 * patient, as a reader sees it after judging the first finding.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const data = mkdtempSync(path.join(os.tmpdir(), 'second-reader-screenshots-'));
const docs = path.join(root, 'docs');
mkdirSync(docs, { recursive: true });

const port = 3977;
const cli = path.join(root, 'cli/dist/second-reader.js');
const server = spawn(
  process.execPath,
  [cli, 'start', '--port', String(port), '--data', data, '--no-open'],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const url = await new Promise((resolve, reject) => {
  let printed = '';
  server.stdout.on('data', chunk => {
    printed += chunk;
    const address = /https?:\/\/\S+/.exec(printed);
    if (address) resolve(address[0].replace(/\/+$/, ''));
  });
  server.once('exit', code => reject(new Error(`The server ended with ${code}:\n${printed}`)));
});

const browser = await chromium.launch({
  executablePath: process.env.SECOND_READER_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--use-gl=angle',
    '--use-angle=swiftshader',
    '--enable-unsafe-swiftshader',
    '--ignore-gpu-blocklist',
  ],
});

const truth = JSON.parse(readFileSync(path.join(data, 'sample-truth/truth.json'), 'utf8'));
const { studyInstanceUID } = truth.studies.find(study => study.name === 'current');

const take = async (name, { language, width, height }) => {
  const context = await browser.newContext({ viewport: { width, height } });
  const page = await context.newPage();
  await page.addInitScript(lng => localStorage.setItem('i18nextLng', lng), language);
  await page.goto(`${url}/second-reader?StudyInstanceUIDs=${studyInstanceUID}`);
  const findings = page.locator('[data-cy="ai-finding"]');
  await findings.nth(1).waitFor({ timeout: 300_000 });
  await findings.first().click();
  await page.keyboard.press('y');
  await findings.nth(1).click();
  // The overlay is drawn in the frames after the click; a picture has nothing to wait for.
  await page.waitForTimeout(5000);
  await page.mouse.move(width / 2, height - 30);
  await page.screenshot({ path: path.join(docs, name) });
  console.log(`docs/${name}`);
  await context.close();
};

try {
  await take('reading.png', { language: 'en-US', width: 1280, height: 800 });
  await take('reading-uk.png', { language: 'uk', width: 1280, height: 800 });
} finally {
  await browser.close();
  server.removeAllListeners('exit');
  server.kill();
  rmSync(data, { recursive: true, force: true });
}
