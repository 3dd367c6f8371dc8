import { boxOf } from '../../core/findings/detectionBox';
import type {
  AnnotationFinding,
  CodedConcept,
  DetectionFinding,
  Finding,
  RunResult,
  SegmentFinding,
  Shape,
} from '../../core/findings/types';
import { worldToIndex } from '../../core/geometry/transform';
import type { Vec3, VolumeGeometry } from '../../core/geometry/types';
import { add, cross, scale, subtract } from '../../core/geometry/vector';
import { uidFrom } from '../../core/model/identity';
import { planSlices } from '../../core/volume/assemble';
import { CODE } from '../common/codes';
import type { Dataset } from '../common/dataset';
import { SOP_CLASS } from '../common/dictionary';
import * as content from './contentItems';
import { instanceItem, referencedSOP, type InstanceReference } from './references';
import { segmentOutline } from './segmentOutline';

/** Where a finding is, and the template that a group of such a place follows. */
export interface Region {
  /** Planar ROI, Volumetric ROI, or neither (PS3.16). */
  template: '1410' | '1411' | '1501';
  items: Dataset[];
}

/** FL has a length of 16 bits: so many points of three coordinates one item holds. */
const MAX_POINTS = 5461;

export const gridOf = (run: RunResult): VolumeGeometry => {
  if (run.labelMap) return run.labelMap.geometry;
  const plan = planSlices(run.source.slices);
  if (!plan.ok) throw new Error(`a result of what is no volume: ${plan.refusal.message}`);
  return plan.value.geometry;
};

/** A projection radiograph says nothing of where it is in the patient. */
export const isPlaced = ({ source }: RunResult): boolean =>
  source.slices[0].imagePositionPatient !== undefined &&
  source.slices[0].imageOrientationPatient !== undefined;

const frameOfReferenceOf = ({ source }: RunResult): string =>
  source.frameOfReferenceUID ?? uidFrom('frame of reference', source.seriesInstanceUID);

/** Reference to an image of the source, or to a frame of it. */
const imageReference = (run: RunResult, sopInstanceUID: string, frameNumber?: number): Dataset => {
  const slice =
    run.source.slices.find(each => each.sopInstanceUID === sopInstanceUID) ?? run.source.slices[0];
  return {
    ...referencedSOP(slice),
    ...(frameNumber !== undefined && { ReferencedFrameNumber: frameNumber }),
  };
};

const sourceImage = (run: RunResult, sopInstanceUID: string, frameNumber?: number): Dataset =>
  content.image('CONTAINS', CODE.source, imageReference(run, sopInstanceUID, frameNumber));

const shownImage = (run: RunResult, finding: Finding): Dataset =>
  sourceImage(run, finding.referencedSOPInstanceUID, finding.referencedFrameNumber);

const sourceSeries = (run: RunResult): Dataset =>
  content.uidReference('CONTAINS', CODE.sourceSeriesForSegmentation, run.source.seriesInstanceUID);

/**
 * Points in the patient as pixels of the image, column and row; the first pixel's centre is (0.5,
 * 0.5), for coordinates count from its corner (PS3.3 C.18.6.1.2).
 */
const pixelsOf = (run: RunResult, points: readonly Vec3[]): number[] => {
  const grid = gridOf(run);
  return points.flatMap(point => {
    const [i, j] = worldToIndex(grid, point);
    return [i + 0.5, j + 0.5];
  });
};

/** The box of a detection in the plane of its slices, its first corner also the last. */
function rectangle(run: RunResult, finding: DetectionFinding): Vec3[] {
  const { centre, half, direction } = boxOf(finding, gridOf(run));
  const corner = (i: number, j: number) =>
    add(centre, add(scale(direction[0], i * half[0]), scale(direction[1], j * half[1])));
  return [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1), corner(-1, -1)];
}

/** The ellipsoid in a detection's box: the ends of its axes (PS3.3 C.18.9.1.2). */
function ellipsoid(run: RunResult, finding: DetectionFinding): Dataset {
  const { centre, half, direction } = boxOf(finding, gridOf(run));
  const ends = direction.flatMap((axis, index) => [
    ...add(centre, scale(axis, -half[index])),
    ...add(centre, scale(axis, half[index])),
  ]);
  return content.spatialCoordinates3D(
    'CONTAINS',
    CODE.volumeSurface,
    'ELLIPSOID',
    ends,
    frameOfReferenceOf(run),
  );
}

const closed = (points: readonly Vec3[]): Vec3[] => [...points, points[0]];

/** Every n-th point of a line that has too many for one item, and always its last. */
const thinned = <Point>(points: readonly Point[]): readonly Point[] => {
  const step = Math.ceil(points.length / (MAX_POINTS - 1));
  if (step <= 1) return points;
  return points.filter((_, index) => index % step === 0 || index === points.length - 1);
};

/** Two perpendicular diameters of a circle given by its centre and a point of it. */
function diameters(run: RunResult, [centre, rim]: readonly Vec3[]): Vec3[] {
  const radius = subtract(rim, centre);
  const across = cross(gridOf(run).direction[2], radius);
  return [
    subtract(centre, radius),
    add(centre, radius),
    subtract(centre, across),
    add(centre, across),
  ];
}

/** A shape in space; SCOORD3D has no circle and no text. */
function shape3D(
  run: RunResult,
  { graphicType, points }: Shape,
): { graphicType: content.GraphicType3D; points: readonly Vec3[] } {
  switch (graphicType) {
    case 'CIRCLE':
      return { graphicType: 'ELLIPSE', points: diameters(run, points) };
    case 'POLYGON':
      return { graphicType, points: thinned(isClosed(points) ? points : closed(points)) };
    case 'TEXT':
      return { graphicType: 'POINT', points: points.slice(0, 1) };
    default:
      return { graphicType, points: thinned(points) };
  }
}

const isClosed = (points: readonly Vec3[]): boolean =>
  points[0].every((value, axis) => value === points[points.length - 1][axis]);

/** A shape on an image; SCOORD has no polygon: it is a line whose last point is its first. */
function shape2D(run: RunResult, finding: AnnotationFinding, shape: Shape): Dataset {
  const { graphicType, points } = shape;
  const line = graphicType === 'POLYGON' && !isClosed(points) ? closed(points) : points;
  const types = {
    POINT: 'POINT',
    TEXT: 'POINT',
    MULTIPOINT: 'MULTIPOINT',
    POLYLINE: 'POLYLINE',
    POLYGON: 'POLYLINE',
    CIRCLE: 'CIRCLE',
    ELLIPSE: 'ELLIPSE',
    ELLIPSOID: 'MULTIPOINT',
  } as const;
  return content.spatialCoordinates(
    'CONTAINS',
    CODE.imageRegion,
    types[graphicType],
    pixelsOf(run, graphicType === 'TEXT' ? line.slice(0, 1) : thinned(line)),
    imageReference(
      run,
      shape.referencedSOPInstanceUID ?? finding.referencedSOPInstanceUID,
      shape.referencedFrameNumber ?? finding.referencedFrameNumber,
    ),
  );
}

/**
 * One planar shape is the region of TID 1410; ellipsoids, or several polygons and ellipses, the
 * surface of TID 1411. What neither takes (several lines, many points) stands in a group without a
 * template for regions, which is extensible.
 */
function annotationRegion(run: RunResult, finding: AnnotationFinding): Region {
  const { shapes } = finding;
  if (shapes.length === 0) return { template: '1501', items: [shownImage(run, finding)] };
  if (!isPlaced(run)) {
    const items = shapes.map(shape => shape2D(run, finding, shape));
    const planar =
      shapes.length === 1 && !['MULTIPOINT', 'ELLIPSOID'].includes(shapes[0].graphicType);
    return { template: planar ? '1410' : '1501', items };
  }
  const drawn = shapes.map(shape => shape3D(run, shape));
  const all = (...types: content.GraphicType3D[]) =>
    drawn.every(({ graphicType }) => types.includes(graphicType));
  const surface = all('ELLIPSOID') || (drawn.length > 1 && all('POLYGON', 'ELLIPSE'));
  const planar = !surface && drawn.length === 1 && !all('MULTIPOINT');
  const items = drawn.map(({ graphicType, points }) =>
    content.spatialCoordinates3D(
      'CONTAINS',
      surface ? CODE.volumeSurface : CODE.imageRegion,
      graphicType,
      points.flat(),
      frameOfReferenceOf(run),
    ),
  );
  if (surface) return { template: '1411', items: [...items, sourceSeries(run)] };
  return { template: planar ? '1410' : '1501', items };
}

/** The box of a detection on its key slice. */
const box = (run: RunResult, finding: DetectionFinding, concept: CodedConcept): Dataset =>
  content.spatialCoordinates(
    'CONTAINS',
    concept,
    'POLYLINE',
    pixelsOf(run, rectangle(run, finding)),
    imageReference(run, finding.referencedSOPInstanceUID, finding.referencedFrameNumber),
  );

/** The outline of a segment on its key slice; none of a segment without voxels. */
function outline(run: RunResult, finding: SegmentFinding): Dataset[] {
  const found =
    run.labelMap &&
    segmentOutline(run.labelMap, finding.segment.segmentNumber, finding.middleSlice);
  if (!found) return [];
  const { sopInstanceUID, frameNumber } = run.source.slices[found.k];
  return [
    content.spatialCoordinates(
      'CONTAINS',
      CODE.outline,
      'POLYLINE',
      thinned(found.line).flat(),
      imageReference(run, sopInstanceUID, frameNumber),
    ),
  ];
}

/**
 * Where a finding is, among the evidence that is written beside the report.
 *
 * Of a segment and of an ellipsoid there is also the outline on the key slice, as CAD reports tell it
 * (TID 4021): a place to jump to for programs that neither open the Segmentation nor draw in space.
 * It comes first and lies on an image, for OHIF takes the first coordinates of a group and draws in a
 * stack only what lies on an image.
 */
export function regionOf(
  run: RunResult,
  finding: Finding,
  beside: { segmentation?: InstanceReference; segmentNumber: number; map?: InstanceReference },
): Region {
  switch (finding.kind) {
    case 'segment':
      if (!beside.segmentation) return { template: '1501', items: [shownImage(run, finding)] };
      return {
        template: '1411',
        items: [
          ...outline(run, finding),
          content.image('CONTAINS', CODE.referencedSegment, {
            ...referencedSOP(beside.segmentation),
            ReferencedSegmentNumber: beside.segmentNumber,
          }),
          sourceSeries(run),
        ],
      };
    case 'detection':
      return isPlaced(run)
        ? {
            template: '1411',
            items: [box(run, finding, CODE.outline), ellipsoid(run, finding), sourceSeries(run)],
          }
        : { template: '1410', items: [box(run, finding, CODE.imageRegion)] };
    case 'annotation':
      return annotationRegion(run, finding);
    case 'keyImage':
      return {
        template: '1501',
        items: finding.images.map(({ sopInstanceUID, frameNumber }) =>
          sourceImage(run, sopInstanceUID, frameNumber),
        ),
      };
    case 'map':
      return {
        template: '1501',
        items: [
          beside.map ? instanceItem('CONTAINS', CODE.source, beside.map) : shownImage(run, finding),
        ],
      };
    case 'classification':
    case 'regression':
      return { template: '1501', items: [] };
  }
}

export const isSegmentation = ({ sopClassUID }: InstanceReference): boolean =>
  sopClassUID === SOP_CLASS.segmentation || sopClassUID === SOP_CLASS.labelMapSegmentation;
