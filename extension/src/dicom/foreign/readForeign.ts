import type { Finding, RunResult, SourceSeries } from '../../core/findings/types';
import { refusal, type Outcome, type Refusal } from '../../core/outcome';
import type { StoredReading } from '../../core/reading/ports';
import type { ParsedDataset } from '../common/parse';
import { headerOf, type ForeignHeader } from './header';
import { readForeignKeyObjects, rejectedBy } from './keyObjects';
import { kindOf, nameOf, type ForeignKind } from './kinds';
import { createNames, type Names } from './naming';
import { readForeignMap } from './parametricMap';
import { placementOn, type Placement } from './placement';
import { readForeignPresentation } from './presentation';
import { predecessorsOf, readForeignReport, type SegmentIndex } from './report/readReport';
import { readForeignCapture } from './secondaryCapture';
import { readForeignSegmentation } from './segmentation/readSegmentation';

interface ForeignObject {
  header: ForeignHeader;
  dataset: ParsedDataset;
  kind: ForeignKind;
}

/** Segmentations come first, for reports speak of their segments. */
const ORDER: readonly ForeignKind[] = [
  'segmentation',
  'report',
  'presentation',
  'map',
  'keyObjects',
  'capture',
];

/** One order whatever the archive gives them in, so that findings have the same ids each time. */
const inOrder = (objects: readonly ForeignObject[]): ForeignObject[] => {
  const rank = ({ kind, header }: ForeignObject): string =>
    `${ORDER.indexOf(kind)} ${header.madeAt} ${header.SOPInstanceUID}`;
  return [...objects].sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
};

/** The objects that are read: each once, without those that a later one withdraws or replaces. */
function current(
  datasets: readonly ParsedDataset[],
  onRefused: (refusal: Refusal) => void,
): ForeignObject[] {
  const objects = new Map<string, ForeignObject>();
  const gone = new Set<string>();
  for (const dataset of datasets) {
    const header = headerOf(dataset);
    if (!header.ok) {
      onRefused(header.refusal);
      continue;
    }
    const { SOPClassUID, SOPInstanceUID, called } = header.value;
    const kind = kindOf(SOPClassUID);
    if (!kind) {
      const name = nameOf(SOPClassUID);
      onRefused(
        refusal(
          'foreignKindNotShown',
          `A result of another program, ${called}, is not shown: ${name} is not among what is read`,
          { object: called, kind: name },
        ),
      );
      continue;
    }
    const replaced = kind === 'report' ? predecessorsOf(dataset) : [];
    const rejected = kind === 'keyObjects' ? rejectedBy(dataset) : [];
    [...replaced, ...rejected].forEach(uid => gone.add(uid));
    // A rejection note is not a thing to look at.
    if (rejected.length > 0) gone.add(SOPInstanceUID);
    objects.set(SOPInstanceUID, { header: header.value, dataset, kind });
  }
  return inOrder([...objects.values()].filter(({ header }) => !gone.has(header.SOPInstanceUID)));
}

/** The segments that were read, for reports that speak of them. */
function createSegmentIndex(): SegmentIndex & {
  add(
    sopInstanceUID: string,
    read: { runs: RunResult[]; findings: Map<number, string>; untracked: Set<number> },
  ): void;
} {
  interface Entry {
    run: RunResult;
    id: string;
    isTracked: boolean;
  }
  const entries = new Map<string, Entry>();
  return {
    add(sopInstanceUID, { runs, findings, untracked }) {
      for (const [number, id] of findings) {
        const run = runs.find(each => each.findings.some(finding => finding.id === id));
        if (!run) continue;
        entries.set(`${sopInstanceUID}#${number}`, { run, id, isTracked: !untracked.has(number) });
      }
    },
    find(sopInstanceUID, segmentNumber) {
      const entry = entries.get(`${sopInstanceUID}#${segmentNumber}`);
      const finding = entry?.run.findings.find(({ id }) => id === entry.id);
      return entry && finding && { run: entry.run, finding, isTracked: entry.isTracked };
    },
    replace(run, id, finding: Finding) {
      run.findings = run.findings.map(each => (each.id === id ? finding : each));
      for (const entry of entries.values()) {
        if (entry.id !== id) continue;
        entry.id = finding.id;
        entry.isTracked ||= finding.id !== id;
      }
    },
  };
}

/**
 * Results of other programs, of any vendor, as runs with `foreign`: segmentations, structured
 * reports, presentation states, parametric maps, key object selections and secondary captures.
 *
 * Findings bear their own Tracking UID where they have one, else a UID that derives from the object
 * and their place in it. Reports that a later one replaces, and what a rejection note withdraws, are
 * left out. Nothing here is stored again as ours.
 *
 * @param datasets parsed objects of one study that are not ours, in any order
 * @param source the open series
 * @param onRefused told of each thing that is not shown, with the reason
 */
export function readForeign(
  datasets: readonly ParsedDataset[],
  source: readonly SourceSeries[],
  onRefused: (refusal: Refusal) => void = () => undefined,
): StoredReading[] {
  const placement: Placement = placementOn(source);
  const names: Names = createNames();
  const segments = createSegmentIndex();
  const runs: RunResult[] = [];
  const take = (outcome: Outcome<RunResult[]>): void => {
    if (outcome.ok) runs.push(...outcome.value);
    else onRefused(outcome.refusal);
  };
  for (const { header, dataset, kind } of current(datasets, onRefused)) {
    switch (kind) {
      case 'segmentation': {
        const read = readForeignSegmentation(header, dataset, placement, names);
        if (read.ok) {
          segments.add(header.SOPInstanceUID, read.value);
          runs.push(...read.value.runs);
        } else onRefused(read.refusal);
        break;
      }
      case 'report':
        take(readForeignReport(header, dataset, placement, names, segments, onRefused));
        break;
      case 'presentation':
        take(
          readForeignPresentation(
            header,
            dataset,
            placement,
            names,
            uid =>
              runs.find(
                ({ foreign, findings }) =>
                  foreign?.manufacturer === header.Manufacturer &&
                  findings.some(({ id }) => id === uid),
              ),
            onRefused,
          ),
        );
        break;
      case 'map':
        take(readForeignMap(header, dataset, placement, names));
        break;
      case 'keyObjects':
        take(readForeignKeyObjects(header, dataset, placement, names));
        break;
      case 'capture':
        take(readForeignCapture(header, dataset, placement, names));
        break;
    }
  }
  return runs.map(run => ({
    run,
    reviews: [],
    instances: run.foreign!.instances.map(({ sopInstanceUID }) => sopInstanceUID),
  }));
}
