import type { DetectionFinding, RunResult } from '../../core/findings/types';
import { indexToWorld } from '../../core/geometry/transform';
import type { SliceHeader } from '../../core/volume/types';
import { parsePart10, type ParsedDataset } from '../common/parse';
import { sourceAttributes } from '../common/source';
import { geometryOf, metadataOf, runOfKind, runOn, slicesOf } from '../testing/runs';
import { boxInPlane, gridOf, markersOf, markerText } from './markers';
import { outlinesOf } from './outline';
import { writePresentationState } from './writePresentationState';

const shape = { columns: 40, rows: 30, slices: 8 };
const windowed = (slices: SliceHeader[]): SliceHeader[] =>
  slices.map(slice => ({ ...slice, voi: { center: 40, width: 400, function: 'LINEAR' } }));

/** A detection whose middle is at (i, j, k), with edges in voxels. */
const at = (
  run: RunResult,
  index: readonly [number, number, number],
  voxels: readonly [number, number, number],
): DetectionFinding => {
  const geometry = gridOf(run);
  const [x, y, z] = geometry.spacing;
  return {
    ...(run.findings[0] as DetectionFinding),
    centroid: indexToWorld(geometry, index),
    size: [voxels[0] * x, voxels[1] * y, voxels[2] * z],
    middleSlice: index[2],
  };
};
const withDetections = (
  slices: SliceHeader[],
  ...places: Parameters<typeof at> extends [RunResult, ...infer P] ? P[] : never
): RunResult => {
  const run = runOfKind('detection', slices);
  return { ...run, findings: places.map(place => at(run, ...place)) };
};

const states = async (run: RunResult, findings?: RunResult['findings']) => {
  const source = sourceAttributes(run, metadataOf(run));
  if (!source.ok) throw new Error(source.refusal.message);
  const objects = writePresentationState(run, source.value, findings);
  return Promise.all(
    objects.map(async ({ part10 }) => {
      const outcome = await parsePart10(part10);
      if (!outcome.ok) throw new Error(outcome.refusal.message);
      return outcome.value;
    }),
  );
};
const items = (dataset: ParsedDataset, keyword: string): ParsedDataset[] =>
  (dataset[keyword] ?? []) as ParsedDataset[];
const imagesOf = (dataset: ParsedDataset) =>
  items(dataset, 'ReferencedImageSequence').map(image => String(image.ReferencedSOPInstanceUID));

describe('markers of detections', () => {
  it('are boxes in pixel units on each slice that the box crosses', () => {
    const run = withDetections(slicesOf(shape), [
      [20, 10, 3],
      [8, 10, 3],
    ]);
    const markers = markersOf(run, run.findings);
    expect(markers.map(({ slice }) => slice)).toEqual([2, 3, 4]);
    const [line] = markers[0].lines;
    // The middle of pixel 20 is at 20.5.
    expect(line.map(([x, y]) => [x.toFixed(3), y.toFixed(3)].map(Number))).toEqual([
      [16.5, 5.5],
      [24.5, 5.5],
      [24.5, 15.5],
      [16.5, 15.5],
      [16.5, 5.5],
    ]);
    expect(markers[0].text).toBe('Nodule 1, 93 %, ct-lungs 1.0.0, AI, not reviewed');
  });

  it('lie in the plane of slices that are tilted', () => {
    const run = withDetections(slicesOf({ ...shape, tilted: true }), [
      [20, 10, 3],
      [8, 10, 1],
    ]);
    const box = boxInPlane(run.findings[0] as DetectionFinding, gridOf(run))!;
    expect([box.left, box.top, box.right, box.bottom].map(x => Number(x.toFixed(6)))).toEqual([
      16.5, 5.5, 24.5, 15.5,
    ]);
  });

  it('are drawn at least six pixels large, kept in the image, and left out when outside', () => {
    const run = withDetections(
      slicesOf(shape),
      [
        [20, 10, 3],
        [1, 1, 1],
      ],
      [
        [0, 29, 5],
        [10, 10, 1],
      ],
      [
        [-30, 10, 3],
        [8, 8, 1],
      ],
      [
        [20, 10, 40],
        [8, 8, 1],
      ],
    );
    const markers = markersOf(run, run.findings);
    expect(markers.map(({ slice }) => slice)).toEqual([3, 5]);
    const edges = markers.map(({ lines: [line] }) => [line[0], line[2]].flat());
    expect(edges.map(each => each.map(x => Number(x.toFixed(6))))).toEqual([
      [17.5, 7.5, 23.5, 13.5],
      [0, 24.5, 5.5, 30],
    ]);
  });
});

describe('outlines of segments', () => {
  const geometry = { ...geometryOf(slicesOf(shape)), dimensions: [4, 4, 1] as const };
  const outlines = (...rows: string[]) =>
    outlinesOf({ geometry, voxels: Uint8Array.from(rows.join(''), digit => Number(digit)) }, 1, 0);
  const area = (line: readonly (readonly [number, number])[]) =>
    line.slice(1).reduce((sum, [x, y], n) => sum + (line[n][0] * y - x * line[n][1]) / 2, 0);

  it('follow the edges of the pixels', () => {
    expect(outlines('0000', '0110', '0110', '0000')).toEqual([
      [
        [1, 1],
        [3, 1],
        [3, 3],
        [1, 3],
        [1, 1],
      ],
    ]);
  });

  it('go around holes, and around what touches by a corner, and enclose the pixels', () => {
    const ring = outlines('1111', '1021', '1111', '0000');
    expect(ring.map(area).sort((a, b) => a - b)).toEqual([-2, 12]);
    const corner = outlines('1000', '0100', '0011', '0000');
    expect(corner.map(area).reduce((sum, each) => sum + each, 0)).toBe(4);
    expect(outlines('0000', '0000', '0000', '0000')).toEqual([]);
  });
});

describe('a presentation state', () => {
  const two = (slices: SliceHeader[]) =>
    withDetections(
      slices,
      [
        [20, 10, 3],
        [8, 10, 3],
      ],
      [
        [30, 20, 6],
        [8, 8, 1],
      ],
    );

  it('refers only to slices with a marker, in their window, on one layer', async () => {
    const run = two(windowed(slicesOf(shape)));
    const [state, ...others] = await states(run);
    expect(others).toEqual([]);
    const uids = [2, 3, 4, 6].map(k => run.source.slices[k].sopInstanceUID);
    expect(imagesOf(items(state, 'ReferencedSeriesSequence')[0])).toEqual(uids);
    const annotations = items(state, 'GraphicAnnotationSequence');
    expect(annotations.map(imagesOf)).toEqual(uids.map(uid => [uid]));
    expect(new Set(annotations.map(({ GraphicLayer }) => String(GraphicLayer)))).toEqual(
      new Set(['AI_CT_LUNGS']),
    );
    expect(items(state, 'GraphicLayerSequence')).toHaveLength(1);
    expect(items(state, 'SoftcopyVOILUTSequence')).toEqual([
      { WindowCenter: [40], WindowWidth: [400] },
    ]);
    expect(state).toMatchObject({
      RescaleSlope: [1],
      RescaleIntercept: [-1024],
      PresentationLUTShape: ['IDENTITY'],
      SeriesNumber: [3003],
    });
    // Of several images an overlay would be drawn on each.
    expect(state.OverlayData).toBeUndefined();
  });

  it('names the frames of a multi-frame instance', async () => {
    const run = two(windowed(slicesOf({ ...shape, multiFrame: true })));
    const [state] = await states(run);
    const [image] = items(items(state, 'ReferencedSeriesSequence')[0], 'ReferencedImageSequence');
    expect(image.ReferencedFrameNumber).toEqual([3, 4, 5, 7]);
    const frames = items(state, 'GraphicAnnotationSequence').map(
      annotation => items(annotation, 'ReferencedImageSequence')[0].ReferencedFrameNumber,
    );
    expect(frames).toEqual([[3], [4], [5], [7]]);
  });

  it('of slices with several windows says which is of which', async () => {
    const slices = windowed(slicesOf(shape)).map((slice, k) =>
      k === 6
        ? { ...slice, voi: { center: -500, width: 1500, function: 'SIGMOID' as const } }
        : slice,
    );
    const [state] = await states(two(slices));
    const windows = items(state, 'SoftcopyVOILUTSequence');
    expect(windows.map(window => [imagesOf(window).length, window.VOILUTFunction])).toEqual([
      [3, undefined],
      [1, ['SIGMOID']],
    ]);
  });

  it('is one for each rescale, all in one series', async () => {
    const slices = windowed(slicesOf(shape)).map((slice, k) => ({ ...slice, rescaleSlope: 1 + k }));
    const parts = await states(two(slices));
    expect(parts.map(part => part.RescaleSlope)).toEqual([[3], [4], [5], [7]]);
    expect(new Set(parts.map(part => String(part.SeriesInstanceUID))).size).toBe(1);
    expect(new Set(parts.map(part => String(part.SOPInstanceUID))).size).toBe(4);
  });

  it('of one image has the outlines as an overlay too', async () => {
    const [header] = slicesOf({ columns: 40, rows: 30, slices: 1 });
    const {
      imagePositionPatient: _p,
      imageOrientationPatient: _o,
      pixelSpacing: _s,
      ...rest
    } = header;
    const picture = {
      ...rest,
      modality: 'DX',
      photometricInterpretation: 'MONOCHROME1',
      imagerPixelSpacing: [0.2, 0.2] as const,
    };
    const run = withDetections(
      [picture],
      [
        [20, 10, 0],
        [8, 10, 1],
      ],
    );
    const [state] = await states(run);
    const overlay = state.OverlayData as Uint8Array;
    const isSet = (i: number, j: number) => (overlay[(i + 40 * j) >> 3] >> ((i + 40 * j) & 7)) & 1;
    expect([isSet(16, 5), isSet(20, 5), isSet(24, 10), isSet(20, 10), isSet(15, 5)]).toEqual([
      1, 1, 1, 0, 0,
    ]);
    expect(state.PresentationLUTShape).toEqual(['INVERSE']);
    const [area] = items(state, 'DisplayedAreaSelectionSequence');
    expect(area).toMatchObject({
      DisplayedAreaBottomRightHandCorner: [40, 30],
      PresentationPixelAspectRatio: [1, 1],
    });
  });

  it('is none where nothing has a place, and outlines segments when it is given them', async () => {
    expect(await states(runOfKind('classification', slicesOf(shape)))).toEqual([]);
    expect(await states(runOfKind('nothing', slicesOf(shape)))).toEqual([]);
    const run = runOn(slicesOf(shape));
    expect(await states(run)).toEqual([]);
    const [state] = await states(run, run.findings);
    const texts = items(state, 'GraphicAnnotationSequence').map(annotation =>
      String(items(annotation, 'TextObjectSequence')[0].UnformattedTextValue),
    );
    expect(new Set(texts)).toEqual(new Set(run.findings.map(finding => markerText(run, finding))));
  });

  it('is the same bytes for the same run', async () => {
    const run = two(windowed(slicesOf(shape)));
    const source = sourceAttributes(run, metadataOf(run));
    if (!source.ok) throw new Error(source.refusal.message);
    const [a, b] = [1, 2].map(() => writePresentationState(run, source.value)[0]);
    expect(Buffer.from(a.part10).equals(Buffer.from(b.part10))).toBe(true);
  });
});
