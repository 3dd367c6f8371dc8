import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';

const DICOM_JSON = 'application/dicom+json';

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  type = 'application/json; charset=utf-8',
): void {
  sendText(response, status, JSON.stringify(body), type);
}

export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  type: string = DICOM_JSON,
): void {
  const bytes = Buffer.from(text);
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': bytes.length });
  response.end(bytes);
}

export const sendDicomJson = (response: ServerResponse, status: number, body: unknown): void =>
  sendJson(response, status, body, DICOM_JSON);

/** A refusal for people and programs: what was met and what is allowed. */
export const sendProblem = (response: ServerResponse, status: number, message: string): void =>
  sendJson(response, status, { error: message });

export function sendBytes(response: ServerResponse, type: string, bytes: Uint8Array): void {
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': bytes.length });
  response.end(bytes);
}

/** A multipart/related answer (RFC 2387), written part by part as the parts become ready. */
export class MultipartResponse {
  private readonly boundary = `second-reader-${randomUUID()}`;

  constructor(
    private readonly response: ServerResponse,
    /** Media type of the parts. */
    partType: string,
  ) {
    response.writeHead(200, {
      'Content-Type': `multipart/related; type="${partType}"; boundary=${this.boundary}`,
    });
  }

  async part(contentType: string, bytes: Uint8Array, location?: string): Promise<void> {
    const at = location ? `Content-Location: ${location}\r\n` : '';
    this.response.write(
      `--${this.boundary}\r\nContent-Type: ${contentType}\r\nContent-Length: ${bytes.length}\r\n${at}\r\n`,
    );
    this.response.write(bytes);
    if (!this.response.write('\r\n') && !this.response.destroyed) {
      await new Promise<void>(resolve => {
        const done = () => {
          this.response.off('drain', done);
          this.response.off('close', done);
          resolve();
        };
        this.response.on('drain', done);
        this.response.on('close', done);
      });
    }
  }

  end(): void {
    this.response.end(`--${this.boundary}--\r\n`);
  }
}
