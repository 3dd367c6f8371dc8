import { z } from 'zod';
import type { CodedConcept, MapFinding, RunResult, ScalarMap } from '../../core/findings/types';
import type { VolumeGeometry } from '../../core/geometry/types';
import { indexToWorld } from '../../core/geometry/transform';
import { accept, refuse, type Outcome } from '../../core/outcome';
import { planSlices } from '../../core/volume/assemble';
import type { SliceHeader } from '../../core/volume/types';
import { CODE } from '../common/codes';
import type { ParsedDataset } from '../common/parse';
import { issueOf, number } from '../common/schemas';
import { framesOf, framesSchema, wholeReferences, type Frame } from './frames';
import { originOf, provenanceOf, unreadable, type ForeignHeader } from './header';
import { conceptOfLabel, foreignRunId, keyOfLabel, type Names } from './naming';
import { nearestSlice, shownAt, type OpenSeries, type Placement } from './placement';
import { contentTree } from './report/content';
import { anyCode, anyNumber, anyNumbers, anyText } from './schemas';
import { sourceOf } from './sourceOf';

const bytes = z.instanceof(Uint8Array).optional().catch(undefined);
const mapSchema = framesSchema.extend({
  Rows: number,
  Columns: number,
  BitsAllocated: anyNumber,
  PixelRepresentation: anyNumber,
  FrameOfReferenceUID: anyText,
  PixelData: bytes,
  FloatPixelData: bytes,
  DoubleFloatPixelData: bytes,
});
type ForeignMap = z.infer<typeof mapSchema>;

/** An item of Real World Value Mapping Sequence (PS3.3 C.7.6.16.2.11). */
const mappingSchema = z.object({
  LUTLabel: anyText,
  LUTExplanation: anyText,
  MeasurementUnitsCodeSequence: anyCode,
  RealWorldValueIntercept: anyNumber,
  RealWorldValueSlope: anyNumber,
  RealWorldValueLUTData: anyNumbers,
  RealWorldValueFirstValueMapped: anyNumber,
  QuantityDefinitionSequence: z.array(z.unknown()).catch([]).optional(),
});
type Mapping = z.infer<typeof mappingSchema>;

const QUANTITY: Pick<CodedConcept, 'value' | 'scheme'>[] = [
  { value: '246205007', scheme: 'SCT' },
  { value: 'G-C1C6', scheme: 'SRT' },
];
const NO_UNITS: CodedConcept = { value: '1', scheme: 'UCUM', meaning: 'no units' };

/** What a frame's values are: the first mapping counts (PS3.3 C.7.6.16.2.11.1.1). */
const mappingOf = ({ mapping }: Frame): Mapping => mappingSchema.parse(mapping[0] ?? {});

/** The coded quantity of a mapping; items of it are name and value, as content items. */
function quantityOf({ QuantityDefinitionSequence: items }: Mapping): CodedConcept | undefined {
  const root = contentTree({ ContentSequence: (items ?? []) as ParsedDataset[] });
  const coded = root.children.filter(({ code }) => code !== undefined);
  return (
    coded.find(({ concept }) =>
      QUANTITY.some(each => each.value === concept?.value && each.scheme === concept.scheme),
    ) ?? coded[0]
  )?.code;
}

type Reader = (pixel: number) => number;

/** Stored values of the whole object, little endian; undefined where there are too few. */
function storedValues(map: ForeignMap, count: number): Reader | undefined {
  const reading = (
    data: Uint8Array | undefined,
    size: number,
    read: (view: DataView, at: number) => number,
  ): Reader | undefined => {
    if (!data || data.length < count * size) return undefined;
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    return pixel => read(view, pixel * size);
  };
  const signed = map.PixelRepresentation === 1;
  return (
    reading(map.FloatPixelData, 4, (view, at) => view.getFloat32(at, true)) ??
    reading(map.DoubleFloatPixelData, 8, (view, at) => view.getFloat64(at, true)) ??
    (map.BitsAllocated === 8
      ? reading(map.PixelData, 1, (view, at) => (signed ? view.getInt8(at) : view.getUint8(at)))
      : reading(map.PixelData, 2, (view, at) =>
          signed ? view.getInt16(at, true) : view.getUint16(at, true),
        ))
  );
}

/** Real-world value of a stored one: by a line, by a table, or as it is. */
function realWorld(mapping: Mapping): (stored: number) => number {
  const { RealWorldValueSlope: slope, RealWorldValueIntercept: intercept } = mapping;
  if (slope !== undefined) return stored => stored * slope + (intercept ?? 0);
  const { RealWorldValueLUTData: table, RealWorldValueFirstValueMapped: first = 0 } = mapping;
  if (table) return stored => table[stored - first] ?? NaN;
  return stored => stored;
}

/** Frames of one quantity. */
interface Part {
  mapping: Mapping;
  frames: number[];
}

function partsOf(frames: readonly Frame[]): Part[] {
  const parts = new Map<string, Part>();
  frames.forEach((frame, index) => {
    const mapping = mappingOf(frame);
    const quantity = quantityOf(mapping);
    const unit = mapping.MeasurementUnitsCodeSequence;
    const key = [mapping.LUTLabel, quantity?.value, quantity?.scheme, unit?.value].join('|');
    const part = parts.get(key) ?? { mapping, frames: [] };
    parts.set(key, part);
    part.frames.push(index);
  });
  return [...parts.values()];
}

/** A frame as the assembler knows slices: its place is all that counts here. */
const sliceOf = (map: ForeignMap, frame: Frame, index: number): SliceHeader => ({
  sopInstanceUID: '',
  sopClassUID: '',
  frameNumber: index + 1,
  rows: map.Rows,
  columns: map.Columns,
  photometricInterpretation: 'MONOCHROME2',
  samplesPerPixel: 1,
  rescaleSlope: 1,
  rescaleIntercept: 0,
  modality: 'OT',
  ...(frame.plane && {
    pixelSpacing: frame.plane.spacing,
    imagePositionPatient: frame.plane.position,
    imageOrientationPatient: frame.plane.orientation,
    sliceThickness: frame.plane.betweenSlices ?? frame.plane.thickness,
  }),
});

/**
 * The grid that frames make by themselves, and their order; of a radiograph, on which they say
 * nothing of the patient, the image's own.
 */
function gridOf(
  map: ForeignMap,
  frames: readonly Frame[],
  part: Part,
  series: OpenSeries,
): Outcome<{ geometry: VolumeGeometry; order: number[] }> {
  const [image] = series.source.slices;
  const unplaced = part.frames.some(index => frames[index].plane === undefined);
  if (unplaced && part.frames.length === 1 && series.grid.ok && series.source.slices.length === 1) {
    const { geometry, order } = { geometry: series.grid.value, order: [0] };
    const [across, down] = [image.columns / map.Columns, image.rows / map.Rows];
    return accept({
      order,
      geometry: {
        ...geometry,
        dimensions: [map.Columns, map.Rows, 1],
        spacing: [geometry.spacing[0] * across, geometry.spacing[1] * down, geometry.spacing[2]],
        origin: indexToWorld(geometry, [(across - 1) / 2, (down - 1) / 2, 0]),
      },
    });
  }
  const plan = planSlices(part.frames.map(index => sliceOf(map, frames[index], index)));
  return plan.ok ? accept({ geometry: plan.value.geometry, order: plan.value.order }) : plan;
}

function scalarMapOf(
  header: ForeignHeader,
  map: ForeignMap,
  frames: readonly Frame[],
  part: Part,
  stored: Reader,
  series: OpenSeries,
): Outcome<ScalarMap> {
  const grid = gridOf(map, frames, part, series);
  if (!grid.ok) return grid;
  const size = map.Rows * map.Columns;
  const values = new Float32Array(size * part.frames.length);
  grid.value.order.forEach((index, k) => {
    const frame = part.frames[index];
    const toRealWorld = realWorld(mappingOf(frames[frame]));
    for (let pixel = 0; pixel < size; pixel++) {
      values[k * size + pixel] = toRealWorld(stored(frame * size + pixel));
    }
  });
  const quantity = quantityOf(part.mapping);
  const { LUTExplanation: explained, LUTLabel: label } = part.mapping;
  const name = explained ?? quantity?.meaning ?? label ?? header.SeriesDescription ?? 'Map';
  return accept({
    key: keyOfLabel(label ?? name),
    label: { en: name },
    concept: quantity ?? CODE.finding,
    unit: part.mapping.MeasurementUnitsCodeSequence ?? NO_UNITS,
    geometry: grid.value.geometry,
    values,
  });
}

/**
 * The voxel to look at: of a map of parts of 1 (probability, saliency) the largest, of others the
 * middle one, for the largest value of a quantity means nothing.
 */
function peakOf({ values, geometry }: ScalarMap): readonly [number, number, number] {
  const [ni, nj, nk] = geometry.dimensions;
  const middle = [(ni - 1) / 2, (nj - 1) / 2, (nk - 1) / 2] as const;
  let peak = -1;
  let largest = 0;
  for (let at = 0; at < values.length; at++) {
    if (values[at] < 0 || values[at] > 1) return middle;
    if (values[at] > largest) [largest, peak] = [values[at], at];
  }
  return peak < 0 ? middle : [peak % ni, Math.floor(peak / ni) % nj, Math.floor(peak / (ni * nj))];
}

/**
 * The maps of a Parametric Map (PS3.3 A.75), of floats or of integers with their real-world values:
 * one for each quantity, on its own grid.
 *
 * Refuses with `foreignUnreadable`, `foreignCompressed`, `foreignTiled`, `foreignSourceAbsent`, or
 * the reason for which its frames make no volume.
 */
export function readForeignMap(
  header: ForeignHeader,
  dataset: ParsedDataset,
  placement: Placement,
  names: Names,
): Outcome<RunResult[]> {
  const parsed = mapSchema.safeParse(dataset);
  if (!parsed.success) return unreadable(header, issueOf(parsed.error));
  const map = parsed.data;
  const frames = framesOf(map);
  if (frames.length === 0) return unreadable(header, 'it describes no frame');
  if (frames.some(({ tiled }) => tiled)) {
    return refuse(
      'foreignTiled',
      `A result of another program, ${header.called}, is not shown: it is of a whole-slide image`,
      { object: header.called },
    );
  }
  if (Array.isArray(dataset.PixelData)) {
    const [syntax] = (dataset.TransferSyntaxUID ?? []) as string[];
    return refuse(
      'foreignCompressed',
      `A result of another program, ${header.called}, is not shown: its pixels are compressed in transfer syntax ${syntax}, which is not decoded`,
      { object: header.called, syntax },
    );
  }
  const pixels = frames.length * map.Rows * map.Columns;
  const stored = storedValues(map, pixels);
  if (!stored)
    return unreadable(header, `it has fewer pixels than its ${frames.length} frames need`);
  const whole = wholeReferences(map);
  const series = sourceOf(
    header,
    {
      images: [...frames.flatMap(({ images }) => images), ...whole.images],
      series: whole.series,
      frameOfReferenceUID: map.FrameOfReferenceUID,
    },
    placement,
  );
  if (!series.ok) return series;
  const runId = foreignRunId(header.SOPInstanceUID, '');
  const maps: ScalarMap[] = [];
  const findings: MapFinding[] = [];
  for (const [index, part] of partsOf(frames).entries()) {
    const read = scalarMapOf(header, map, frames, part, stored, series.value);
    if (!read.ok) return read;
    const key = maps.some(each => each.key === read.value.key)
      ? `${read.value.key}-${index + 1}`
      : read.value.key;
    maps.push({ ...read.value, key });
    const centroid = indexToWorld(read.value.geometry, peakOf(read.value));
    findings.push({
      kind: 'map',
      id: names.idOf(undefined, header.SOPInstanceUID, String(index)),
      trackingIdentifier: read.value.label.en,
      runId,
      measurements: [],
      ...shownAt({ series: series.value, slice: nearestSlice(series.value, centroid) }, centroid),
      concept: { ...conceptOfLabel(read.value.label.en, read.value.concept), key },
      mapKey: key,
    });
  }
  return accept([
    {
      runId,
      source: series.value.source,
      provenance: provenanceOf(header, {}, header.ContentCreatorName),
      maps,
      findings,
      foreign: originOf(header, 'unknown'),
    },
  ]);
}
