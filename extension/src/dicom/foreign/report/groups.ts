import type {
  CodedConcept,
  Measurement,
  QualitativeEvaluation,
} from '../../../core/findings/types';
import { CODE } from '../../common/codes';
import { REVIEW } from '../../sr/reviewCodes';
import type { ImageReference } from '../frames';
import type { Algorithm } from '../header';
import { ROLE, measurementName } from './concepts';
import { below, called, isOne, type Content } from './content';

/** A drawing as the report has it: pixels of an image, or points in a frame of reference. */
export interface Drawing {
  type: string;
  data: number[];
  image?: ImageReference;
  frameOfReferenceUID?: string;
  /** It tells where the thing is, not how far it reaches. */
  isPlaceOnly?: true;
}

/** What a report says of one thing. */
export interface ReportedGroup {
  trackingIdentifier?: string;
  trackingUID?: string;
  finding?: CodedConcept;
  category?: CodedConcept;
  modifier?: CodedConcept;
  measurements: Measurement[];
  evaluations: QualitativeEvaluation[];
  /** Probability, 0–1. */
  score?: number;
  algorithm?: Algorithm;
  drawings: Drawing[];
  segments: Array<{ sopInstanceUID: string; segmentNumber: number }>;
  /** Images that it names, without a place on them. */
  images: ImageReference[];
  sourceSeries?: string;
}

const imageOf = ({ reference }: Content): ImageReference | undefined =>
  reference && {
    sopInstanceUID: reference.sopInstanceUID,
    ...(reference.frames && { frames: reference.frames }),
  };

const isPlaceOnly = ({ concept }: Content): boolean => isOne(concept, ROLE.placeOnly);

function drawingOf(item: Content): Drawing[] {
  const { graphic, valueType } = item;
  if (!graphic) return [];
  const place = isPlaceOnly(item) ? ({ isPlaceOnly: true } as const) : {};
  if (valueType === 'SCOORD3D') {
    return [{ ...graphic, frameOfReferenceUID: graphic.frameOfReferenceUID ?? '', ...place }];
  }
  const image = item.children.map(imageOf).find(each => each !== undefined);
  return valueType === 'SCOORD' && image
    ? [{ type: graphic.type, data: graphic.data, image, ...place }]
    : [];
}

/**
 * A centre or an outline beside the coordinates of the region itself says once more where that is:
 * it is not drawn as well.
 */
function regionOnly(items: readonly Content[]): readonly Content[] {
  const hasRegion = items.some(item => !isPlaceOnly(item) && drawingOf(item).length > 0);
  return hasRegion ? items.filter(item => !isPlaceOnly(item)) : items;
}

/** Drawings of an item and of what explains it, but not of another group within it. */
function drawingsBelow(content: Content): Drawing[] {
  return regionOnly(content.children).flatMap(child =>
    child.valueType === 'CONTAINER' && isOne(child.concept, ROLE.measurementGroup)
      ? []
      : [...drawingOf(child), ...drawingsBelow(child)],
  );
}

export function measurementOf(item: Content): Measurement[] {
  const { concept, numeric } = item;
  if (item.valueType !== 'NUM' || !concept || !numeric) return [];
  const derivation = called(item.children, ...ROLE.derivation)[0]?.code;
  const method = called(item.children, ...ROLE.method)[0]?.code;
  return [
    {
      name: measurementName(concept, derivation),
      concept,
      ...(derivation && { derivation }),
      ...(method && { method }),
      ...numeric,
    },
  ];
}

/** Percent, or a number that is at most 1. */
function scoreOf(items: readonly Content[]): number | undefined {
  for (const { numeric } of called(items, ...ROLE.certainty)) {
    if (!numeric) continue;
    const score = numeric.unit.value === '%' ? numeric.value / 100 : numeric.value;
    if (score >= 0 && score <= 1) return score;
  }
  return undefined;
}

/** Items that say what a group is, where and how it was made; all other codes and texts evaluate it. */
const NOT_EVALUATIONS = [
  ...ROLE.trackingIdentifier,
  ...ROLE.finding,
  ...ROLE.findingCategory,
  ...ROLE.findingSite,
  ...ROLE.laterality,
  ...ROLE.derivation,
  ...ROLE.method,
  ...ROLE.algorithmName,
  ...ROLE.algorithmParameters,
  ...ROLE.algorithmVersion,
  ...ROLE.session,
  ...ROLE.renderingIntent,
  ...ROLE.observerType,
  ...ROLE.deviceName,
  // A verdict that another reader gave with this program is no property of the finding.
  REVIEW,
];

export function evaluationOf(item: Content): QualitativeEvaluation[] {
  const { concept, valueType } = item;
  const value = valueType === 'CODE' ? item.code : valueType === 'TEXT' ? item.text : undefined;
  if (!concept || value === undefined || isOne(concept, NOT_EVALUATIONS)) return [];
  return item.relationship === 'HAS CONCEPT MOD' ? [] : [{ concept, value }];
}

/** Algorithm Identification (TID 4019) of a group, or of one of its measurements. */
export function algorithmIn(items: readonly Content[]): Algorithm | undefined {
  const name = called(items, ...ROLE.algorithmName)[0]?.text;
  if (name !== undefined) {
    return { name, version: called(items, ...ROLE.algorithmVersion)[0]?.text };
  }
  for (const { valueType, children } of items) {
    const found = valueType === 'NUM' ? algorithmIn(children) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** What the items of a group say, of whatever template (TID 1410, 1411, 1419, 1501, 4104 …). */
export function groupOf(content: Content): ReportedGroup {
  const items = content.children;
  const site = called(items, ...ROLE.findingSite)[0];
  const side =
    called(site?.children ?? [], ...ROLE.laterality)[0] ?? called(items, ...ROLE.laterality)[0];
  const numbers = items.filter(({ valueType }) => valueType === 'NUM');
  const method = called(items, ...ROLE.method)[0]?.code;
  const measurements = numbers
    .filter(({ concept }) => !isOne(concept, ROLE.certainty))
    .flatMap(measurementOf)
    // A method of the group is that of its measurements (TID 1411 row 9, TID 1410).
    .map(each => (method && !each.method ? { ...each, method } : each));
  const referred = called(items, ...ROLE.referencedSegment);
  const segments = referred.flatMap(({ reference }) =>
    (reference?.segments ?? []).map(segmentNumber => ({
      sopInstanceUID: reference!.sopInstanceUID,
      segmentNumber,
    })),
  );
  const qualified = numbers.length === 1 ? numbers[0].children.flatMap(evaluationOf) : [];
  const images = items.flatMap(item =>
    item.valueType === 'IMAGE' && !referred.includes(item) ? (imageOf(item) ?? []) : [],
  );
  return {
    trackingIdentifier: called(items, ...ROLE.trackingIdentifier)[0]?.text,
    trackingUID: called(items, ...ROLE.trackingUID)[0]?.text,
    finding: called(items, ...ROLE.finding)[0]?.code,
    category: called(items, ...ROLE.findingCategory)[0]?.code,
    modifier: side?.code,
    measurements,
    evaluations: [
      ...(site?.code ? [{ concept: site.concept ?? CODE.findingSite, value: site.code }] : []),
      ...items.flatMap(evaluationOf),
      ...qualified,
    ],
    score: scoreOf(items),
    algorithm: algorithmIn(items),
    drawings: drawingsBelow(content),
    segments,
    images,
    sourceSeries: called(items, ...ROLE.sourceSeries)[0]?.text,
  };
}

/** Measurement groups anywhere in the report, but not those that another one holds. */
function measurementGroups(content: Content): Content[] {
  return content.children.flatMap(child =>
    child.valueType === 'CONTAINER' && isOne(child.concept, ROLE.measurementGroup)
      ? [child]
      : measurementGroups(child),
  );
}

/** Overall evaluations (TID 1500 row 13): each is a thing that was said of the images. */
function overallEvaluations(root: Content): ReportedGroup[] {
  const containers = [...below(root)].filter(({ concept }) =>
    isOne(concept, ROLE.qualitativeEvaluations),
  );
  return containers
    .flatMap(({ children }) => children)
    .flatMap((item): ReportedGroup[] => {
      const nothing = { drawings: [], segments: [], measurements: [], evaluations: [] };
      const { concept, code, text } = item;
      if (!concept || (item.valueType !== 'CODE' && item.valueType !== 'TEXT')) return [];
      const group = groupOf(item);
      if (isOne(concept, ROLE.finding) && code) return [{ ...group, finding: code }];
      const value = code ?? text;
      if (value === undefined) return [];
      const evaluations = [{ concept, value }, ...group.evaluations];
      return [{ ...nothing, ...group, finding: concept, evaluations }];
    });
}

/** What CAD programs mark (TID 4006, 4104): not what they say must not be shown. */
function cadFindings(content: Content): ReportedGroup[] {
  return content.children.flatMap((child): ReportedGroup[] => {
    const intent = called(child.children, ...ROLE.renderingIntent)[0]?.code;
    if (isOne(intent, ROLE.notForPresentation)) return [];
    if (!isOne(child.concept, ROLE.singleImageFinding) || !child.code) return cadFindings(child);
    const group = groupOf(child);
    return group.drawings.length > 0 ? [{ ...group, finding: child.code }] : [];
  });
}

/** Of a report whose template we do not know: what has a drawing right below it. */
function drawnItems(content: Content): ReportedGroup[] {
  return content.children.flatMap((child): ReportedGroup[] => {
    if (isOne(child.concept, ROLE.imageLibrary)) return [];
    const isDrawn = child.children.some(item => drawingOf(item).length > 0);
    if (!isDrawn) return drawnItems(child);
    const group = groupOf(child);
    const finding = child.code ?? group.finding ?? child.concept;
    return [{ ...group, finding, measurements: [...measurementOf(child), ...group.measurements] }];
  });
}

/**
 * The things that a report tells of: measurement groups and overall evaluations (TID 1500), else the
 * findings of CAD (TID 4000, 4100), else whatever has coordinates.
 */
export function reportedGroups(root: Content): ReportedGroup[] {
  const measured = [...measurementGroups(root).map(groupOf), ...overallEvaluations(root)];
  if (measured.length > 0) return measured;
  const marked = cadFindings(root);
  return marked.length > 0 ? marked : drawnItems(root);
}
