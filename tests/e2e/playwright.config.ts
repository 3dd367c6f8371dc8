import path from 'node:path';
import { defineConfig } from '@playwright/test';
import { CHROMIUM_ARGS, CHROMIUM_PATH } from './support/chromium';

const root = path.resolve(__dirname, '../..');

/**
 * The stock OHIF with the plugin loaded by app-config.js alone, driven as a person does. One worker:
 * a software rasteriser and a model share the cores, and timings of two pages would disturb both.
 */
export default defineConfig({
  testDir: __dirname,
  testMatch: '**/*.spec.ts',
  // Of its own: Playwright empties it, and the other runners' reports are beside it.
  outputDir: path.join(root, 'test-results/e2e'),
  workers: 1,
  fullyParallel: false,
  retries: process.env.CI ? 1 : 0,
  timeout: 240_000,
  expect: { timeout: 60_000 },
  globalSetup: path.join(__dirname, 'support/globalSetup.ts'),
  reporter: [['list'], ['json', { outputFile: path.join(root, 'test-results/e2e.json') }]],
  use: {
    headless: true,
    viewport: { width: 1280, height: 800 },
    locale: 'en-US',
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: CHROMIUM_PATH, args: CHROMIUM_ARGS },
  },
});
