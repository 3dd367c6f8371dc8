import { z } from 'zod';
import type { ForeignOrigin, Provenance } from '../../core/findings/types';
import { accept, refuse, type Outcome } from '../../core/outcome';
import type { ParsedDataset } from '../common/parse';
import { issueOf, text } from '../common/schemas';
import { minutesOfOffset } from '../common/text';
import { anyItems, anyName, anyText, anyTexts } from './schemas';

const schema = z.object({
  SOPClassUID: text,
  SOPInstanceUID: text,
  SeriesInstanceUID: text,
  Modality: anyText,
  Manufacturer: anyText,
  ManufacturerModelName: anyText,
  SoftwareVersions: anyTexts,
  SeriesDescription: anyText,
  ContentDescription: anyText,
  ContentLabel: anyText,
  ContentCreatorName: anyName,
  FrameOfReferenceUID: anyText,
  TimezoneOffsetFromUTC: anyText,
  ContentDate: anyText,
  ContentTime: anyText,
  SeriesDate: anyText,
  SeriesTime: anyText,
  StudyDate: anyText,
  StudyTime: anyText,
  InstanceCreationDate: anyText,
  InstanceCreationTime: anyText,
  AuthorObserverSequence: anyItems(z.object({ PersonName: anyName, ObserverType: anyText })),
  VerifyingObserverSequence: anyItems(z.object({ VerifyingObserverName: anyName })),
});

/** Who made an object, of what kind it is, and when. */
export type ForeignHeader = z.infer<typeof schema> & {
  /** What people know it by: "SEG “Lung nodules” (QIICR)". */
  called: string;
  /** ISO 8601; empty where the object does not say. */
  madeAt: string;
};

/** DA and TM as a moment, of the offset given or of UTC where none is. */
export function isoOf(date: string | undefined, time: string | undefined, offset = '+0000') {
  const day = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})$/.exec(date?.trim() ?? '');
  if (!day) return undefined;
  const clock = /^(\d{2}):?(\d{2})?:?(\d{2})?(?:\.(\d{1,6}))?$/.exec(time?.trim() ?? '');
  const [, hour = '0', minute = '0', second = '0', fraction = '0'] = clock ?? [];
  const utc =
    Date.UTC(+day[1], +day[2] - 1, +day[3], +hour, +minute, Math.min(+second, 59)) +
    Math.round(Number(`0.${fraction}`) * 1000) -
    (minutesOfOffset(offset) ?? 0) * 60000;
  return new Date(utc).toISOString();
}

/** Refuses with `foreignUnreadable` what has not even a kind and a UID. */
export function headerOf(dataset: ParsedDataset): Outcome<ForeignHeader> {
  const parsed = schema.safeParse(dataset);
  if (!parsed.success) return unreadable({ called: 'object' }, issueOf(parsed.error));
  const header = parsed.data;
  const description = header.SeriesDescription ?? header.ContentDescription;
  const madeBy = header.Manufacturer ?? header.ContentCreatorName;
  const moments = [
    [header.ContentDate, header.ContentTime],
    [header.InstanceCreationDate, header.InstanceCreationTime],
    [header.SeriesDate, header.SeriesTime],
    [header.StudyDate, header.StudyTime],
  ] as const;
  return accept({
    ...header,
    called: [
      header.Modality ?? header.SOPClassUID,
      ...(description ? [`“${description}”`] : []),
      ...(madeBy ? [`(${madeBy})`] : []),
    ].join(' '),
    madeAt:
      moments
        .map(([date, time]) => isoOf(date, time, header.TimezoneOffsetFromUTC))
        .find(moment => moment !== undefined) ?? '',
  });
}

/** An object that is damaged, or lacks what the standard asks for. */
export const unreadable = (header: Pick<ForeignHeader, 'called'>, reason: string): Outcome<never> =>
  refuse(
    'foreignUnreadable',
    `A result of another program, ${header.called}, cannot be read: ${reason}`,
    {
      object: header.called,
      reason,
    },
  );

/** An algorithm as an object names it. */
export interface Algorithm {
  name?: string;
  version?: string;
  source?: string;
}

/** Some write where their source code is: no name for people. */
const ADDRESS = /:\/\/|@/;

/** What made it, in the terms of our own runs. Its key is the first name that anything gives it. */
export const provenanceOf = (
  header: ForeignHeader,
  algorithm: Algorithm = {},
  author?: string,
): Provenance => {
  const name =
    [
      algorithm.name,
      header.ManufacturerModelName,
      header.Manufacturer,
      author,
      header.SeriesDescription,
    ].find(each => each !== undefined && !ADDRESS.test(each)) ?? header.SOPClassUID;
  const manufacturer = algorithm.source ?? header.Manufacturer;
  return {
    modelId: name,
    modelName: name,
    modelVersion: algorithm.version ?? header.SoftwareVersions.at(0) ?? '',
    modelSha256: '',
    licence: '',
    startedAt: header.madeAt,
    timing: {},
    softwareVersion: header.SoftwareVersions.join(' '),
    ...(manufacturer !== undefined && { manufacturer }),
  };
};

export const instanceOf = (header: ForeignHeader): ForeignOrigin['instances'][number] => ({
  sopClassUID: header.SOPClassUID,
  sopInstanceUID: header.SOPInstanceUID,
  seriesInstanceUID: header.SeriesInstanceUID,
});

export const originOf = (
  header: ForeignHeader,
  algorithmType: ForeignOrigin['algorithmType'],
  author = header.ContentCreatorName,
): ForeignOrigin => ({
  instances: [instanceOf(header)],
  algorithmType,
  ...(header.Manufacturer !== undefined && { manufacturer: header.Manufacturer }),
  ...(header.ManufacturerModelName !== undefined && {
    manufacturerModelName: header.ManufacturerModelName,
  }),
  ...(header.SoftwareVersions.length > 0 && {
    softwareVersions: header.SoftwareVersions.join(' '),
  }),
  ...(header.SeriesDescription !== undefined && { seriesDescription: header.SeriesDescription }),
  ...(author !== undefined && { author }),
});
