import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

export interface PageOptions {
  browser: string;
  /** The page's own script, an ES module; it posts its answers to `/answer…` and, at last, `/done`. */
  script: string;
  /** Folders by the first part of the URL. */
  folders: Record<string, string>;
  /** Bytes by URL, beside the folders. */
  files?: Record<string, Uint8Array>;
  /** WebGPU in software (SwiftShader): right answers without a GPU, hundreds of times slower. */
  softwareGpu?: boolean;
  timeoutMs: number;
  /** What the page posts, as it comes. */
  onAnswer(url: URL, body: Buffer): void;
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
};

const fileFor = async (
  { script, folders, files = {} }: PageOptions,
  pathname: string,
): Promise<Uint8Array | undefined> => {
  if (pathname === '/') {
    return Buffer.from(
      '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>',
    );
  }
  if (pathname === '/page.js') return Buffer.from(script);
  if (files[pathname]) return files[pathname];
  const [, first, ...rest] = decodeURIComponent(pathname).split('/');
  const folder = folders[first];
  if (!folder || rest.includes('..')) return undefined;
  return readFile(path.join(folder, ...rest)).catch(() => undefined);
};

const flags = (profile: string, software: boolean): string[] => [
  '--headless=new',
  `--user-data-dir=${profile}`,
  ...['--no-first-run', '--no-default-browser-check', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--disable-extensions'],
  // Chromium's sandbox does not start for root (containers).
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  '--enable-unsafe-webgpu',
  ...(software
    ? ['--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan', '--ignore-gpu-blocklist']
    : []),
];

/**
 * Opens a page of our own, cross-origin isolated, in a headless browser and waits for its `/done`. The
 * browser has a profile of its own and is ended afterwards. Refuses `browserFailed`.
 */
export const runPage = async (options: PageOptions): Promise<Outcome<void>> => {
  let done: (outcome: Outcome<void>) => void = () => undefined;
  const finished = new Promise<Outcome<void>>(resolve => (done = resolve));
  const failed = (reason: string) =>
    done(
      refuse('browserFailed', `${path.basename(options.browser)} did not finish: ${reason}.`, {
        reason,
      }),
    );
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    response.setHeader('Cache-Control', 'no-store');
    if (request.method === 'POST') {
      const body = await bodyOf(request);
      if (url.pathname === '/done') done(accept(undefined));
      else options.onAnswer(url, body);
      response.writeHead(204).end();
      return;
    }
    const body = await fileFor(options, url.pathname);
    const extension = url.pathname === '/' ? '.html' : path.extname(url.pathname);
    response.setHeader('Content-Type', TYPES[extension] ?? 'application/octet-stream');
    response.writeHead(body ? 200 : 404).end(body);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => response.destroy(error));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const profile = await mkdtemp(path.join(tmpdir(), 'second-reader-browser-'));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const child = spawn(options.browser, [...flags(profile, options.softwareGpu ?? false), url], {
    stdio: 'ignore',
    detached: process.platform !== 'win32',
  });
  child.on('error', error => failed(error.message));
  child.on('exit', code => failed(`it ended with ${code}`));
  const timer = setTimeout(
    () => failed(`no answer within ${Math.round(options.timeoutMs / 1000)} s`),
    options.timeoutMs,
  );
  const outcome = await finished;
  clearTimeout(timer);
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()));
  const running = child.exitCode === null && child.signalCode === null && child.pid !== undefined;
  if (running) {
    // The browser's own processes are in its group.
    try {
      process.kill(process.platform === 'win32' ? child.pid! : -child.pid!, 'SIGKILL');
    } catch {
      child.kill('SIGKILL');
    }
    await gone;
  }
  server.closeAllConnections();
  await new Promise<void>(resolve => server.close(() => resolve()));
  await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  return outcome;
};
