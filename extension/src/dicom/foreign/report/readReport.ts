import type {
  CodedConcept,
  Finding,
  Measurement,
  QualitativeEvaluation,
  RunResult,
} from '../../../core/findings/types';
import { accept, refusal, refuse, type Outcome, type Refusal } from '../../../core/outcome';
import { CODE } from '../../common/codes';
import type { ParsedDataset } from '../../common/parse';
import { issueOf } from '../../common/schemas';
import { referencesOf } from '../frames';
import { instanceOf, originOf, provenanceOf, unreadable, type ForeignHeader } from '../header';
import { conceptOfLabel, foreignRunId, numbered, type Names } from '../naming';
import { keyOfSeries, shownAt, type OpenSeries, type Placement } from '../placement';
import { contentTree, reportSchema, type Content } from './content';
import { reportedGroups, type ReportedGroup } from './groups';
import { locationsOf, type Evidence, type Location } from './locate';
import { observersOf, type Observers } from './observers';

/** Segments that were read, as a report refers to them. */
export interface SegmentIndex {
  find(
    sopInstanceUID: string,
    segmentNumber: number,
  ): { run: RunResult; finding: Finding; isTracked: boolean } | undefined;
  replace(run: RunResult, id: string, finding: Finding): void;
}

const evidenceIn = (dataset: ParsedDataset): Outcome<Evidence> => {
  const parsed = reportSchema.safeParse(dataset);
  if (!parsed.success) return unreadable({ called: 'SR' }, issueOf(parsed.error));
  const { CurrentRequestedProcedureEvidenceSequence: own, PertinentOtherEvidenceSequence: other } =
    parsed.data;
  const seriesOf = new Map<string, string>();
  const images = [...own, ...other]
    .flatMap(({ ReferencedSeriesSequence }) => ReferencedSeriesSequence)
    .flatMap(({ SeriesInstanceUID: series, ReferencedSOPSequence }) => {
      const references = referencesOf(ReferencedSOPSequence);
      if (series) references.forEach(({ sopInstanceUID }) => seriesOf.set(sopInstanceUID, series));
      return references;
    });
  return accept({ images, seriesOf });
};

const sameMeasurement = (a: Measurement, b: Measurement): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

const sameAnswer = (a: QualitativeEvaluation, b: QualitativeEvaluation): boolean =>
  a.concept.meaning.toLowerCase() === b.concept.meaning.toLowerCase() &&
  JSON.stringify(a.value) === JSON.stringify(b.value);

/** What a report says of a segment is said of the segment's finding. */
function tellSegment(
  header: ForeignHeader,
  group: ReportedGroup,
  segments: SegmentIndex,
  names: Names,
  index: number,
): boolean {
  for (const { sopInstanceUID, segmentNumber } of group.segments) {
    const found = segments.find(sopInstanceUID, segmentNumber);
    if (!found) continue;
    const { run, finding, isTracked } = found;
    const measurements = [
      ...finding.measurements,
      ...group.measurements.filter(
        each => !finding.measurements.some(known => sameMeasurement(known, each)),
      ),
    ];
    const known = finding.evaluations ?? [];
    const evaluations = [
      ...known,
      // A site that the segmentation names by another code for “site” is one site.
      ...group.evaluations.filter(each => !known.some(other => sameAnswer(other, each))),
    ];
    segments.replace(run, finding.id, {
      ...finding,
      ...(!isTracked &&
        group.trackingUID && {
          id: names.idOf(group.trackingUID, header.SOPInstanceUID, String(index)),
        }),
      ...(!isTracked &&
        group.trackingIdentifier && { trackingIdentifier: group.trackingIdentifier }),
      measurements,
      ...(evaluations.length > 0 && { evaluations }),
    });
    const origin = run.foreign!;
    if (!origin.instances.some(each => each.sopInstanceUID === header.SOPInstanceUID)) {
      origin.instances.push(instanceOf(header));
    }
    return true;
  }
  return false;
}

function findingAt(
  header: ForeignHeader,
  group: ReportedGroup,
  { place, centroid, shapes }: Location,
  runId: string,
  names: Names,
  index: string,
): Finding {
  const { finding, measurements, evaluations, score } = group;
  const said = evaluations.at(0);
  const type: CodedConcept =
    finding ?? measurements.at(0)?.concept ?? said?.concept ?? CODE.finding;
  const label = finding?.meaning ?? group.trackingIdentifier ?? type.meaning;
  const base = {
    id: names.idOf(group.trackingUID, header.SOPInstanceUID, index),
    trackingIdentifier: group.trackingIdentifier ?? label,
    runId,
    measurements,
    ...shownAt(place, centroid),
    ...(evaluations.length > 0 && { evaluations }),
    concept: conceptOfLabel(label, type, {
      ...(group.category && { category: group.category }),
      ...(group.modifier && { modifier: group.modifier }),
    }),
  };
  if (shapes.length > 0) {
    return { ...base, kind: 'annotation', shapes, ...(score !== undefined && { score }) };
  }
  if (measurements.length > 0) return { ...base, kind: 'regression' };
  // A class without a probability is something that was said, as a drawing without lines is.
  if (score === undefined) return { ...base, kind: 'annotation', shapes: [] };
  return { ...base, kind: 'classification', score };
}

const algorithmKey = ({ algorithm }: ReportedGroup): string =>
  `${algorithm?.name ?? ''} ${algorithm?.version ?? ''}`;

function runOf(
  header: ForeignHeader,
  series: OpenSeries,
  group: ReportedGroup,
  observers: Observers,
  runId: string,
): RunResult {
  const { author, device } = observers;
  const algorithm = { source: device?.source, ...(group.algorithm ?? device) };
  const type = group.algorithm && !author ? 'automatic' : observers.algorithmType;
  return {
    runId,
    source: series.source,
    provenance: provenanceOf(header, algorithm, author),
    findings: [],
    foreign: originOf(header, type, author ?? header.ContentCreatorName),
  };
}

const titleOf = (root: Content): string => root.concept?.meaning ?? 'SR';

/**
 * What a structured report of any template tells of: one run for each series and each algorithm.
 * What it says of a segment that was read goes to that segment's finding instead.
 *
 * What of it cannot be shown is told to `onRefused`. Refuses with `foreignUnreadable` and, where it
 * tells of nothing that has a place on images, `foreignNothingToShow`.
 */
export function readForeignReport(
  header: ForeignHeader,
  dataset: ParsedDataset,
  placement: Placement,
  names: Names,
  segments: SegmentIndex,
  onRefused: (refusal: Refusal) => void,
): Outcome<RunResult[]> {
  const evidence = evidenceIn(dataset);
  if (!evidence.ok) return evidence;
  const root = contentTree(dataset);
  const groups = reportedGroups(root);
  if (groups.length === 0) {
    const title = titleOf(root);
    return refuse(
      'foreignNothingToShow',
      `${header.called} of another program is not shown: it (${title}) tells of nothing that has a place on the images`,
      { object: `${header.called}: ${title}` },
    );
  }
  const observers = observersOf(root, header);
  const runs = new Map<string, RunResult>();
  const told = new Set<string>();
  const refuseOnce = (outcome: Outcome<unknown>): void => {
    if (outcome.ok || told.has(outcome.refusal.message)) return;
    told.add(outcome.refusal.message);
    onRefused(outcome.refusal);
  };
  groups.forEach((group, index) => {
    if (tellSegment(header, group, segments, names, index)) return;
    const locations = locationsOf(header, group, evidence.value, placement, refuseOnce);
    locations.forEach((location, part) => {
      const { series } = location.place;
      const key = `${keyOfSeries(series)} ${algorithmKey(group)}`;
      const runId = foreignRunId(header.SOPInstanceUID, key);
      const run = runs.get(key) ?? runOf(header, series, group, observers, runId);
      runs.set(key, run);
      const at = part === 0 ? String(index) : `${index}.${part}`;
      run.findings.push(findingAt(header, group, location, runId, names, at));
      if (group.segments.length > 0 && group.drawings.every(each => each.isPlaceOnly)) {
        remark(run, header);
      }
    });
  });
  return accept([...runs.values()].map(run => ({ ...run, findings: numbered(run.findings) })));
}

/** The measurements are there, what was measured is not. */
function remark(run: RunResult, header: ForeignHeader): void {
  const said = refusal(
    'foreignSegmentMissing',
    `${header.called} measures a segment of a segmentation that could not be read`,
    { object: header.called },
  );
  const remarks = run.foreign!.remarks ?? [];
  if (!remarks.some(({ code }) => code === said.code)) run.foreign!.remarks = [...remarks, said];
}

/** The reports that this one takes the place of. */
export const predecessorsOf = (dataset: ParsedDataset): string[] => {
  const parsed = reportSchema.safeParse(dataset);
  if (!parsed.success) return [];
  return parsed.data.PredecessorDocumentsSequence.flatMap(study =>
    study.ReferencedSeriesSequence.flatMap(series =>
      referencesOf(series.ReferencedSOPSequence).map(({ sopInstanceUID }) => sopInstanceUID),
    ),
  );
};
