import type { IncomingMessage, ServerResponse } from 'node:http';
import sirv from 'sirv';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** What the platform's table of types does not know. */
const TYPES: Record<string, string> = {
  '.onnx': 'application/octet-stream',
  '.ort': 'application/octet-stream',
  '.data': 'application/octet-stream',
  '.mjs': 'text/javascript;charset=utf-8',
  '.wasm': 'application/wasm',
};

/** Names that carry a hash of their contents never change; all else is asked about again. */
const HASHED = /[.-][0-9a-f]{16,}\.|(^|\/)[0-9a-f]{16,20}\.[a-z0-9]+$/;

function setHeaders(response: ServerResponse, pathname: string): void {
  const extension = /\.[^./]+$/.exec(pathname)?.[0] ?? '';
  const type = TYPES[extension];
  if (type) response.setHeader('Content-Type', type);
  response.setHeader(
    'Cache-Control',
    HASHED.test(pathname) ? 'public, max-age=31536000, immutable' : 'no-cache',
  );
}

/** Serves a folder that does not change while it is served, with ETags and ranges. */
export function fixedFolder(folder: string, singlePage: boolean) {
  return sirv(folder, { etag: true, single: singlePage, setHeaders, dotfiles: true });
}

/** Serves a folder whose files may be rebuilt meanwhile. */
export function livingFolder(folder: string) {
  return sirv(folder, { dev: true, etag: true, setHeaders });
}
