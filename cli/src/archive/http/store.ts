import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Archive } from '../store/archive';
import { parseMediaType, parseMultipart } from '../stow/multipart';
import { storeInstances } from '../stow/storeInstances';
import { sendDicomJson, sendProblem } from './respond';

/** The largest request body: a study is sent in several requests, or ingested with --dicom. */
export const MAXIMUM_BODY_BYTES = 1024 ** 3;

async function readBody(request: IncomingMessage): Promise<Buffer | 'tooLarge' | 'aborted'> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > MAXIMUM_BODY_BYTES) return 'tooLarge';
      chunks.push(chunk);
    }
  } catch {
    return 'aborted';
  }
  return request.complete ? Buffer.concat(chunks, length) : 'aborted';
}

/** STOW-RS (PS3.18 10.5): multipart/related; type="application/dicom", or one application/dicom body. */
export async function receiveInstances(
  archive: Archive,
  request: IncomingMessage,
  response: ServerResponse,
  rootUrl: string,
  studyInstanceUID?: string,
): Promise<void> {
  const { type, parameters } = parseMediaType(request.headers['content-type'] ?? '');
  const partType = type === 'multipart/related' ? (parameters.type ?? '') : type;
  if (partType.toLowerCase() !== 'application/dicom') {
    sendProblem(
      response,
      415,
      `Content-Type "${request.headers['content-type'] ?? ''}" is not multipart/related; type="application/dicom".`,
    );
    return;
  }
  if (type === 'multipart/related' && !parameters.boundary) {
    sendProblem(response, 400, 'The Content-Type names no boundary.');
    return;
  }
  const body = await readBody(request);
  if (body === 'aborted') {
    // The client has gone; nothing of what it sent was acknowledged or stored.
    response.destroy();
    return;
  }
  if (body === 'tooLarge') {
    response.setHeader('Connection', 'close');
    sendProblem(
      response,
      413,
      `A request may have ${MAXIMUM_BODY_BYTES} bytes; send fewer instances.`,
    );
    return;
  }
  const multipart =
    type === 'multipart/related'
      ? parseMultipart(body, parameters.boundary)
      : { ok: true as const, value: { parts: [{ headers: {}, body }], complete: true } };
  if (!multipart.ok || multipart.value.parts.length === 0) {
    const message = multipart.ok ? 'The body has no parts.' : multipart.refusal.message;
    sendProblem(response, 400, message);
    return;
  }
  const { status, dataSet } = await storeInstances(archive, {
    ...multipart.value,
    studyInstanceUID,
    rootUrl,
  });
  sendDicomJson(response, status, dataSet);
}
