import type { IncomingMessage, ServerResponse } from 'node:http';
import { MAXIMUM_RESULTS, parseSearch, runSearch, type SearchScope } from '../qido/search';
import { isUid } from '../part10/identity';
import type { JsonDataSet } from '../part10/dicomJson';
import type { Archive } from '../store/archive';
import { parseAccept } from './accept';
import { sendDicomJson, sendJson, sendProblem } from './respond';
import {
  sendBulkData,
  sendFrames,
  sendInstances,
  sendMetadata,
  sendRendered,
  type RetrieveContext,
} from './retrieve';
import { parseRoute, type Route } from './route';
import { receiveInstances } from './store';

export const ARCHIVE_NOTICE = 'second-reader-archive (development and demonstration only)';

function retrieveUrl(rootUrl: string, scope: SearchScope, dataSet: JsonDataSet): string {
  const uid = (tag: string) => String(dataSet[tag]?.Value?.[0] ?? '');
  const study = `${rootUrl}/studies/${uid('0020000D')}`;
  if (scope.level === 'study') return study;
  const series = `${study}/series/${uid('0020000E')}`;
  return scope.level === 'series' ? series : `${series}/instances/${uid('00080018')}`;
}

function search(
  archive: Archive,
  scope: SearchScope,
  url: URL,
  rootUrl: string,
  response: ServerResponse,
): void {
  const query = parseSearch(scope, url.searchParams);
  if (!query.ok) {
    sendProblem(response, 400, query.refusal.message);
    return;
  }
  const { page, total } = runSearch(archive.catalog, query.value);
  const warnings: string[] = [];
  const remaining = total - query.value.offset - page.length;
  if (remaining > 0) {
    warnings.push(
      `299 second-reader "There are ${remaining} additional results that can be requested (at most ${MAXIMUM_RESULTS} at a time)"`,
    );
  }
  if (query.value.fuzzy) {
    warnings.push(
      '299 second-reader "The fuzzymatching parameter is not supported. Only literal matching has been performed."',
    );
  }
  if (warnings.length > 0) response.setHeader('Warning', warnings);
  for (const dataSet of page) {
    dataSet['00081190'] = { vr: 'UR', Value: [retrieveUrl(rootUrl, scope, dataSet)] };
  }
  sendDicomJson(response, 200, page);
}

async function retrieve(context: RetrieveContext): Promise<void> {
  const { route } = context;
  switch (route.resource) {
    case 'metadata':
      return sendMetadata(context);
    case 'rendered':
    case 'thumbnail':
      return sendRendered(context);
    case 'bulkdata':
      return sendBulkData(context);
    default:
      return route.frames ? sendFrames(context, route.frames) : sendInstances(context);
  }
}

const LEVEL = { studies: 'study', series: 'series', instances: 'instance' } as const;

const isCollection = (resource: Route['resource']): resource is keyof typeof LEVEL =>
  resource in LEVEL;

/** Answers requests below the DICOMweb root `rootPath` (no slash at the end) from an archive. */
export function dicomWebHandler(archive: Archive, rootPath: string) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
    const rootUrl = `${url.origin}${rootPath}`;
    response.setHeader('Server', ARCHIVE_NOTICE);
    response.setHeader('Cache-Control', 'no-cache');
    const path = url.pathname.slice(rootPath.length);
    const method = request.method ?? 'GET';
    if (path === '' || path === '/') {
      sendJson(response, 200, { archive: ARCHIVE_NOTICE, instances: archive.catalog.size });
      return;
    }
    const route = parseRoute(path);
    const uids = [route?.study, route?.series, route?.instance].filter(uid => uid !== undefined);
    if (!route || !uids.every(isUid)) {
      sendProblem(response, 404, `${path} is not a resource of this DICOMweb service.`);
      return;
    }
    if (method === 'POST') {
      const toStudies = route.resource === 'studies' && !route.study;
      const toStudy = route.resource === 'item' && route.study && !route.series && !route.instance;
      if (!toStudies && !toStudy) {
        sendProblem(
          response,
          405,
          'Instances are stored to /studies or /studies/{StudyInstanceUID}.',
        );
        return;
      }
      await receiveInstances(archive, request, response, rootUrl, route.study);
      return;
    }
    if (method === 'DELETE') {
      if (route.resource !== 'item' || !route.study || route.frames) {
        sendProblem(response, 405, 'A study, a series or an instance can be deleted.');
        return;
      }
      const removed = await archive.remove(route.study, route.series, route.instance);
      if (removed === 0) sendProblem(response, 404, 'There is no such study, series or instance.');
      else response.writeHead(204).end();
      return;
    }
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD, POST, DELETE');
      sendProblem(response, 405, `${method} is not one of GET, HEAD, POST, DELETE.`);
      return;
    }
    if (isCollection(route.resource)) {
      const scope: SearchScope = {
        level: LEVEL[route.resource],
        studyInstanceUID: route.study,
        seriesInstanceUID: route.series,
      };
      search(archive, scope, url, rootUrl, response);
      return;
    }
    const instances = archive.catalog.select(route.study, route.series, route.instance);
    if (instances.length === 0) {
      sendProblem(response, 404, 'There is no such study, series or instance.');
      return;
    }
    await retrieve({
      archive,
      route,
      instances,
      accepted: parseAccept(url.searchParams.get('accept') ?? request.headers.accept),
      parameters: url.searchParams,
      rootUrl,
      response,
    });
  };
}
