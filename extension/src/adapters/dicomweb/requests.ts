import { z } from 'zod';
import { accept, refuse, type Outcome } from '../../core/outcome';

/** Where the archive is and what it asks for, read anew for each call: tokens are renewed. */
export interface DicomWebEndpoint {
  qidoRoot: string;
  wadoRoot: string;
  stowRoot: string;
  headers(): Record<string, string>;
}

export const JSON_TYPE = 'application/dicom+json';
/** An archive that says nothing for so long is taken for unreachable. */
const TIMEOUT = 60_000;

const element = z.looseObject({ vr: z.string(), Value: z.array(z.unknown()).optional() });
const dataset = z.record(z.string(), element);
const datasets = z.array(dataset);
export type Dataset = z.infer<typeof dataset>;

export const textOf = (item: Dataset, tag: string): string | undefined => {
  const value = item[tag]?.Value?.[0];
  return typeof value === 'string' ? value : undefined;
};

export const withoutSlash = (root: string) => root.replace(/\/+$/, '');

export const failed = (url: string, detail: string): Outcome<never> =>
  refuse('archiveFailed', `The archive at ${url} gave an answer that cannot be used: ${detail}`, {
    url,
    detail,
  });

/** Requests to an archive; every failure on the way is an outcome. */
export const createRequests = (endpoint: () => DicomWebEndpoint | undefined) => {
  const ask = async (url: string, init: RequestInit = {}): Promise<Outcome<Response>> => {
    const headers = { ...endpoint()?.headers(), ...(init.headers as Record<string, string>) };
    let response: Response;
    try {
      response = await fetch(url, { ...init, headers, signal: AbortSignal.timeout(TIMEOUT) });
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return refuse('archiveUnreachable', `The archive at ${url} cannot be reached: ${detail}`, {
        url,
        detail,
      });
    }
    const { status } = response;
    if (status === 401 || status === 403) {
      return refuse('archiveUnauthorized', `The archive at ${url} refused access (${status})`, {
        url,
        status,
      });
    }
    if (status === 502 || status === 503 || status === 504) {
      return refuse('archiveUnreachable', `The archive at ${url} cannot be reached (${status})`, {
        url,
        detail: String(status),
      });
    }
    return accept(response);
  };

  const askJson = async (url: string): Promise<Outcome<Dataset[]>> => {
    const answer = await ask(url, { headers: { Accept: JSON_TYPE } });
    if (!answer.ok) return answer;
    // No matches: 204, or 200 with an empty list (PS3.18 8.3.4.4); some archives say 404.
    if (answer.value.status === 204 || answer.value.status === 404) return accept([]);
    if (!answer.value.ok) return failed(url, `status ${answer.value.status}`);
    const parsed = datasets.safeParse(await answer.value.json().catch(() => undefined));
    return parsed.success ? accept(parsed.data) : failed(url, 'not DICOM JSON');
  };

  return { ask, askJson };
};
export type Requests = ReturnType<typeof createRequests>;
