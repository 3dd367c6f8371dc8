import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** Every file below a folder, in a stable order. */
export const filesBelow = (folder: string): string[] =>
  fs
    .readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name))
    .sort();

/** Stores Part 10 files by STOW-RS; returns the status and the answer. */
export const stow = async (root: string, files: Buffer[]) => {
  const boundary = 'e2e-boundary';
  const body = Buffer.concat([
    ...files.flatMap(file => [
      Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`),
      file,
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
  const response = await fetch(`${root}/studies`, {
    method: 'POST',
    headers: {
      'Content-Type': `multipart/related; type="application/dicom"; boundary=${boundary}`,
      Accept: 'application/dicom+json',
    },
    body,
  });
  return { status: response.status, text: await response.text() };
};

type Item = Record<string, { Value?: string[] }>;

/** Series of one modality in a study, and their instances, by QIDO-RS. */
export const instancesOf = async (root: string, study: string, modality: string) => {
  const found: Array<{ series: string; instance: string }> = [];
  const list = async (url: string): Promise<Item[]> => {
    const response = await fetch(url, { headers: { Accept: 'application/dicom+json' } });
    return response.status === 204 ? [] : ((await response.json()) as Item[]);
  };
  for (const item of await list(`${root}/studies/${study}/series?Modality=${modality}`)) {
    const series = item['0020000E'].Value![0];
    for (const instance of await list(`${root}/studies/${study}/series/${series}/instances`)) {
      found.push({ series, instance: instance['00080018'].Value![0] });
    }
  }
  return found;
};

/** The Part 10 file of an instance, by WADO-RS, written to `file`. */
export const download = async (
  root: string,
  study: string,
  { series, instance }: { series: string; instance: string },
  file: string,
): Promise<void> => {
  const response = await fetch(`${root}/studies/${study}/series/${series}/instances/${instance}`, {
    headers: { Accept: 'multipart/related; type="application/dicom"' },
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const start = bytes.indexOf('\r\n\r\n') + 4;
  const boundary = /boundary="?([^";]+)/.exec(response.headers.get('content-type') ?? '')?.[1];
  const end = bytes.indexOf(`\r\n--${boundary}`, start);
  fs.writeFileSync(file, bytes.subarray(start, end));
};

export const run = (command: string, ...parameters: string[]) => {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, { encoding: 'utf8' });
  if (error) throw error;
  return { status, output: `${stdout}${stderr}` };
};
