import { z } from 'zod';
import { accept, refuse, type Outcome } from '../../core/outcome';
import type { EvidenceArchive, SourceMetadata } from '../../core/reading/ports';
import { decodeMultipart, encodeMultipart } from './multipart';
import { parseStoreResponse } from './storeResponse';

/** Where the archive is and what it asks for, read anew for each call: tokens are renewed. */
export interface DicomWebEndpoint {
  qidoRoot: string;
  wadoRoot: string;
  stowRoot: string;
  headers(): Record<string, string>;
}

const SOP_INSTANCE_UID = '00080018';
const MANUFACTURER = '00080070';
const SERIES_INSTANCE_UID = '0020000E';
const JSON_TYPE = 'application/dicom+json';
/** An archive that says nothing for so long is taken for unreachable. */
const TIMEOUT = 60_000;

const element = z.looseObject({ vr: z.string(), Value: z.array(z.unknown()).optional() });
const dataset = z.record(z.string(), element);
const datasets = z.array(dataset);
type Dataset = z.infer<typeof dataset>;

const textOf = (item: Dataset, tag: string): string | undefined => {
  const value = item[tag]?.Value?.[0];
  return typeof value === 'string' ? value : undefined;
};

const withoutSlash = (root: string) => root.replace(/\/+$/, '');

/**
 * The archive behind the viewer's data source, by DICOMweb (PS3.18). Every failure is an outcome:
 * unreachable, unauthorised, an answer that is no DICOMweb.
 *
 * @param manufacturer - Manufacturer (0008,0070) that marks evidence as ours.
 */
export const createEvidenceArchive = (
  endpoint: () => DicomWebEndpoint | undefined,
  manufacturer: string,
): EvidenceArchive => {
  const noArchive = () =>
    refuse(
      'archiveAbsent',
      "The viewer's data source is no DICOMweb archive: nothing can be stored",
    );

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

  const failed = (url: string, detail: string): Outcome<never> =>
    refuse('archiveFailed', `The archive at ${url} gave an answer that cannot be used: ${detail}`, {
      url,
      detail,
    });

  const askJson = async (url: string): Promise<Outcome<Dataset[]>> => {
    const answer = await ask(url, { headers: { Accept: JSON_TYPE } });
    if (!answer.ok) return answer;
    // No matches: 204, or 200 with an empty list (PS3.18 8.3.4.4); some archives say 404.
    if (answer.value.status === 204 || answer.value.status === 404) return accept([]);
    if (!answer.value.ok) return failed(url, `status ${answer.value.status}`);
    const parsed = datasets.safeParse(await answer.value.json().catch(() => undefined));
    return parsed.success ? accept(parsed.data) : failed(url, 'not DICOM JSON');
  };

  const retrieveSeries = async (seriesUrl: string): Promise<Outcome<ArrayBuffer[]>> => {
    const answer = await ask(seriesUrl, {
      headers: { Accept: 'multipart/related; type="application/dicom"; transfer-syntax=*' },
    });
    if (!answer.ok) return answer;
    if (!answer.value.ok) return failed(seriesUrl, `status ${answer.value.status}`);
    const contentType = answer.value.headers.get('content-type') ?? '';
    const parts = decodeMultipart(await answer.value.arrayBuffer(), contentType);
    return parts ? accept(parts) : failed(seriesUrl, `content type "${contentType}"`);
  };

  return {
    async store(objects) {
      const studies = new Set(objects.map(object => object.studyInstanceUID));
      const [study] = studies;
      if (studies.size !== 1) throw new Error(`One study a store; there were ${studies.size}`);
      const roots = endpoint();
      if (!roots) return noArchive();
      const url = `${withoutSlash(roots.stowRoot)}/studies/${study}`;
      const boundary = `second-reader-${objects[0].sopInstanceUID}`;
      const { body, contentType } = encodeMultipart(
        objects.map(object => object.part10),
        boundary,
      );
      const answer = await ask(url, {
        method: 'POST',
        body,
        headers: { 'Content-Type': contentType, Accept: JSON_TYPE },
      });
      if (!answer.ok) return answer;
      const { status } = answer.value;
      const text = await answer.value.text();
      let parsed: unknown;
      try {
        parsed = text.trim() === '' ? undefined : JSON.parse(text);
      } catch {
        return failed(url, `status ${status}, not JSON`);
      }
      const acknowledged = parseStoreResponse(status, parsed, objects);
      return acknowledged ? accept(acknowledged) : failed(url, `status ${status}`);
    },

    async retrieveOwn(studyInstanceUID) {
      const roots = endpoint();
      // Files of this workstation have no archive behind them, so no stored evidence either.
      if (!roots) return accept([]);
      const { qidoRoot, wadoRoot } = roots;
      const files: ArrayBuffer[] = [];
      for (const modality of ['SEG', 'SR']) {
        const query = `${withoutSlash(qidoRoot)}/studies/${studyInstanceUID}/series?Modality=${modality}`;
        const series = await askJson(query);
        if (!series.ok) return series;
        for (const item of series.value) {
          const seriesInstanceUID = textOf(item, SERIES_INSTANCE_UID);
          if (!seriesInstanceUID) continue;
          const url = `${withoutSlash(wadoRoot)}/studies/${studyInstanceUID}/series/${seriesInstanceUID}`;
          // Others' series are not fetched whole: the metadata says who made them.
          const metadata = await askJson(`${url}/metadata`);
          if (!metadata.ok) return metadata;
          if (!metadata.value.some(instance => textOf(instance, MANUFACTURER) === manufacturer)) {
            continue;
          }
          const retrieved = await retrieveSeries(url);
          if (!retrieved.ok) return retrieved;
          files.push(...retrieved.value);
        }
      }
      return accept(files);
    },

    async metadata(source) {
      const roots = endpoint();
      if (!roots) return noArchive();
      const url = `${withoutSlash(roots.wadoRoot)}/studies/${source.studyInstanceUID}/series/${source.seriesInstanceUID}/metadata`;
      const answer = await askJson(url);
      if (!answer.ok) return answer;
      const bySOPInstanceUID: SourceMetadata = new Map();
      for (const item of answer.value) {
        const uid = textOf(item, SOP_INSTANCE_UID);
        if (uid) bySOPInstanceUID.set(uid, item);
      }
      const missing = source.slices.find(slice => !bySOPInstanceUID.has(slice.sopInstanceUID));
      return missing
        ? failed(url, `no metadata of instance ${missing.sopInstanceUID}`)
        : accept(bySOPInstanceUID);
    },
  };
};
