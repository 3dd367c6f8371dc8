import type { RunResult } from '../../core/findings/types';
import { SOP_CLASS } from '../common/dictionary';
import { seriesUIDOf } from '../common/identity';
import { type ParsedDataset } from '../common/parse';
import { sourceAttributes } from '../common/source';
import { parametricMapUIDOf } from '../parametricMap/grid';
import { writeSegmentation } from '../seg/writeSegmentation';
import { annotationRun, keyImageRun, mapRun, radiograph, SHAPES } from '../testing/drawings';
import { metadataOf, reviewsOf, runOfKind, runOn, slicesOf } from '../testing/runs';
import {
  small,
  requestOf,
  reportOf,
  parsed,
  readBack,
  hex,
  type Items,
  itemsOf,
  meaningOf,
  named,
  groupsIn,
  templateIn,
  referencesIn,
  placeOf,
} from '../testing/reports';

describe('a drawing', () => {
  it.each([
    ['point', ['1410', 'Image Region SCOORD3D POINT']],
    ['line with words', ['1410', 'Image Region SCOORD3D POLYLINE']],
    ['polygon', ['1410', 'Image Region SCOORD3D POLYGON']],
    ['ellipse', ['1410', 'Image Region SCOORD3D ELLIPSE']],
    ['circle', ['1410', 'Image Region SCOORD3D ELLIPSE']],
    ['ellipsoid', ['1411', 'Volume Surface SCOORD3D ELLIPSOID']],
    [
      'several polygons',
      ['1411', 'Volume Surface SCOORD3D POLYGON', 'Volume Surface SCOORD3D POLYGON'],
    ],
    ['two lines', ['1501', 'Image Region SCOORD3D POLYLINE', 'Image Region SCOORD3D POLYLINE']],
    ['many points', ['1501', 'Image Region SCOORD3D MULTIPOINT']],
  ])('%s has the region that its template allows, and is read back', async (key, place) => {
    const run = annotationRun(slicesOf(small), key, SHAPES[key]);
    const report = reportOf(run, { reviews: reviewsOf(run) });
    expect(placeOf(await parsed(report))).toEqual(place);
    const read = await readBack(report, run);
    expect(read.run).toEqual(run);
    expect([...read.findings.values()].map(({ review }) => review)).toEqual(reviewsOf(run));
  });

  it('closes a polygon and keeps a long line within what one item holds', async () => {
    const points = Array.from({ length: 12000 }, (_, k) => [k / 100, 0, 0] as const);
    const coordinatesOf = async (key: string, shape: (typeof SHAPES)[string]) => {
      const dataset = await parsed(reportOf(annotationRun(slicesOf(small), key, shape)));
      const [region] = named(groupsIn(dataset)[0], 'Image Region');
      return region.GraphicData as number[];
    };
    const polygon = await coordinatesOf('polygon', SHAPES.polygon);
    expect(polygon).toHaveLength(12);
    expect(polygon.slice(0, 3)).toEqual(polygon.slice(9));
    const long = await coordinatesOf('long', [{ graphicType: 'POLYLINE', points }]);
    expect(long.length).toBeLessThanOrEqual(5461 * 3);
    expect(long[long.length - 3]).toBeCloseTo(119.99, 4);
  });

  it('makes of a circle two perpendicular diameters', async () => {
    const run = annotationRun(slicesOf(small), 'circle', SHAPES.circle);
    const [region] = named(groupsIn(await parsed(reportOf(run)))[0], 'Image Region');
    const [x1, y1, , x2, y2, , x3, y3, , x4, y4] = region.GraphicData as number[];
    expect([x1, x2, y1 - y2]).toEqual([-178, -174, 0]);
    expect([y3, y4].sort((a, b) => a - b)).toEqual([-170, -166]);
    expect(x3 - x4).toBe(0);
  });
});

describe('the outline on the key slice', () => {
  const outlineIn = async (run: RunResult) => {
    const dataset = await parsed(reportOf(run));
    const [outline] = named(groupsIn(dataset)[0], 'Outline');
    const [image] = itemsOf(outline).flatMap(each => each.ReferencedSOPSequence as Items);
    const data = outline.GraphicData as number[];
    const points = data.flatMap((x, at) => (at % 2 === 0 ? [[x, data[at + 1]]] : []));
    return { place: placeOf(dataset), points, on: image.ReferencedSOPInstanceUID };
  };
  const areaOf = (points: number[][]) =>
    Math.abs(
      points.slice(1).reduce((sum, [x, y], at) => sum + points[at][0] * y - x * points[at][1], 0),
    ) / 2;

  it('of a segment surrounds its voxels there, and comes before its Segmentation', async () => {
    const run = runOn(slicesOf(small));
    const [{ middleSlice, segment }] = run.findings;
    const size = small.columns * small.rows;
    const slice = run.labelMap.voxels.subarray(middleSlice * size, (middleSlice + 1) * size);
    const { place, points, on } = await outlineIn(run);
    expect(place).toEqual(['1411', 'Outline SCOORD POLYLINE', 'Referenced Segment IMAGE']);
    expect(areaOf(points)).toBe(slice.filter(label => label === segment.segmentNumber).length);
    expect(points.at(-1)).toEqual(points[0]);
    expect(on).toEqual([run.source.slices[middleSlice].sopInstanceUID]);
  });

  it('lies on the nearest slice where the key slice has none, around the largest part', async () => {
    const run = runOn(slicesOf(small));
    const [{ segment }] = run.findings;
    const label = segment.segmentNumber;
    const { voxels } = run.labelMap;
    voxels.forEach((value, at) => (voxels[at] = value === label ? 0 : value));
    const last = 5 * small.columns * small.rows;
    voxels[last] = label;
    const [column, row] = [10, 4];
    [0, 1, small.columns].forEach(more => {
      voxels[last + column + row * small.columns + more] = label;
    });
    const { points, on } = await outlineIn(run);
    expect(on).toEqual([run.source.slices[5].sopInstanceUID]);
    expect(areaOf(points)).toBe(3);
    expect(Math.min(...points.map(([x]) => x))).toBe(column);
    expect(Math.max(...points.map(([, y]) => y))).toBe(row + 2);
  });

  it('is not there of a segment without voxels', async () => {
    const run = runOn(slicesOf(small));
    run.labelMap.voxels.fill(0);
    const dataset = await parsed(reportOf(run));
    expect(placeOf(dataset)).toEqual(['1411', 'Referenced Segment IMAGE']);
  });

  it('of a detection is its box, and comes before the ellipsoid in it', async () => {
    const run = runOfKind('detection', slicesOf(small));
    const { place, points, on } = await outlineIn(run);
    expect(place).toEqual(['1411', 'Outline SCOORD POLYLINE', 'Volume Surface SCOORD3D ELLIPSOID']);
    expect(points).toHaveLength(5);
    expect(on).toEqual([run.findings[0].referencedSOPInstanceUID]);
  });
});

describe('a radiograph, which says nothing of its place', () => {
  it('has the box of a detection in pixels of the image', async () => {
    const run = runOfKind('detection', radiograph());
    run.findings = run.findings.slice(0, 1).map(finding => ({
      ...finding,
      centroid: [5, 6, 0],
      ...(finding.kind === 'detection' && { size: [2, 4, 1] as const }),
    }));
    const dataset = await parsed(reportOf(run));
    expect(placeOf(dataset)).toEqual(['1410', 'Image Region SCOORD POLYLINE']);
    const [region] = named(groupsIn(dataset)[0], 'Image Region');
    // Columns are 0.25 mm apart and rows 0.5 mm; the first pixel's centre is at 0.5.
    expect(region.GraphicData).toEqual([16.5, 8.5, 24.5, 8.5, 24.5, 16.5, 16.5, 16.5, 16.5, 8.5]);
    const [selected] = itemsOf(region);
    expect(selected.RelationshipType).toEqual(['SELECTED FROM']);
    expect((await readBack(reportOf(run), run)).run).toEqual(run);
  });

  it('is described as a projection, with its orientation', async () => {
    const run = runOfKind('classification', radiograph());
    const metadata = metadataOf(run, { '00200020': { vr: 'CS', Value: ['L', 'F'] } });
    const source = sourceAttributes(run, metadata);
    if (!source.ok) throw new Error(source.refusal.message);
    const dataset = await parsed(reportOf(run, { source: source.value }));
    const [group] = named(dataset, 'Image Library').flatMap(itemsOf);
    const texts = itemsOf(group).flatMap(item => (item.TextValue as string[] | undefined) ?? []);
    expect(texts).toEqual(['L', 'F']);
    expect(named(group, 'Slice Thickness')).toEqual([]);
    expect(named(group, 'Vertical Pixel Spacing')).toHaveLength(1);
  });
});

describe('the image library', () => {
  it('has the position of every slice and what they share', async () => {
    const run = runOn(slicesOf({ ...small, tilted: true }));
    const [group] = named(await parsed(reportOf(run)), 'Image Library').flatMap(itemsOf);
    const images = itemsOf(group).filter(item => (item.ValueType as string[])[0] === 'IMAGE');
    const valueOf = (item: ParsedDataset) =>
      ((item.MeasuredValueSequence as Items)[0].NumericValue as number[])[0];
    expect(images.map(image => itemsOf(image).map(valueOf))).toEqual(
      run.source.slices.map(({ imagePositionPatient }) => [...imagePositionPatient!]),
    );
    const cosines = itemsOf(group).filter(item => meaningOf(item).includes('Orientation'));
    expect(cosines.map(valueOf)).toEqual([0.96, 0.28, 0, -0.28, 0.96, 0]);
    expect(named(group, 'Slice Thickness').map(valueOf)).toEqual([2]);
    expect(named(group, 'Study Date').map(each => each.Date)).toEqual([['20260301']]);
  });
});

describe('images, maps and segments', () => {
  it('a key image is a group of its images', async () => {
    const run = keyImageRun(slicesOf({ ...small, multiFrame: true }));
    const report = reportOf(run);
    expect(placeOf(await parsed(report))).toEqual(['1501', 'Source IMAGE', 'Source IMAGE']);
    expect((await readBack(report, run)).run).toEqual(run);
  });

  it('a map refers to the Parametric Map beside it', async () => {
    const run = mapRun(slicesOf(small));
    const uid = parametricMapUIDOf(run.runId, 'saliency');
    const map = {
      sopClassUID: SOP_CLASS.parametricMap,
      sopInstanceUID: uid,
      seriesInstanceUID: seriesUIDOf(uid),
    };
    const report = reportOf(run, { beside: [map] });
    const dataset = await parsed(report);
    expect(placeOf(dataset)).toEqual(['1501', 'Source IMAGE']);
    expect(referencesIn(dataset)).toContain(uid);
    expect((await readBack(report, run)).run).toEqual(run);
    expect(referencesIn(await parsed(reportOf(run)))).not.toContain(uid);
  });

  it('segments refer to the kind of Segmentation that is written, and to none where none is', async () => {
    const run = runOn(slicesOf(small));
    const { source } = requestOf(run);
    const binary = writeSegmentation(run, source);
    const labelmap = writeSegmentation(run, source, { type: 'labelmap' });
    const usual = reportOf(run);
    expect(hex(reportOf(run, { beside: [binary] }))).toBe(hex(usual));
    const other = reportOf(run, { beside: [labelmap] });
    expect(other.sopInstanceUID).not.toBe(usual.sopInstanceUID);
    expect(await readBack(other, run)).toMatchObject({ segmentationUID: labelmap.sopInstanceUID });
    const alone = reportOf(run, { beside: [] });
    expect(placeOf(await parsed(alone))).toEqual(['1501', 'Source IMAGE']);
    const { labelMap: _labelMap, ...rest } = run;
    expect((await readBack(alone, run)).run).toEqual(rest);
  });

  it('a map beside segments is a group of its own, and is read back beside them', async () => {
    const run = runOn(slicesOf(small), 3);
    const [map] = mapRun(run.source.slices).findings;
    const mixed = { ...run, findings: [map, ...run.findings] };
    const report = reportOf(mixed, { reviews: reviewsOf(mixed, 1) });
    const dataset = await parsed(report);
    expect(groupsIn(dataset).map(templateIn)).toEqual(['1411', '1411', '1411', '1501']);
    const numbers = groupsIn(dataset)
      .flatMap(group => named(group, 'Referenced Segment'))
      .flatMap(item => item.ReferencedSOPSequence as Items)
      .map(each => each.ReferencedSegmentNumber);
    expect(numbers).toEqual([[1], [2], [3]]);
    const read = await readBack(report, run);
    expect(read.beside).toEqual([{ ...map, runId: run.runId }]);
    expect(read.findings.get(map.id)?.review).toEqual(reviewsOf(mixed, 1)[0]);
  });

  it('a class that was found is a question answered with Present, and its probability', async () => {
    const run = runOfKind('classification', slicesOf(small));
    const [group] = groupsIn(await parsed(reportOf(run)));
    const [answer] = named(group, 'Pleural effusion');
    expect((answer.ConceptCodeSequence as Items)[0].CodeMeaning).toEqual(['Present']);
    expect(named(group, 'Certainty of Finding')).toHaveLength(1);
    expect((await readBack(reportOf(run), run)).run).toEqual(run);
  });
});
