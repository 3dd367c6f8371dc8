import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

const TYPES: Record<string, string> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.onnx': 'application/octet-stream',
};

/** What a worker of the plugin is made to do, by a script that runs before it. */
export type Mishap = 'none' | 'closes' | 'throws' | 'hangs' | 'losesDevice';

/** After this many reports of the phase `infer` the mishap happens. */
const AFTER = 5;

const onInfer = (action: string) => `
  const post = self.postMessage.bind(self);
  let count = 0;
  self.postMessage = (message, transfer) => {
    post(message, transfer);
    if (message?.progress?.phase === 'infer' && ++count === ${AFTER}) { ${action} }
  };`;

const MISHAPS: Record<Mishap, string> = {
  none: '',
  closes: onInfer('self.close();'),
  throws: onInfer(`setTimeout(() => { throw new Error('torn heap'); });`),
  hangs: onInfer('for (;;) {}'),
  losesDevice: `
    let device;
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...given) {
      return (device = await request.apply(this, given));
    };
    ${onInfer('device.destroy();')}`,
};

export interface TestServer {
  origin: string;
  /** What befalls the next workers, one entry each; afterwards none. */
  mishaps: Mishap[];
  requests: string[];
  close(): Promise<void>;
}

/**
 * The bare pages `/isolated` and `/plain`, the built plugin under `/plugin/` (and under `/mishap/`,
 * where its worker starts with a mishap), bundles of this test under `/test/`, networks under
 * `/models/`, voxels under `/volume/`.
 */
export const startTestServer = async (folders: {
  plugin: string;
  test: string;
  models: string;
  volume?: string;
}): Promise<TestServer> => {
  const mishaps: Mishap[] = [];
  const requests: string[] = [];
  let pending: Mishap = 'none';

  const file = async (pathname: string): Promise<Buffer | string | undefined> => {
    if (pathname === '/isolated' || pathname === '/plain') {
      return '<!doctype html><title>engines</title><script type="module" src="/test/page.js"></script>';
    }
    if (pathname === '/mishap/inference-worker.js') {
      pending = mishaps.shift() ?? 'none';
      return `import './before-${requests.length}.js'; import './worker.js';`;
    }
    if (pathname.startsWith('/mishap/before-')) return MISHAPS[pending];
    const served = pathname.replace(/^\/mishap\/worker\.js$/, '/plugin/inference-worker.js');
    const [, folder, ...rest] = served.replace(/^\/mishap\//, '/plugin/').split('/');
    const base = folders[folder as keyof typeof folders];
    if (!base || rest.includes('..')) return undefined;
    return readFile(path.join(base, ...rest)).catch(() => undefined);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    requests.push(pathname);
    const body = await file(pathname);
    if (pathname !== '/plain') {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    }
    response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Cache-Control', 'no-store');
    const type = TYPES[path.extname(pathname)] ?? 'text/html';
    response.writeHead(body === undefined ? 404 : 200, { 'Content-Type': type }).end(body);
  };

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mishaps,
    requests,
    close: () =>
      new Promise(resolve => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};
