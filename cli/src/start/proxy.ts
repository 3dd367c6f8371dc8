import http, {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import https from 'node:https';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Transform } from 'node:stream';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { sendProblem } from '../archive/http/respond';

export interface UpstreamArchive {
  /** DICOMweb root of the PACS, without a slash at the end. */
  url: URL;
  /** Value of the Authorization header, from the environment; never sent to the page. */
  authorization?: string;
}

/** RFC 9110 7.6.1: these belong to one connection. */
const HOP_BY_HOP = new Set(
  ['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
); // prettier-ignore
/** The page's own: of no use to the PACS, or not its business. */
const NOT_FORWARDED = new Set(['host', 'cookie', 'authorization', 'origin', 'referer', 'expect']);
/** Ours to say: the page is isolated, and reads its own origin only. */
const NOT_RETURNED =
  /^(set-cookie|access-control-|cross-origin-|www-authenticate$|strict-transport-security$)/;

/** Credentials of the archive, from the environment only. */
export function authorizationFrom(env: NodeJS.ProcessEnv): string | undefined {
  if (env.SECOND_READER_DICOMWEB_AUTHORIZATION) {
    return env.SECOND_READER_DICOMWEB_AUTHORIZATION;
  }
  const user = env.SECOND_READER_DICOMWEB_USER;
  if (user === undefined) {
    return undefined;
  }
  const password = env.SECOND_READER_DICOMWEB_PASSWORD ?? '';
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Refuses with `badDicomWebUrl`: no http(s) URL, or one with credentials in it. */
export function parseUpstream(
  text: string,
  env: NodeJS.ProcessEnv,
  option = '--dicomweb',
): Outcome<UpstreamArchive> {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return refuse(
      'badDicomWebUrl',
      `${option} ${text} is not a URL such as http://localhost:8042/dicom-web.`,
      { url: text },
    );
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return refuse('badDicomWebUrl', `${option} takes http: and https:, not ${url.protocol}`, {
      url: text,
    });
  }
  if (url.username || url.password) {
    return refuse(
      'badDicomWebUrl',
      `Credentials do not belong in ${option}; set SECOND_READER_DICOMWEB_USER and SECOND_READER_DICOMWEB_PASSWORD, or SECOND_READER_DICOMWEB_AUTHORIZATION.`,
    );
  }
  url.pathname = url.pathname.replace(/\/+$/, '');
  url.search = '';
  url.hash = '';
  return accept({ url, authorization: authorizationFrom(env) });
}

const rootOf = ({ url }: UpstreamArchive): string => url.origin + url.pathname.replace(/\/$/, '');

/** Whether the PACS answers a search. Refuses with `pacsUnreachable`, `pacsUnauthorized`, `pacsNoDicomWeb`. */
export async function probeUpstream(upstream: UpstreamArchive): Promise<Outcome<void>> {
  const root = rootOf(upstream);
  let status: number;
  let type: string;
  try {
    const response = await fetch(`${root}/studies?limit=1`, {
      headers: {
        Accept: 'application/dicom+json',
        ...(upstream.authorization ? { Authorization: upstream.authorization } : {}),
      },
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
    });
    ({ status } = response);
    type = response.headers.get('content-type') ?? '';
    await response.body?.cancel();
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } };
    const reason = cause?.code ?? message;
    return refuse('pacsUnreachable', `The PACS at ${root} cannot be reached (${reason}).`, {
      url: root,
      reason,
    });
  }
  if (status === 401 || status === 403) {
    return refuse(
      'pacsUnauthorized',
      `The PACS at ${root} refuses the credentials (status ${status}); set SECOND_READER_DICOMWEB_USER and SECOND_READER_DICOMWEB_PASSWORD, or SECOND_READER_DICOMWEB_AUTHORIZATION.`,
      { url: root, status },
    );
  }
  if (status !== 204 && !(status === 200 && type.includes('json'))) {
    return refuse(
      'pacsNoDicomWeb',
      `${root} does not answer as DICOMweb: a search for studies gives ${status} ${type}.`,
      { url: root, status, type },
    );
  }
  return accept(undefined);
}

function forwardedHeaders(headers: IncomingHttpHeaders, authorization?: string) {
  const named = new Set(
    String(headers.connection ?? '')
      .split(',')
      .map(name => name.trim().toLowerCase()),
  );
  const forwarded: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || HOP_BY_HOP.has(name) || NOT_FORWARDED.has(name)) continue;
    if (named.has(name) || name.startsWith('sec-')) continue;
    forwarded[name] = value;
  }
  if (authorization) forwarded.authorization = authorization;
  return forwarded;
}

function decoderOf(encoding: string | undefined): Transform | undefined {
  if (encoding === 'gzip' || encoding === 'x-gzip') return createGunzip();
  if (encoding === 'deflate') return createInflate();
  return encoding === 'br' ? createBrotliDecompress() : undefined;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const decoder = decoderOf(answer.headers['content-encoding']);
  const chunks: Buffer[] = [];
  for await (const chunk of decoder ? answer.pipe(decoder) : answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * A reverse proxy of `rootPath` to a PACS. Bodies are streamed; in DICOM JSON the PACS's own absolute
 * URLs (BulkDataURI, RetrieveURL) are turned to the page's, which could not read another origin.
 * Unless `writable`, only reading passes: at maturity `research` nothing is written to a PACS.
 */
export function dicomWebProxy(
  upstream: UpstreamArchive,
  { rootPath, writable }: { rootPath: string; writable: boolean },
) {
  const root = rootOf(upstream);
  const client = upstream.url.protocol === 'https:' ? https : http;
  const agent = new client.Agent({ keepAlive: true, maxSockets: 32 });
  const methods = writable ? ['GET', 'HEAD', 'POST'] : ['GET', 'HEAD'];

  return (request: IncomingMessage, response: ServerResponse): void => {
    const method = request.method ?? 'GET';
    if (!methods.includes(method)) {
      request.resume();
      const because =
        method === 'POST'
          ? 'nothing is stored in the PACS at maturity "research"'
          : `it is not one of ${methods.join(', ')}`;
      sendProblem(
        response,
        method === 'POST' ? 403 : 405,
        `${method} is not passed on: ${because}.`,
      );
      return;
    }
    const own = `http://${request.headers.host ?? 'localhost'}${rootPath}`;
    const target = new URL(root + (request.url ?? '').slice(rootPath.length));
    const forward = client.request(
      target,
      { method, agent, headers: forwardedHeaders(request.headers, upstream.authorization) },
      answer => {
        const status = answer.statusCode ?? 502;
        const json = /json/.test(answer.headers['content-type'] ?? '');
        for (const [name, value] of Object.entries(answer.headers)) {
          if (value === undefined || HOP_BY_HOP.has(name) || NOT_RETURNED.test(name)) continue;
          if (json && (name === 'content-length' || name === 'content-encoding' || name === 'etag'))
            continue;
          const moved = name === 'location' || name === 'content-location';
          response.setHeader(name, moved ? String(value).replace(root, own) : value);
        }
        if (json && method !== 'HEAD') {
          textOf(answer).then(
            text => response.writeHead(status).end(text.replaceAll(root, own)),
            () => failed('the answer is torn off'),
          );
          return;
        }
        response.writeHead(status);
        answer.on('error', () => response.destroy());
        answer.pipe(response);
      },
    );
    const failed = (reason: string) => {
      if (response.headersSent) response.destroy();
      else sendProblem(response, 502, `The PACS at ${root} does not answer (${reason}).`);
    };
    forward.setTimeout(120_000, () => forward.destroy(new Error('no answer within 120 s')));
    forward.on('error', error => failed((error as NodeJS.ErrnoException).code ?? error.message));
    response.on('close', () => {
      if (!response.writableFinished) forward.destroy();
    });
    request.pipe(forward);
  };
}
