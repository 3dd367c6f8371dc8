import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { ROOT } from './support/paths';

/**
 * The UMD builds, for sites that build OHIF themselves and for runtime descriptors: they take React
 * from the host and are found under their package names. No OHIF on npm loads descriptors yet, so
 * the page here is the host: it does what the descriptor asks for, integrity included.
 */
const plugins = [
  { folder: 'extension/dist/umd', file: 'second-reader-extension' },
  { folder: 'mode/dist/umd', file: 'second-reader-mode' },
];

const HOST = 'http://host.test';
const source = (...parts: string[]) => fs.readFileSync(path.join(ROOT, ...parts), 'utf8');

for (const { folder, file } of plugins) {
  test(`${file} loads by its descriptor`, async ({ page }) => {
    const descriptor = JSON.parse(source(folder, `${file}.descriptor.json`)) as {
      packageName: string;
      globalName: string;
      importPath: string;
      integrity: string;
    };
    await page.route(`${HOST}/**`, route => {
      const { pathname } = new URL(route.request().url());
      return pathname === descriptor.importPath
        ? route.fulfill({ contentType: 'text/javascript', body: source(folder, `${file}.js`) })
        : route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>host</title>' });
    });
    await page.goto(HOST);
    await page.addScriptTag({ content: source('node_modules/react/umd/react.production.min.js') });
    await page.addScriptTag({
      content: source('node_modules/react-dom/umd/react-dom.production.min.js'),
    });
    const id = await page.evaluate(async ({ importPath, integrity, globalName }) => {
      const shared = window as unknown as Record<string, unknown>;
      shared['react'] = shared.React;
      shared['react-dom'] = shared.ReactDOM;
      const script = document.createElement('script');
      Object.assign(script, { src: importPath, integrity, crossOrigin: 'anonymous' });
      await new Promise((resolve, reject) => {
        script.onload = resolve;
        script.onerror = () => reject(new Error('not loaded: wrong integrity or no such file'));
        document.head.append(script);
      });
      return (shared[globalName] as { id?: string }).id;
    }, descriptor);
    expect(id).toBe(descriptor.packageName);
  });
}
