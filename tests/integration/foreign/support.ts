import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { RunResult, SourceSeries } from '../../../extension/src/core/findings/types';
import type { Refusal } from '../../../extension/src/core/outcome';
import type { SliceHeader } from '../../../extension/src/core/volume/types';
import { parsePart10, type ParsedDataset } from '../../../extension/src/dicom/common/parse';
import { readForeign } from '../../../extension/src/dicom/foreign';
import { DATA } from '../../support/needs';
import type { JsonDataset } from '../../support/sliceHeader';
import { bytesOf } from '../evidence/support/tools';

/** Real objects of others; a test of them `needs` them. */
export const objectsIn = (folder: string): string => path.join(DATA, 'dicom', folder);

const { DicomMessage } = jest.requireActual<{
  data: { DicomMessage: { readFile(file: ArrayBuffer, options?: object): { dict: JsonDataset } } };
}>('dcmjs').data;

export { bytesOf };

const filesBelow = (at: string): string[] =>
  statSync(at).isFile()
    ? [at]
    : readdirSync(at)
        .sort()
        .flatMap(name => filesBelow(path.join(at, name)));

const numbersOf = (header: JsonDataset, tag: string): number[] | undefined => {
  const values = (header[tag]?.Value ?? []).map(Number);
  return values.length > 0 ? values : undefined;
};
const textOf = (header: JsonDataset, tag: string): string | undefined =>
  header[tag]?.Value?.[0] === undefined ? undefined : String(header[tag].Value![0]);

type Geometry = Pick<
  SliceHeader,
  'pixelSpacing' | 'imagePositionPatient' | 'imageOrientationPatient' | 'imagerPixelSpacing'
>;

const item = (header: JsonDataset | undefined, tag: string): JsonDataset | undefined =>
  header?.[tag]?.Value?.[0] as JsonDataset | undefined;

/** A header for each frame, of single-frame and of enhanced images. */
function slicesOf(header: JsonDataset): SliceHeader[] {
  const shared = item(header, '52009229');
  const perFrame = (header['52009230']?.Value ?? [undefined]) as Array<JsonDataset | undefined>;
  return perFrame.map((frame, index) => {
    const of = (group: string, tag: string) =>
      numbersOf(item(frame, group) ?? item(shared, group) ?? header, tag);
    return {
      sopInstanceUID: textOf(header, '00080018')!,
      sopClassUID: textOf(header, '00080016')!,
      ...(perFrame.length > 1 && { frameNumber: index + 1 }),
      instanceNumber: numbersOf(header, '00200013')?.[0],
      rows: numbersOf(header, '00280010')![0],
      columns: numbersOf(header, '00280011')![0],
      pixelSpacing: of('00289110', '00280030') as unknown as Geometry['pixelSpacing'],
      imagerPixelSpacing: numbersOf(
        header,
        '00181164',
      ) as unknown as Geometry['imagerPixelSpacing'],
      imagePositionPatient: of(
        '00209113',
        '00200032',
      ) as unknown as Geometry['imagePositionPatient'],
      imageOrientationPatient: of(
        '00209116',
        '00200037',
      ) as unknown as Geometry['imageOrientationPatient'],
      sliceThickness: of('00289110', '00180050')?.[0],
      photometricInterpretation: textOf(header, '00280004') ?? 'MONOCHROME2',
      samplesPerPixel: numbersOf(header, '00280002')?.[0] ?? 1,
      rescaleSlope: 1,
      rescaleIntercept: 0,
      modality: textOf(header, '00080060') ?? 'OT',
    };
  });
}

/** The open series that the images in files or folders make. */
export function seriesIn(...places: string[]): SourceSeries[] {
  const series = new Map<string, SourceSeries>();
  for (const file of places.flatMap(filesBelow)) {
    const header = DicomMessage.readFile(bytesOf(file), { untilTag: '7FE00010' }).dict;
    const uid = textOf(header, '0020000E')!;
    const known = series.get(uid) ?? {
      studyInstanceUID: textOf(header, '0020000D')!,
      seriesInstanceUID: uid,
      frameOfReferenceUID: textOf(header, '00200052'),
      slices: [],
    };
    known.slices.push(...slicesOf(header));
    series.set(uid, known);
  }
  return [...series.values()];
}

export async function parsed(file: string | ArrayBuffer): Promise<ParsedDataset> {
  const outcome = await parsePart10(typeof file === 'string' ? bytesOf(file) : file);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
}

export interface Shown {
  runs: RunResult[];
  refusals: Refusal[];
}

/** What objects of others are shown as on images. */
export async function shown(
  objects: ReadonlyArray<string | ArrayBuffer | ParsedDataset>,
  source: readonly SourceSeries[],
): Promise<Shown> {
  const refusals: Refusal[] = [];
  const datasets = await Promise.all(
    objects.map(object =>
      typeof object === 'string' || object instanceof ArrayBuffer ? parsed(object) : object,
    ),
  );
  const readings = readForeign(datasets, source, refusal => refusals.push(refusal));
  return { runs: readings.map(({ run }) => run), refusals };
}

/**
 * The series that a segmentation says it is of, where its images are not at hand: a slice for each
 * image that its frames refer to, and nameless ones between them, one every `gap` millimetres.
 */
export function seriesOfFrames(dataset: ParsedDataset, gap: number): SourceSeries[] {
  const of = (from: ParsedDataset, ...path: string[]): ParsedDataset =>
    path.reduce((at, keyword) => (at[keyword] as ParsedDataset[] | undefined)?.[0] ?? {}, from);
  const shared = of(dataset, 'SharedFunctionalGroupsSequence');
  const frames = dataset.PerFrameFunctionalGroupsSequence as ParsedDataset[];
  const spacing = of(shared, 'PixelMeasuresSequence').PixelSpacing as number[] | undefined;
  const orientation = of(shared, 'PlaneOrientationSequence').ImageOrientationPatient as
    number[] | undefined;
  const header = (sopInstanceUID: string, position?: readonly number[]): SliceHeader => ({
    sopInstanceUID,
    sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
    rows: (dataset.Rows as number[])[0],
    columns: (dataset.Columns as number[])[0],
    pixelSpacing: spacing as unknown as Geometry['pixelSpacing'],
    imagePositionPatient: position as unknown as Geometry['imagePositionPatient'],
    imageOrientationPatient: orientation as unknown as Geometry['imageOrientationPatient'],
    photometricInterpretation: 'MONOCHROME2',
    samplesPerPixel: 1,
    rescaleSlope: 1,
    rescaleIntercept: 0,
    modality: 'CT',
  });
  const slices = new Map<string, SliceHeader>();
  for (const frame of frames) {
    const image = of(frame, 'DerivationImageSequence', 'SourceImageSequence');
    const uid = (image.ReferencedSOPInstanceUID as string[])[0];
    const position = of(frame, 'PlanePositionSequence').ImagePositionPatient as number[];
    slices.set(uid, header(uid, position));
  }
  const placed = [...slices.values()].filter(slice => slice.imagePositionPatient !== undefined);
  const heights = placed.map(slice => slice.imagePositionPatient![2]);
  for (let z = Math.min(...heights); z < Math.max(...heights); z += gap) {
    if (heights.some(height => Math.abs(height - z) < gap / 2)) continue;
    const [x, y] = placed[0].imagePositionPatient!;
    slices.set(`1.2.3.${z.toFixed(0)}`, header(`1.2.3.${slices.size}`, [x, y, z]));
  }
  const [frameOfReferenceUID] = (dataset.FrameOfReferenceUID ?? []) as string[];
  return [
    {
      studyInstanceUID: (dataset.StudyInstanceUID as string[])[0],
      seriesInstanceUID: (of(dataset, 'ReferencedSeriesSequence').SeriesInstanceUID as string[])[0],
      frameOfReferenceUID,
      slices: [...slices.values()],
    },
  ];
}
