import type { Direction } from '../geometry/types';
import { norm, subtract } from '../geometry/vector';
import { voxelVolume } from '../geometry/transform';
import {
  conceptOf,
  type Finding,
  type FindingConcept,
  type Measurement,
  type RunResult,
  type SegmentFinding,
} from '../findings/types';
import { refusal, type Refusal } from '../outcome';
import { comparableGrids, countOverlap, diceOf, type Overlap } from './overlap';
import { centreDistance, hasPlace, intersectionOverUnion, isOnePlace, placeOf } from './places';

/** One finding as two results have it; without `a` or `b` only the other found it. */
export interface FindingPair {
  kind: Finding['kind'];
  /** Findings' ids. */
  a?: string;
  b?: string;
  /** Of segments on one grid: 2·|A∩B| / (|A|+|B|). */
  dice?: number;
  /** Of segments, millilitres. */
  volume?: { a?: number; b?: number };
  /** Between the centres, millimetres. */
  distance?: number;
  /** Of boxes: intersection over union. */
  iou?: number;
}

export interface RunComparison {
  pairs: FindingPair[];
  /** Why contours, or places, were not laid one on the other. */
  refusals: Refusal[];
}

/** Segments of different names are one when they cover each other by this much. */
const SAME_EXTENT = 0.5;
const IDENTITY: Direction = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

const codeOf = ({ type, modifier }: FindingConcept): string =>
  [type, modifier].map(code => (code ? `${code.scheme} ${code.value}` : '')).join('/');
const nameOf = ({ label }: FindingConcept): string => label.en.trim().toLowerCase();

/** Of one concept: by its code with its modifier, or by its name; 0 where it is another. */
const sameConcept = (a: FindingConcept, b: FindingConcept): number => {
  const isCode = codeOf(a) === codeOf(b);
  const isName = nameOf(a) === nameOf(b);
  return (isCode ? 2 : 0) + (isName ? 1 : 0);
};

const MILLILITRES: Record<string, number> = { mL: 1, ml: 1, cm3: 1, mm3: 1e-3, L: 1e3, dm3: 1e3 };
const VOLUMES = new Set(['118565006', '705876']);

const measuredVolume = (measurements: readonly Measurement[]): number | undefined => {
  const found = measurements.find(
    ({ name, concept, unit }) =>
      (name === 'volume' || VOLUMES.has(concept.value)) && unit.value in MILLILITRES,
  );
  return found && found.value * MILLILITRES[found.unit.value];
};

/**
 * Pairs each of `a` with at most one of `b`, the best first. `score` is undefined for two that are
 * not one finding.
 */
function paired<A extends Finding, B extends Finding>(
  a: readonly A[],
  b: readonly B[],
  score: (a: A, b: B) => number | undefined,
): Array<[A, B]> {
  const candidates = a
    .flatMap(one => b.map(other => ({ one, other, value: score(one, other) })))
    .filter((each): each is typeof each & { value: number } => each.value !== undefined)
    .sort((left, right) => right.value - left.value);
  const taken = new Set<Finding>();
  return candidates.flatMap(({ one, other }): Array<[A, B]> => {
    if (taken.has(one) || taken.has(other)) return [];
    taken.add(one).add(other);
    return [[one, other]];
  });
}

const segmentsOf = ({ findings }: RunResult): SegmentFinding[] =>
  findings.filter((finding): finding is SegmentFinding => finding.kind === 'segment');

const differentFrames = (a: RunResult, b: RunResult): boolean => {
  const [first, second] = [a.source.frameOfReferenceUID, b.source.frameOfReferenceUID];
  return first !== undefined && second !== undefined && first !== second;
};

const framesDiffer = (a: RunResult, b: RunResult): Refusal => {
  const values = {
    met: b.source.frameOfReferenceUID ?? '',
    allowed: a.source.frameOfReferenceUID ?? '',
  };
  const message = `The results lie in different frames of reference (${values.allowed} and ${values.met}): places are not compared`;
  return refusal('compareFramesDiffer', message, values);
};

/** By the voxels that were counted, else as it was measured by whoever made it. */
const millilitres = (run: RunResult, finding: SegmentFinding, count?: number) =>
  count !== undefined && run.labelMap
    ? (count * voxelVolume(run.labelMap.geometry)) / 1000
    : measuredVolume(finding.measurements);

function pairSegments(a: RunResult, b: RunResult, overlap: Overlap | undefined): FindingPair[] {
  const numberOf = ({ segment }: SegmentFinding) => segment.segmentNumber;
  const dice = (one: SegmentFinding, other: SegmentFinding) =>
    overlap && diceOf(overlap, numberOf(one), numberOf(other));
  const pairs = paired(segmentsOf(a), segmentsOf(b), (one, other) => {
    const concept = sameConcept(one.segment, other.segment);
    const covers = dice(one, other) ?? 0;
    return concept > 0 || covers >= SAME_EXTENT ? 2 * concept + covers : undefined;
  });
  const placed = !differentFrames(a, b);
  return pairs.map(([one, other]) => ({
    kind: 'segment',
    a: one.id,
    b: other.id,
    dice: dice(one, other),
    volume: {
      a: millilitres(a, one, overlap?.inA(numberOf(one))),
      b: millilitres(b, other, overlap?.inB(numberOf(other))),
    },
    distance: placed ? norm(subtract(one.centroid, other.centroid)) : undefined,
  }));
}

function pairPlaces(a: RunResult, b: RunResult): FindingPair[] {
  if (differentFrames(a, b)) return [];
  const direction = (a.labelMap ?? b.labelMap)?.geometry.direction ?? directionOf(a) ?? IDENTITY;
  const places = new Map(
    [...a.findings, ...b.findings]
      .filter(hasPlace)
      .map(finding => [finding.id, placeOf(finding, direction)] as const),
  );
  const pairs = paired(a.findings.filter(hasPlace), b.findings.filter(hasPlace), (one, other) => {
    const [first, second] = [places.get(one.id)!, places.get(other.id)!];
    const iou = intersectionOverUnion(first, second, direction);
    if (iou === 0 && !isOnePlace(first, second)) return undefined;
    return iou + 1 / (1 + centreDistance(first, second));
  });
  return pairs.map(([one, other]) => {
    const [first, second] = [places.get(one.id)!, places.get(other.id)!];
    return {
      kind: one.kind,
      a: one.id,
      b: other.id,
      distance: centreDistance(first, second),
      iou: intersectionOverUnion(first, second, direction),
    };
  });
}

const directionOf = ({ source }: RunResult): Direction | undefined => {
  const cosines = source.slices[0]?.imageOrientationPatient;
  if (!cosines) return undefined;
  const [rx, ry, rz, cx, cy, cz] = cosines;
  return [
    [rx, ry, rz],
    [cx, cy, cz],
    [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx],
  ];
};

/** What has no place of its own is one finding when it is of one concept and kind. */
const pairConcepts = (a: RunResult, b: RunResult): FindingPair[] => {
  const placeless = ({ findings }: RunResult) =>
    findings.filter(finding => finding.kind !== 'segment' && !hasPlace(finding));
  return paired(placeless(a), placeless(b), (one, other) => {
    const concept = sameConcept(conceptOf(one), conceptOf(other));
    return one.kind === other.kind && concept > 0 ? concept : undefined;
  }).map(([one, other]) => ({ kind: one.kind, a: one.id, b: other.id }));
};

/**
 * Lays two results on one another: which findings both have, how well they agree, and what only one
 * of them found. Segments are matched by concept, else by overlap; detections and annotations by
 * place; classes and values by concept. Pairs stand in the order of `a`, then what only `b` found.
 *
 * A generator: it yields between chunks of voxels. `compareAtOnce` runs it through.
 */
export function* compareRuns(a: RunResult, b: RunResult): Generator<void, RunComparison> {
  const refusals: Refusal[] = [];
  let overlap: Overlap | undefined;
  if (a.labelMap && b.labelMap) {
    const grids = comparableGrids(a.labelMap.geometry, b.labelMap.geometry);
    if (grids.ok) overlap = yield* countOverlap(a.labelMap, b.labelMap);
    else refusals.push(grids.refusal);
  }
  if (differentFrames(a, b)) refusals.push(framesDiffer(a, b));
  const found = [...pairSegments(a, b, overlap), ...pairPlaces(a, b), ...pairConcepts(a, b)];
  const byA = new Map(found.map(pair => [pair.a, pair]));
  const inB = new Set(found.map(pair => pair.b));
  const volumeOf = (finding: SegmentFinding, side: 'a' | 'b') => {
    const { segmentNumber } = finding.segment;
    const counted = side === 'a' ? overlap?.inA(segmentNumber) : overlap?.inB(segmentNumber);
    return millilitres(side === 'a' ? a : b, finding, counted);
  };
  const alone = (finding: Finding, side: 'a' | 'b'): FindingPair => ({
    kind: finding.kind,
    [side]: finding.id,
    ...(finding.kind === 'segment' && { volume: { [side]: volumeOf(finding, side) } }),
  });
  return {
    pairs: [
      ...a.findings.map(finding => byA.get(finding.id) ?? alone(finding, 'a')),
      ...b.findings.filter(({ id }) => !inB.has(id)).map(finding => alone(finding, 'b')),
    ],
    refusals,
  };
}

/** The comparison without pauses, for where there is no page to keep alive. */
export function compareAtOnce(a: RunResult, b: RunResult): RunComparison {
  const steps = compareRuns(a, b);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
