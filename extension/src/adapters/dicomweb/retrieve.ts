import { accept, refusal, type Outcome, type Refusal } from '../../core/outcome';
import { partOf } from './multipart';
import {
  failed,
  textOf,
  withoutSlash,
  type Dataset,
  type DicomWebEndpoint,
  type Requests,
} from './requests';

const SOP_CLASS_UID = '00080016';
const SOP_INSTANCE_UID = '00080018';
const MODALITY = '00080060';
const MANUFACTURER = '00080070';
const SERIES_INSTANCE_UID = '0020000E';
const NUMBER_OF_INSTANCES = '00201209';

const STORAGE = '1.2.840.10008.5.1.4.1.1.';
/** What results are written as (PS3.4 B.5), the most telling first: where all is too much, these stay. */
const EVIDENCE = [
  { kind: 'SEG', classes: ['66.4', '66.7'] },
  {
    kind: 'SR',
    classes: ['88.11', '88.22', '88.33', '88.34', '88.35', '88.50', '88.65', '88.69', '88.72'],
  },
  { kind: 'KO', classes: ['88.59'] },
  { kind: 'PR', classes: ['11.1', '11.2', '11.3', '11.4', '11.8'] },
  { kind: 'PM', classes: ['30'] },
  { kind: 'SC', classes: ['7', '7.1', '7.2', '7.3', '7.4'] },
];
const CLASSES = EVIDENCE.flatMap(({ classes }) => classes.map(each => `${STORAGE}${each}`));
const rankOf = (sopClassUID: string) =>
  EVIDENCE.findIndex(({ classes }) => classes.some(each => `${STORAGE}${each}` === sopClassUID));

/** Series of these modalities hold evidence, or something that is soon told from it. */
const EVIDENCE_MODALITIES = new Set(['SEG', 'SR', 'KO', 'PR', 'OT', 'SC']);
/** A series of images with more instances is an acquisition, not a result. */
const FEW_INSTANCES = 16;

/** Limits of what is read when a study opens. */
export interface RetrievalLimits {
  instances: number;
  bytes: number;
}
export const RETRIEVAL_LIMITS: RetrievalLimits = { instances: 256, bytes: 256_000_000 };
/** Requests at a time: a browser opens six connections to one origin, and images load meanwhile. */
const AT_A_TIME = 3;

interface Found {
  sopClassUID: string;
  sopInstanceUID: string;
  seriesInstanceUID: string;
  isOurs: boolean;
}

const kindOf = ({ sopClassUID }: Found) => EVIDENCE[rankOf(sopClassUID)].kind;

/** "2 SEG, 14 SC": for people. */
const listed = (skipped: readonly Found[]): string => {
  const counts = new Map<string, number>();
  skipped.forEach(each => counts.set(kindOf(each), (counts.get(kindOf(each)) ?? 0) + 1));
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
};

/** Every instance of a study that is evidence, ours first, then by how telling its class is. */
const findEvidence = async (
  { askJson }: Requests,
  qidoRoot: string,
  study: string,
  manufacturer: string,
): Promise<Outcome<Found[]>> => {
  const root = `${withoutSlash(qidoRoot)}/studies/${study}`;
  const FIELDS = 'includefield=SOPClassUID,Manufacturer';

  const foundIn = (items: readonly Dataset[], series?: string): Found[] =>
    items.flatMap(item => {
      const sopClassUID = textOf(item, SOP_CLASS_UID);
      const sopInstanceUID = textOf(item, SOP_INSTANCE_UID);
      const seriesInstanceUID = textOf(item, SERIES_INSTANCE_UID) ?? series;
      if (!sopClassUID || !sopInstanceUID || !seriesInstanceUID) return [];
      const isOurs = textOf(item, MANUFACTURER) === manufacturer;
      // An archive that does not match by class has answered with the images, too.
      return rankOf(sopClassUID) < 0
        ? []
        : [{ sopClassUID, sopInstanceUID, seriesInstanceUID, isOurs }];
    });

  /** For archives that do not match SOP Class UIDs: by series, as these list them all. */
  const bySeries = async (): Promise<Outcome<Found[]>> => {
    const series = await askJson(`${root}/series?includefield=Modality`);
    if (!series.ok) return series;
    const found: Found[] = [];
    for (const item of series.value) {
      const uid = textOf(item, SERIES_INSTANCE_UID);
      const count = Number(item[NUMBER_OF_INSTANCES]?.Value?.[0] ?? 0);
      const isEvidence = EVIDENCE_MODALITIES.has(textOf(item, MODALITY) ?? '');
      // Parametric maps and captures often have the modality of their images, and are few.
      const mayBe = isEvidence || (count > 0 && count <= FEW_INSTANCES);
      if (!uid || !mayBe) continue;
      const instances = await askJson(`${root}/series/${uid}/instances?${FIELDS}`);
      if (!instances.ok) return instances;
      found.push(...foundIn(instances.value, uid));
    }
    return accept(found);
  };

  // A list of UIDs is separated by commas (PS3.18 8.3.4.1).
  const matched = await askJson(`${root}/instances?SOPClassUID=${CLASSES.join(',')}&${FIELDS}`);
  const isAnswered = matched.ok && foundIn(matched.value).length > 0;
  if (!matched.ok && matched.refusal.code !== 'archiveFailed') return matched;
  const found = isAnswered ? accept(foundIn(matched.value)) : await bySeries();
  if (!found.ok) return found;
  return accept(
    found.value.sort(
      (a, b) =>
        Number(b.isOurs) - Number(a.isOurs) || rankOf(a.sopClassUID) - rankOf(b.sopClassUID),
    ),
  );
};

/** The evidence of a study as Part 10 files; see the port. */
export const retrieveEvidence = async (
  requests: Requests,
  { qidoRoot, wadoRoot }: DicomWebEndpoint,
  study: string,
  { manufacturer, limits }: { manufacturer: string; limits: RetrievalLimits },
  onSkipped?: (refusal: Refusal) => void,
): Promise<Outcome<ArrayBuffer[]>> => {
  const found = await findEvidence(requests, qidoRoot, study, manufacturer);
  if (!found.ok) return found;

  const retrieve = async (each: Found): Promise<Outcome<ArrayBuffer>> => {
    const url = `${withoutSlash(wadoRoot)}/studies/${study}/series/${each.seriesInstanceUID}/instances/${each.sopInstanceUID}`;
    const answer = await requests.ask(url, {
      headers: { Accept: 'multipart/related; type="application/dicom"; transfer-syntax=*' },
    });
    if (!answer.ok) return answer;
    if (!answer.value.ok) return failed(url, `status ${answer.value.status}`);
    const contentType = answer.value.headers.get('content-type') ?? '';
    const body = await answer.value.blob().catch(() => undefined);
    const file = body && (await partOf(body, contentType));
    return file ? accept(file) : failed(url, `content type "${contentType}"`);
  };

  const asked = found.value.slice(0, limits.instances);
  const beyond = found.value.slice(limits.instances);
  const files: Array<ArrayBuffer | undefined> = [];
  const broken: Array<{ each: Found; why: Refusal }> = [];
  let bytes = 0;
  let next = 0;
  let ended: Refusal | undefined;
  const worker = async () => {
    while (next < asked.length) {
      const index = next++;
      const each = asked[index];
      if (bytes >= limits.bytes) {
        beyond.push(each);
        continue;
      }
      // An archive that is gone is not asked for the others: each would wait for its time to end.
      const file = ended ? { ok: false as const, refusal: ended } : await retrieve(each);
      if (!file.ok) {
        broken.push({ each, why: file.refusal });
        if (file.refusal.code !== 'archiveFailed') ended = file.refusal;
      } else if (bytes + file.value.byteLength > limits.bytes) beyond.push(each);
      else {
        bytes += file.value.byteLength;
        files[index] = file.value;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));

  if (broken.length > 0 && broken.length === asked.length) {
    return { ok: false, refusal: broken[0].why };
  }
  if (broken.length > 0) {
    const [{ why }] = broken;
    const what = listed(broken.map(({ each }) => each));
    const message = `Not all results of this study could be fetched (${what}): ${why.message}`;
    onSkipped?.(refusal('evidenceNotFetched', message, { what, detail: why.message }));
  }
  if (beyond.length > 0) {
    const what = listed(beyond);
    const megabytes = limits.bytes / 1_000_000;
    const message = `This study has more results than are read at once (${limits.instances} objects, ${megabytes} MB); left out: ${what}`;
    const values = { what, instances: limits.instances, megabytes };
    onSkipped?.(refusal('evidenceTooMuch', message, values));
  }
  return accept(files.filter(file => file !== undefined));
};
