import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { RunResult, SourceSeries } from '../../../../extension/src/core/findings/types';
import type { SourceMetadata } from '../../../../extension/src/core/reading/ports';
import { planVolume } from '../../../../extension/src/core/volume/assemble';
import { metadataOf } from '../../../../extension/src/dicom/testing/runs';
import { DATA } from '../../../support/needs';
import { sliceHeaderOf, type JsonDataset } from '../../../support/sliceHeader';
import { bytesOf } from './tools';

export type { JsonDataset };
const { DicomMessage } = jest.requireActual<{
  data: {
    DicomMessage: { readFile(file: ArrayBuffer, options?: object): { dict: JsonDataset } };
  };
}>('dcmjs').data;

/** A Part 10 file in the DICOM JSON model, read by dcmjs. */
export const readByDcmjs = (file: ArrayBuffer): JsonDataset => DicomMessage.readFile(file).dict;

/** The first `count` slices (k order) of a real series with the metadata that its files hold. */
export function realSeries(
  folder: string,
  count: number,
): { source: SourceSeries; metadata: SourceMetadata } {
  const directory = path.join(DATA, 'dicom', folder);
  const headers = readdirSync(directory)
    .filter(name => name.endsWith('.dcm'))
    .map(name => readByDcmjs(bytesOf(path.join(directory, name))));
  const series = headers[0]['0020000E'].Value![0];
  const ofSeries = headers.filter(header => header['0020000E'].Value![0] === series);
  const slices = ofSeries.map(sliceHeaderOf);
  const plan = planVolume(slices);
  if (!plan.ok) throw new Error(plan.refusal.message);
  const ordered = plan.value.order.map(index => slices[index]).slice(0, count);
  const first = ofSeries[0];
  return {
    source: {
      studyInstanceUID: String(first['0020000D'].Value![0]),
      seriesInstanceUID: String(series),
      frameOfReferenceUID: String(first['00200052'].Value![0]),
      slices: ordered,
    },
    metadata: new Map(
      ofSeries.map(header => [
        String(header['00080018'].Value![0]),
        header as Record<string, unknown>,
      ]),
    ),
  };
}

/** People whose names must survive, as the DICOM JSON model has them, and as a PN in one text. */
export const PEOPLE = {
  Ukrainian: { Alphabetic: 'Шевченко^Тарас^Григорович' },
  Japanese: {
    Alphabetic: 'Yamada^Tarou',
    Ideographic: '山田^太郎',
    Phonetic: 'やまだ^たろう',
  },
  Arabic: { Alphabetic: 'قباني^لنزار' },
} as const satisfies Record<string, Record<string, string>>;

/** A person's name as one PN value ("Yamada^Tarou=山田^太郎=やまだ^たろう"). */
export const plainName = (value: unknown): string => {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object') return String(value);
  // dcmjs gives a PersonName as a list of component groups, JSON from an archive as one.
  const group = (Array.isArray(value) ? value[0] : value) as Record<string, string> | undefined;
  return ['Alphabetic', 'Ideographic', 'Phonetic']
    .map(each => group?.[each] ?? '')
    .join('=')
    .replace(/=+$/, '');
};

/** Metadata of a run's source whose patient is this person, and whose study is described by the name. */
export const metadataOfPerson = (run: RunResult, person: Record<string, string>): SourceMetadata =>
  metadataOf(run, {
    '00100010': { vr: 'PN', Value: [person] },
    '00081030': { vr: 'LO', Value: [Object.values(person).join(' ')] },
  });
