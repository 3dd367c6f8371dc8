import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { identityOf } from '../../cli/src/archive/part10/identity';
import { readPart10 } from '../../cli/src/archive/part10/reader';
import { parseMediaType, parseMultipart } from '../../cli/src/archive/stow/multipart';
import { startArchive, type ArchiveServer } from '../../cli/src/testing/archiveServer';

/** What befalls a request to store; with `stored` the archive has kept the object all the same. */
export interface Fault {
  /** Without one the connection breaks and nobody hears an answer. */
  status?: number;
  /** As it stands, or as DICOM JSON. */
  body?: unknown;
  stored?: boolean;
}

export interface StoreRequest {
  sopInstanceUID: string;
  sopClassUID: string;
  /** How many requests to store there were before. */
  before: number;
  authorization?: string;
}

export interface FaultyArchive {
  root: string;
  /** The real archive behind it. */
  archive: ArchiveServer;
  /** SOP Instance UIDs as they were sent, again and again. */
  sent: string[];
  fault?: (request: StoreRequest) => Fault | undefined;
  /** Nothing is answered until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** SOP Instance and Class UIDs of a study, as the archive lists them. */
  instances(study: string): Promise<Array<{ sopInstanceUID: string; sopClassUID: string }>>;
  close(): Promise<void>;
}

const onlyPart = (body: Buffer, contentType: string): Buffer => {
  const { boundary } = parseMediaType(contentType).parameters;
  const parsed = parseMultipart(body, boundary);
  if (!parsed.ok) throw new Error(parsed.refusal.message);
  const [part, ...others] = parsed.value.parts;
  if (others.length > 0) throw new Error(`One object a request; there were ${others.length + 1}`);
  return part.body;
};

const identified = (file: Buffer) => {
  const read = readPart10(file);
  const identity = read.ok ? identityOf(read.value) : read;
  if (!identity.ok) throw new Error(identity.refusal.message);
  return identity.value;
};

/** The command line's own archive, behind a server that fails as it is told to. */
export const startFaultyArchive = async (): Promise<FaultyArchive> => {
  const archive = await startArchive();
  const faulty = { archive, sent: [] as string[] } as unknown as FaultyArchive;

  const relay = async (
    request: http.IncomingMessage,
    response: http.ServerResponse,
    body: Buffer,
  ) => {
    const { host: _host, connection: _connection, ...headers } = request.headers;
    const answer = await fetch(`${archive.root}${request.url!.slice('/dicom-web'.length)}`, {
      method: request.method,
      headers: headers as Record<string, string>,
      body: request.method === 'POST' ? new Uint8Array(body) : undefined,
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    response.writeHead(answer.status, {
      'Content-Type': answer.headers.get('content-type') ?? 'application/octet-stream',
    });
    response.end(bytes);
  };

  const handle = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    if (request.method !== 'POST') return relay(request, response, body);
    const file = onlyPart(body, request.headers['content-type']!);
    const { sopInstanceUID, sopClassUID } = identified(file);
    const before = faulty.sent.length;
    faulty.sent.push(sopInstanceUID);
    const { authorization } = request.headers;
    const fault = faulty.fault?.({ sopInstanceUID, sopClassUID, before, authorization });
    if (!fault) return relay(request, response, body);
    if (fault.stored) await archive.archive.store(file);
    if (fault.status === undefined) return request.socket.destroy();
    const isText = typeof fault.body === 'string';
    response.writeHead(fault.status, {
      'Content-Type': isText ? 'text/plain' : 'application/dicom+json',
    });
    response.end(isText ? fault.body : fault.body && JSON.stringify(fault.body));
  };

  let server: http.Server | undefined;
  let port = 0;
  const up = async () => {
    const opened = http.createServer((request, response) => {
      handle(request, response).catch((error: unknown) => {
        response.writeHead(500);
        response.end(String(error));
      });
    });
    opened.keepAliveTimeout = 60_000;
    await new Promise<void>(resolve => opened.listen(port, '127.0.0.1', resolve));
    port = (opened.address() as AddressInfo).port;
    server = opened;
  };
  const down = async () => {
    server?.closeAllConnections();
    await new Promise<void>(resolve => (server ? server.close(() => resolve()) : resolve()));
    server = undefined;
  };
  await up();
  return Object.assign(faulty, {
    root: `http://127.0.0.1:${port}/dicom-web`,
    up,
    down,
    async instances(study: string) {
      const answer = await fetch(`${archive.root}/studies/${study}/instances`);
      const items = (await answer.json()) as Array<Record<string, { Value: string[] }>>;
      return items.map(item => ({
        sopInstanceUID: item['00080018'].Value[0],
        sopClassUID: item['00080016'].Value[0],
      }));
    },
    async close() {
      await down();
      await archive.close();
    },
  });
};

const uid = (value: string) => ({ vr: 'UI', Value: [value] });
const us = (value: number) => ({ vr: 'US', Value: [value] });

/** Store Instances Responses (PS3.18 I.2) of an archive that has something to say. */
export const refusing = (sopInstanceUID: string, failureReason: number) => ({
  '00081198': {
    vr: 'SQ',
    Value: [{ '00081155': uid(sopInstanceUID), '00081197': us(failureReason) }],
  },
});
export const warning = (sopInstanceUID: string, warningReason: number) => ({
  '00081199': {
    vr: 'SQ',
    Value: [{ '00081155': uid(sopInstanceUID), '00081196': us(warningReason) }],
  },
});
