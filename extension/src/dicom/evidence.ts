import { z } from 'zod';
import type { Measurement, SegmentFinding } from '../core/findings/types';
import { accept, type Outcome, type Refusal } from '../core/outcome';
import type {
  EvidenceObject,
  EvidenceReader,
  EvidenceWriter,
  StoredReading,
} from '../core/reading/ports';
import { MANUFACTURER } from './common/identity';
import { SOP_CLASS } from './common/dictionary';
import { parsePart10, type ParsedDataset } from './common/parse';
import { text } from './common/schemas';
import { sourceAttributes } from './common/source';
import { measurementKey } from './common/parameters';
import { readSegmentation, type ReadSegmentation } from './seg/readSegmentation';
import { writeSegmentation } from './seg/writeSegmentation';
import { inOrder, readReport, type ReadReport } from './sr/readReport';
import { hasSegmentation, writeReport } from './sr/writeReport';

type WriteRequest = Parameters<EvidenceWriter['write']>[0];

/**
 * The evidence of a run: the Segmentation of its segments, if it has any, and its Report, in this
 * order. A run that found nothing has a report that says so.
 *
 * Refuses with `sourceMetadataMissing` or `sourceMetadataOfOtherStudy`.
 */
export function writeEvidence(request: WriteRequest): Outcome<EvidenceObject[]> {
  const { run } = request;
  const source = sourceAttributes(run, request.source);
  if (!source.ok) return source;
  const report = writeReport({
    run,
    source: source.value,
    reviews: request.includeReviews ? request.reviews : [],
    predecessors: request.predecessors ?? [],
  });
  return accept(hasSegmentation(run) ? [writeSegmentation(run, source.value), report] : [report]);
}

export const createEvidenceWriter = (): EvidenceWriter => ({
  write: async request => writeEvidence(request),
});

const header = z.object({ SOPClassUID: text, Manufacturer: text });

/** The kind of evidence a data set is, if it is ours. */
const kindOf = (dataset: ParsedDataset): 'segmentation' | 'report' | undefined => {
  const parsed = header.safeParse(dataset);
  if (!parsed.success || parsed.data.Manufacturer !== MANUFACTURER) return undefined;
  if (parsed.data.SOPClassUID === SOP_CLASS.segmentation) return 'segmentation';
  return parsed.data.SOPClassUID === SOP_CLASS.comprehensive3DSR ? 'report' : undefined;
};

const named = (
  measurements: ReadReport['findings'] extends Map<string, infer F>
    ? F extends { measurements: infer M }
      ? M
      : never
    : never,
  names: Record<string, string> = {},
): Measurement[] =>
  measurements.map(measurement => ({
    name: names[measurementKey(measurement)] ?? measurement.concept.meaning,
    ...measurement,
  }));

/** A segmentation with its reports: measurements and reviews of the latest one. */
function readingOf(read: ReadSegmentation, reports: readonly ReadReport[]): StoredReading {
  const ordered = inOrder(reports);
  const latest = ordered.at(-1);
  const findings = read.run.findings.map((finding): SegmentFinding => {
    const said = latest?.findings.get(finding.id);
    if (!said) return finding;
    const names = read.measurementNames.get(finding.id);
    return { ...finding, measurements: named(said.measurements, names) };
  });
  return {
    run: { ...read.run, findings },
    reviews: findings.flatMap(({ id }) => latest?.findings.get(id)?.review ?? []),
    instances: [read.sopInstanceUID, ...ordered.map(({ sopInstanceUID }) => sopInstanceUID)],
  };
}

/** Runs that only reports tell of, each by the latest report of it. */
function readingsOfReports(reports: readonly ReadReport[]): StoredReading[] {
  const byRun = new Map<string, ReadReport[]>();
  for (const report of reports) {
    if (!report.run) continue;
    byRun.set(report.run.runId, [...(byRun.get(report.run.runId) ?? []), report]);
  }
  return [...byRun.values()].map(ofRun => {
    const ordered = inOrder(ofRun);
    const latest = ordered.at(-1)!;
    const run = latest.run!;
    return {
      run,
      reviews: run.findings.flatMap(({ id }) => latest.findings.get(id)?.review ?? []),
      instances: ordered.map(({ sopInstanceUID }) => sopInstanceUID),
    };
  });
}

/** Reads our own evidence back; see the port. */
export const createEvidenceReader = (): EvidenceReader => ({
  read: async (files, source, onRefused) => {
    const refusals: Refusal[] = [];
    const segmentations = new Map<string, ReadSegmentation>();
    const reports = new Map<string, ReadReport>();
    const taken = <T>(outcome: Outcome<T>): T | undefined => {
      if (outcome.ok) return outcome.value;
      refusals.push(outcome.refusal);
      onRefused?.(outcome.refusal);
      return undefined;
    };
    for (const file of files) {
      const dataset = taken(await parsePart10(file));
      const kind = dataset && kindOf(dataset);
      if (kind === 'segmentation') {
        const read = taken(readSegmentation(dataset!, source));
        if (read) segmentations.set(read.sopInstanceUID, read);
      } else if (kind === 'report') {
        const read = taken(readReport(dataset!, source));
        if (read) reports.set(read.sopInstanceUID, read);
      }
    }
    const readings = [
      ...[...segmentations.values()].map(read =>
        readingOf(
          read,
          [...reports.values()].filter(
            ({ segmentationUID }) => segmentationUID === read.sopInstanceUID,
          ),
        ),
      ),
      ...readingsOfReports([...reports.values()]),
    ];
    if (readings.length === 0 && refusals.length > 0) return { ok: false, refusal: refusals[0] };
    return accept(readings);
  },
});
