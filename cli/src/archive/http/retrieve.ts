import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { Outcome, Refusal } from '@second-reader/core/outcome';
import { INSTANCE_URL } from '../part10/dicomJson';
import { isPixelData } from '../part10/dataSet';
import { frameCount } from '../part10/frames';
import { transferSyntaxOf } from '../part10/transferSyntax';
import type { Archive } from '../store/archive';
import { metadataJson, type Instance } from '../store/catalog';
import { bulkDataAt, bulkDataType } from '../wado/bulkData';
import { chooseRepresentation, framesOf, representFrame } from '../wado/frames';
import { parseRenderRequest, renderFrame } from '../wado/rendered';
import { typeMatches, type Acceptable } from './accept';
import { MultipartResponse, sendBytes, sendProblem, sendText } from './respond';
import type { Route } from './route';

export interface RetrieveContext {
  archive: Archive;
  route: Route;
  /** Never empty. */
  instances: Instance[];
  accepted: Acceptable[];
  parameters: URLSearchParams;
  /** Absolute URL of the DICOMweb root, without a slash at the end. */
  rootUrl: string;
  response: ServerResponse;
}

const STATUS: Record<string, number> = {
  badQuery: 400,
  notAcceptable: 406,
  cannotDecode: 406,
  cannotRender: 406,
  noPixelData: 404,
  noFrame: 404,
  noBulkData: 404,
  pixelDataTooShort: 500,
  truncatedDicom: 500,
  archiveReadFailed: 500,
};
const sendRefusal = (response: ServerResponse, refusal: Refusal): void =>
  sendProblem(response, STATUS[refusal.code] ?? 500, refusal.message);

export const instanceUrl = (rootUrl: string, instance: Instance): string =>
  `${rootUrl}/studies/${instance.studyInstanceUID}/series/${instance.seriesInstanceUID}/instances/${instance.sopInstanceUID}`;

/** PS3.18 10.4.1.1.2: metadata of a study, a series or an instance, DICOM JSON. */
export function sendMetadata({ instances, rootUrl, response, accepted }: RetrieveContext): void {
  const json = ['application/dicom+json', 'application/json'];
  if (!accepted.some(({ type }) => json.some(offered => typeMatches(type, offered)))) {
    sendProblem(response, 406, 'Metadata are application/dicom+json.');
    return;
  }
  const texts = instances.map(instance =>
    instance.metadataText.replaceAll(INSTANCE_URL, instanceUrl(rootUrl, instance)),
  );
  sendText(response, 200, `[${texts.join(',')}]`);
}

/** PS3.18 10.4.1.1.1: the instances themselves, as stored; one alone also as a single part. */
export async function sendInstances(context: RetrieveContext): Promise<void> {
  const { instances, accepted, response, rootUrl } = context;
  const choice = accepted.find(({ type }) => typeMatches(type, 'application/dicom'));
  if (!choice) {
    sendProblem(response, 406, 'Instances are multipart/related; type="application/dicom".');
    return;
  }
  const typeOf = (instance: Instance) =>
    `application/dicom; transfer-syntax=${instance.transferSyntaxUID}`;
  if (!choice.multipart && choice.type === 'application/dicom' && instances.length === 1) {
    sendBytes(response, typeOf(instances[0]), await readFile(instances[0].file));
    return;
  }
  const answer = new MultipartResponse(response, 'application/dicom');
  for (const instance of instances) {
    if (response.destroyed) return;
    await answer.part(
      typeOf(instance),
      await readFile(instance.file),
      instanceUrl(rootUrl, instance),
    );
  }
  answer.end();
}

/** PS3.18 10.4.1.1.6: frames as stored, or decoded where the client asks for native pixels. */
export async function sendFrames(context: RetrieveContext, numbers: number[]): Promise<void> {
  const { archive, instances, accepted, response, rootUrl } = context;
  const [instance] = instances;
  const representation = chooseRepresentation(accepted, instance.transferSyntaxUID);
  if (!representation) {
    const stored = transferSyntaxOf(instance.transferSyntaxUID);
    sendProblem(
      response,
      406,
      `The frames can be had as ${stored.mediaType} (transfer syntax ${stored.uid}) and as application/octet-stream.`,
    );
    return;
  }
  const partType = `${representation.mediaType}; transfer-syntax=${representation.transferSyntax}`;
  // All are read before the status is sent, so that a missing one is a 404 and not a torn answer.
  const frames: Buffer[] = [];
  for (const number of numbers) {
    const frame = await representFrame(archive, instance, number, representation);
    if (!frame.ok) {
      sendRefusal(response, frame.refusal);
      return;
    }
    frames.push(frame.value);
  }
  if (!representation.multipart && frames.length === 1) {
    sendBytes(response, partType, frames[0]);
    return;
  }
  const answer = new MultipartResponse(response, representation.mediaType);
  for (const [index, frame] of frames.entries()) {
    const location = `${instanceUrl(rootUrl, instance)}/frames/${numbers[index]}`;
    await answer.part(partType, frame, location);
  }
  answer.end();
}

/** PS3.18 10.4.1.1.5: one value of the metadata's BulkDataURIs. */
export async function sendBulkData(context: RetrieveContext): Promise<void> {
  const { archive, instances, accepted, response, route } = context;
  const [instance] = instances;
  const path = route.bulkDataPath ?? [];
  const encapsulated = transferSyntaxOf(instance.transferSyntaxUID).encapsulated;
  if (encapsulated && path.length === 1 && isPixelData(path[0].toUpperCase())) {
    const frames = await framesOf(archive, instance);
    if (!frames.ok) {
      sendRefusal(response, frames.refusal);
      return;
    }
    const numbers = Array.from({ length: frameCount(frames.value.table) }, (_, i) => i + 1);
    await sendFrames(context, numbers);
    return;
  }
  const read = await archive.read(instance);
  const found = read.ok ? bulkDataAt(read.value, path) : read;
  if (!read.ok || !found.ok) {
    sendRefusal(response, (found as Extract<Outcome<never>, { ok: false }>).refusal);
    return;
  }
  const type = bulkDataType(read.value, found.value.tag);
  const choice = accepted.find(
    ({ type: asked }) => typeMatches(asked, type) || typeMatches(asked, 'application/octet-stream'),
  );
  if (!choice) {
    sendProblem(response, 406, `The value can be had as ${type}.`);
    return;
  }
  const sentType = typeMatches(choice.type, type) ? type : 'application/octet-stream';
  if (!choice.multipart) {
    sendBytes(response, sentType, found.value.bytes);
    return;
  }
  const answer = new MultipartResponse(response, sentType);
  await answer.part(sentType, found.value.bytes);
  answer.end();
}

/** The image in the middle of a series or study: the one people know it by. */
function middle(instances: Instance[]): Instance {
  const withPixels = instances.filter(instance => instance.metadataText.includes('"7FE00010"'));
  const sorted = (withPixels.length > 0 ? withPixels : instances)
    .map(instance => ({
      instance,
      number: Number(metadataJson(instance)['00200013']?.Value?.[0] ?? 0),
    }))
    .sort((a, b) => a.number - b.number);
  return sorted[Math.floor(sorted.length / 2)].instance;
}

/** PS3.18 10.4.1.1.3 and .4: rendered images and thumbnails. */
export async function sendRendered(context: RetrieveContext): Promise<void> {
  const { archive, instances, accepted, parameters, response, route } = context;
  const thumbnail = route.resource === 'thumbnail';
  if (!thumbnail && !route.instance) {
    sendProblem(
      response,
      404,
      'Rendered images are given of instances and frames; of a study or series there is a thumbnail.',
    );
    return;
  }
  const instance = instances.length > 1 ? middle(instances) : instances[0];
  const video = transferSyntaxOf(instance.transferSyntaxUID).mediaType.startsWith('video/');
  const request = parseRenderRequest(
    parameters,
    video ? [{ multipart: false, type: '*/*' }] : accepted,
    route.frames?.[0] ?? 1,
  );
  if (!request.ok) {
    sendRefusal(response, request.refusal);
    return;
  }
  if (thumbnail) {
    request.value.viewport ??= { width: 128, height: 128 };
  }
  const rendered = await renderFrame(archive, instance, request.value);
  if (rendered.ok) sendBytes(response, rendered.value.type, rendered.value.bytes);
  else sendRefusal(response, rendered.refusal);
}
