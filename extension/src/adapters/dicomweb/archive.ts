import { accept, refuse, type Outcome } from '../../core/outcome';
import type {
  EvidenceArchive,
  EvidenceObject,
  InstanceAcknowledgement,
  SourceMetadata,
} from '../../core/reading/ports';
import { blobOf } from '../storage/blobs';
import { encodeMultipart } from './multipart';
import {
  createRequests,
  failed,
  JSON_TYPE,
  textOf,
  withoutSlash,
  type DicomWebEndpoint,
} from './requests';
import { retrieveEvidence, RETRIEVAL_LIMITS, type RetrievalLimits } from './retrieve';
import { parseStoreResponse } from './storeResponse';

export type { DicomWebEndpoint } from './requests';

const SOP_INSTANCE_UID = '00080018';

/**
 * The archive behind the viewer's data source, by DICOMweb (PS3.18). Every failure is an outcome:
 * unreachable, unauthorised, an answer that is no DICOMweb.
 *
 * @param manufacturer - Manufacturer (0008,0070) that marks evidence as ours.
 */
export const createEvidenceArchive = (
  endpoint: () => DicomWebEndpoint | undefined,
  manufacturer: string,
  limits: RetrievalLimits = RETRIEVAL_LIMITS,
): EvidenceArchive => {
  const requests = createRequests(endpoint);
  const { ask, askJson } = requests;
  const noArchive = () =>
    refuse(
      'archiveAbsent',
      "The viewer's data source is no DICOMweb archive: nothing can be stored",
    );

  /** Whether the archive has them, where it took a request and did not say of what. */
  const lookUp = async (
    { qidoRoot }: DicomWebEndpoint,
    objects: readonly EvidenceObject[],
  ): Promise<InstanceAcknowledgement[]> => {
    const found: InstanceAcknowledgement[] = [];
    for (const { studyInstanceUID, seriesInstanceUID, sopInstanceUID } of objects) {
      const series = `${withoutSlash(qidoRoot)}/studies/${studyInstanceUID}/series/${seriesInstanceUID}`;
      const items = await askJson(`${series}/instances?SOPInstanceUID=${sopInstanceUID}`);
      const isThere =
        items.ok && items.value.some(item => textOf(item, SOP_INSTANCE_UID) === sopInstanceUID);
      if (isThere) found.push({ state: 'stored', sopInstanceUID });
    }
    return found;
  };

  const store = async (
    roots: DicomWebEndpoint,
    objects: EvidenceObject[],
  ): Promise<Outcome<InstanceAcknowledgement[]>> => {
    const url = `${withoutSlash(roots.stowRoot)}/studies/${objects[0].studyInstanceUID}`;
    const { body, contentType } = encodeMultipart(
      await Promise.all(objects.map(object => blobOf(object.part10))),
      `second-reader-${objects[0].sopInstanceUID}`,
    );
    const answer = await ask(url, {
      method: 'POST',
      body,
      headers: { 'Content-Type': contentType, Accept: JSON_TYPE },
    });
    if (!answer.ok) return answer;
    const { status } = answer.value;
    let text: string;
    try {
      text = await answer.value.text();
    } catch (error) {
      return failed(url, `status ${status}, cut short: ${String(error)}`);
    }
    let parsed: unknown;
    try {
      parsed = text.trim() === '' ? undefined : JSON.parse(text);
    } catch {
      parsed = text;
    }
    const acknowledged = parseStoreResponse(status, parsed, objects);
    if (acknowledged) return accept(acknowledged);
    // Taken, without a word of what: it counts as stored when the archive shows it.
    if (answer.value.ok) {
      const found = await lookUp(roots, objects);
      if (found.length > 0) return accept(found);
    }
    return failed(url, `status ${status}`);
  };

  return {
    async store(objects) {
      const studies = new Set(objects.map(object => object.studyInstanceUID));
      if (studies.size !== 1) throw new Error(`One study a store; there were ${studies.size}`);
      const roots = endpoint();
      return roots ? store(roots, objects) : noArchive();
    },

    async retrieveEvidence(studyInstanceUID, onSkipped) {
      const roots = endpoint();
      // Files of this workstation have no archive behind them, so no stored evidence either.
      if (!roots) return accept([]);
      const options = { manufacturer, limits };
      return retrieveEvidence(requests, roots, studyInstanceUID, options, onSkipped);
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

    identity() {
      const roots = endpoint();
      return (
        roots && {
          archive: withoutSlash(roots.stowRoot),
          credentials: JSON.stringify(roots.headers()),
        }
      );
    },
  };
};
