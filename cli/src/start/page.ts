import { existsSync } from 'node:fs';
import path from 'node:path';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { sendJson, sendProblem, sendText } from '../archive/http/respond';
import type { Workspace } from '../workspace';
import { MODEL_INDEX_PATH, PLUGIN_PATH } from './appConfig';
import { modelIndex, type ServedPackage } from './models';
import { fixedFolder, livingFolder } from './static';

export interface PageOptions {
  ohifFolder: string;
  workspace: Workspace;
  packages: ServedPackage[];
  appConfig: string;
}

/** Refuses with `pluginNotBuilt` where the extension or the mode is not there. */
export function checkPlugin({ extension, mode }: Workspace): Outcome<void> {
  const missing = [path.join(extension, 'extension.js'), path.join(mode, 'mode.js')].filter(
    file => !existsSync(file),
  );
  return missing.length === 0
    ? accept(undefined)
    : refuse(
        'pluginNotBuilt',
        `The plugin is not built (${missing.join(', ')}); run "npm run build".`,
        {
          missing: missing.join(', '),
        },
      );
}

type Served = ReturnType<typeof livingFolder>;

/** Passes a request on with the beginning of its path taken off. */
function below(
  prefix: string,
  serve: Served,
  request: IncomingMessage,
  response: ServerResponse,
  next: () => void,
) {
  const url = request.url ?? '/';
  request.url = url.slice(prefix.length) || '/';
  serve(request, response, () => {
    request.url = url;
    next();
  });
}

/**
 * The page: the stock viewer, the configuration that loads the plugin, the plugin and the models. The
 * mode's route begins as the plugin's folder does (`/second-reader`): what is a file there is the
 * plugin's, all else is the viewer's own page.
 */
export function pageHandler({ ohifFolder, workspace, packages, appConfig }: PageOptions) {
  const viewer = fixedFolder(ohifFolder, true);
  const extension = livingFolder(workspace.extension);
  const mode = livingFolder(workspace.mode);
  const models = new Map(packages.map(({ name, folder }) => [name, livingFolder(folder)]));

  const notFound = (response: ServerResponse, pathname: string) =>
    sendProblem(response, 404, `${pathname} is not served here.`);

  const servePlugin = (request: IncomingMessage, response: ServerResponse, pathname: string) => {
    below(PLUGIN_PATH, extension, request, response, () =>
      below(PLUGIN_PATH, mode, request, response, () => notFound(response, pathname)),
    );
  };

  return (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      request.resume();
      sendProblem(response, 405, `${request.method} is not one of GET, HEAD.`);
      return;
    }
    if (pathname === '/app-config.js') {
      response.setHeader('Cache-Control', 'no-store');
      sendText(response, 200, appConfig, 'text/javascript;charset=utf-8');
      return;
    }
    if (pathname === MODEL_INDEX_PATH) {
      response.setHeader('Cache-Control', 'no-cache');
      sendJson(response, 200, modelIndex(packages));
      return;
    }
    const modelsPath = `${PLUGIN_PATH}/models/`;
    if (pathname.startsWith(modelsPath)) {
      const name = pathname.slice(modelsPath.length).split('/')[0];
      const serve = models.get(decodeURIComponent(name));
      if (serve) {
        below(modelsPath + name, serve, request, response, () => notFound(response, pathname));
      } else {
        notFound(response, pathname);
      }
      return;
    }
    if (pathname.startsWith(`${PLUGIN_PATH}/`) && /\.[^./]+$/.test(pathname)) {
      servePlugin(request, response, pathname);
      return;
    }
    viewer(request, response, () => notFound(response, pathname));
  };
}
