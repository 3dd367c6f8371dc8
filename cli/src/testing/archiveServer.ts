import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { dicomWebHandler } from '../archive/http/handler';
import { Archive } from '../archive/store/archive';
import { stowBody } from './dicom';

export const temporaryFolder = (): Promise<string> =>
  mkdtemp(path.join(os.tmpdir(), 'second-reader-test-'));

export interface ArchiveServer {
  archive: Archive;
  root: string;
  store(files: Uint8Array[], study?: string): Promise<Response>;
  close(): Promise<void>;
}

/** A real archive in a real folder behind a real port. */
export async function startArchive(given?: string): Promise<ArchiveServer> {
  const folder = given ?? (await temporaryFolder());
  const opened = await Archive.open(folder);
  if (!opened.ok) throw new Error(opened.refusal.message);
  const handler = dicomWebHandler(opened.value, '/dicom-web');
  const server = http.createServer((request, response) => void handler(request, response));
  // A busy machine holds a test up for longer than the five seconds after which Node hangs up.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}/dicom-web`;
  return {
    archive: opened.value,
    root,
    store: (files, study) =>
      fetch(`${root}/studies${study ? `/${study}` : ''}`, { method: 'POST', ...stowBody(files) }),
    async close() {
      server.closeAllConnections();
      await new Promise<void>(resolve => server.close(() => resolve()));
      if (!given) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Parts of a multipart answer, split by another way than the server's own parser. */
export async function partsOf(response: Response): Promise<Array<{ type: string; body: Buffer }>> {
  const boundary = /boundary=([^;]+)/.exec(response.headers.get('content-type') ?? '')?.[1];
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString('latin1');
  const parts: Array<{ type: string; body: Buffer }> = [];
  for (const piece of text.split(`--${boundary}`).slice(1, -1)) {
    const [head, ...rest] = piece.replace(/^\r\n/, '').split('\r\n\r\n');
    parts.push({
      type: /content-type: *(.*)/i.exec(head)?.[1].trim() ?? '',
      body: Buffer.from(rest.join('\r\n\r\n').replace(/\r\n$/, ''), 'latin1'),
    });
  }
  return parts;
}
