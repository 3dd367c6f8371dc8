import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { dicomWebHandler } from '../archive/http/handler';
import { sendProblem } from '../archive/http/respond';
import { Archive } from '../archive/store/archive';
import { resolveOhif } from '../ohif/resolve';
import { findWorkspace, type Workspace } from '../workspace';
import { appConfigScript, DICOM_WEB_PATH, type Maturity } from './appConfig';
import { ingest } from './ingest';
import { findPackages } from './models';
import type { StartOptions } from './options';
import { checkPlugin, pageHandler } from './page';
import { dicomWebProxy, parseUpstream, probeUpstream } from './proxy';
import { addSamplePatient, needsSamplePatient } from './sample';
import type { Handler } from './static';

const HOST = '127.0.0.1';

export interface RunningServer {
  /** The one URL to open, ending in "/". */
  url: string;
  port: number;
  maturity: Maturity;
  ohifVersion?: string;
  /** The embedded archive; undefined with `--dicomweb`. */
  archive?: Archive;
  close(): Promise<void>;
}

/** A page that may use shared memory (WASM threads): HTML standard, cross-origin isolation. */
function isolate(response: ServerResponse): void {
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('X-Content-Type-Options', 'nosniff');
}

/**
 * The server is for this machine only. A name that another site lets point at 127.0.0.1 (DNS
 * rebinding) must not read studies, so requests have to name this machine.
 */
function namesThisMachine(request: IncomingMessage): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(request.headers.host ?? '');
}

function listen(server: http.Server, port: number): Promise<Outcome<number>> {
  return new Promise(resolve => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      resolve(
        error.code === 'EADDRINUSE'
          ? refuse(
              'portInUse',
              `Port ${port} is in use by another program; choose another one with --port.`,
              { port },
            )
          : refuse(
              'cannotListen',
              `Port ${port} cannot be opened (${error.code ?? error.message}); choose another one with --port.`,
              {
                port,
                reason: error.code ?? error.message,
              },
            ),
      );
    });
    server.listen(port, HOST, () => resolve(accept((server.address() as AddressInfo).port)));
  });
}

function route(page: Handler, dicomWeb: Handler) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    isolate(response);
    if (!namesThisMachine(request)) {
      request.resume();
      sendProblem(
        response,
        403,
        `Host "${request.headers.host ?? ''}" is not this machine (127.0.0.1 or localhost).`,
      );
      return;
    }
    try {
      const path = request.url ?? '/';
      const below = path === DICOM_WEB_PATH || /^\/dicom-web[/?]/.test(path);
      await (below ? dicomWeb : page)(request, response);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else sendProblem(response, 500, `The server failed: ${(error as Error).message}`);
    }
  };
}

async function openArchive(options: StartOptions): Promise<Outcome<Archive>> {
  const say = options.say ?? (() => undefined);
  const archive = await Archive.open(options.data);
  if (!archive.ok) return archive;
  for (const { file, refusal } of archive.value.skipped) {
    say(`Left aside: ${file}. ${refusal.message}`);
  }
  if (options.dicom.length > 0) {
    const added = await ingest(archive.value, options.dicom, options.progress);
    if (!added.ok) return added;
    added.value.forEach(say);
  }
  if (options.sample && needsSamplePatient(archive.value)) {
    const sample = await addSamplePatient(archive.value, options.progress);
    if (!sample.ok) return sample;
    say(sample.value);
  }
  return archive;
}

/**
 * Starts everything `second-reader start` serves. Resolves when the page can be opened. Refuses with
 * what is in the way: the plugin not built, OHIF not there, a folder, the PACS, the port.
 */
export async function startServer(
  options: StartOptions,
  workspace: Workspace = findWorkspace(),
): Promise<Outcome<RunningServer>> {
  const say = options.say ?? (() => undefined);
  const plugin = checkPlugin(workspace);
  if (!plugin.ok) return plugin;
  const packages = findPackages(workspace.models, options.models);
  if (!packages.ok) return packages;
  const upstream = options.dicomweb ? parseUpstream(options.dicomweb, process.env) : undefined;
  if (upstream && !upstream.ok) return upstream;
  const maturity = options.maturity ?? (upstream ? 'research' : 'feedback');

  // The port first: nothing is fetched or written for a server that cannot run.
  let answer: (request: IncomingMessage, response: ServerResponse) => Promise<void> = async (
    _,
    response,
  ) => sendProblem(response, 503, 'The server is starting.');
  const server = http.createServer((request, response) => void answer(request, response));
  const port = await listen(server, options.port);
  if (!port.ok) return port;
  const close = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const stop = async <T extends { ok: false }>(refused: T): Promise<T> => {
    await close();
    return refused;
  };

  const ohif = await resolveOhif(options.ohif, say);
  if (!ohif.ok) return stop(ohif);
  let archive: Archive | undefined;
  let dicomWeb: Handler;
  let archiveName: string;
  if (upstream) {
    const reached = await probeUpstream(upstream.value);
    if (!reached.ok) return stop(reached);
    dicomWeb = dicomWebProxy(upstream.value, {
      rootPath: DICOM_WEB_PATH,
      writable: maturity !== 'research',
    });
    archiveName = `PACS at ${upstream.value.url.host}`;
  } else {
    const opened = await openArchive(options);
    if (!opened.ok) return stop(opened);
    archive = opened.value;
    dicomWeb = dicomWebHandler(archive, DICOM_WEB_PATH);
    archiveName = 'Development archive on this machine';
  }
  const appConfig = appConfigScript({
    maturity,
    archiveName,
    uploadEnabled: !upstream || maturity !== 'research',
  });
  const page = pageHandler({
    ohifFolder: ohif.value.folder,
    workspace,
    packages: packages.value,
    appConfig,
  });
  answer = route(page, dicomWeb);
  return accept({
    url: `http://${HOST}:${port.value}/`,
    port: port.value,
    maturity,
    ohifVersion: ohif.value.version,
    archive,
    close,
  });
}
