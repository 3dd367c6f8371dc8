import type { CodedConcept, Finding, RunResult } from '../../core/findings/types';
import { accept, refuse, type Outcome } from '../../core/outcome';
import { CODE, sameCode } from '../common/codes';
import type { ParsedDataset } from '../common/parse';
import { originOf, provenanceOf, type ForeignHeader } from './header';
import { conceptOfLabel, foreignRunId, numbered, type Names } from './naming';
import {
  keyOfSeries,
  middleOfImage,
  shownAt,
  sourceAbsent,
  type ImagePlace,
  type OpenSeries,
  type Placement,
} from './placement';
import { below, called, contentTree, isOne } from './report/content';
import { observersOf } from './report/observers';

const dcm = (value: string): Pick<CodedConcept, 'value' | 'scheme'> => ({ value, scheme: 'DCM' });

/** Titles that withdraw what they list (IHE IOCM, CID 7011). */
const REJECTIONS = [dcm('113001'), dcm('113037'), dcm('113038'), dcm('113039')];
/** Titles of lists for machines: manifests of what was sent. */
const MANIFESTS = [dcm('113030'), dcm('113031')];
const DESCRIPTION = dcm('113012');

/** SOP Instance UIDs of what a rejection note withdraws. */
export function rejectedBy(dataset: ParsedDataset): string[] {
  const root = contentTree(dataset);
  if (!isOne(root.concept, REJECTIONS)) return [];
  return [...below(root)].flatMap(({ reference }) => reference?.sopInstanceUID ?? []);
}

/**
 * The images that a Key Object Selection (PS3.3 A.35.4) points to: a finding for each series.
 *
 * Refuses with `foreignNothingToShow` what points to no images, or is a note for machines, and with
 * `foreignSourceAbsent`.
 */
export function readForeignKeyObjects(
  header: ForeignHeader,
  dataset: ParsedDataset,
  placement: Placement,
  names: Names,
): Outcome<RunResult[]> {
  const root = contentTree(dataset);
  const title = root.concept?.meaning ?? 'Key Object Selection';
  const references = [...below(root)].flatMap(({ valueType, reference }) =>
    valueType === 'IMAGE' && reference ? [reference] : [],
  );
  if (references.length === 0 || isOne(root.concept, [...REJECTIONS, ...MANIFESTS])) {
    return refuse(
      'foreignNothingToShow',
      `${header.called} of another program is not shown: it (${title}) tells of nothing that has a place on the images`,
      { object: `${header.called}: ${title}` },
    );
  }
  const bySeries = new Map<OpenSeries, ImagePlace[]>();
  for (const { sopInstanceUID, frames } of references) {
    for (const frame of frames ?? [undefined]) {
      const place = placement.image(sopInstanceUID, frame === undefined ? undefined : [frame]);
      if (place) bySeries.set(place.series, [...(bySeries.get(place.series) ?? []), place]);
    }
  }
  if (bySeries.size === 0) return sourceAbsent(header);
  const { author, device, algorithmType } = observersOf(root, header);
  const text = called(root.children, DESCRIPTION)[0]?.text;
  const subtitle = root.children.find(
    ({ valueType, concept }) => valueType === 'CODE' && sameCode(concept, dcm('113011')),
  )?.code;
  const runs = [...bySeries].map(([series, places], index): RunResult => {
    const runId = foreignRunId(header.SOPInstanceUID, keyOfSeries(series));
    const finding: Finding = {
      kind: 'keyImage',
      id: names.idOf(undefined, header.SOPInstanceUID, String(index)),
      trackingIdentifier: title,
      runId,
      measurements: [],
      ...shownAt(places[0], middleOfImage(places[0])),
      ...(subtitle && { evaluations: [{ concept: CODE.finding, value: subtitle }] }),
      concept: conceptOfLabel(title, root.concept),
      images: places.map(({ slice }) => {
        const { sopInstanceUID, frameNumber } = series.source.slices[slice];
        return { sopInstanceUID, ...(frameNumber !== undefined && { frameNumber }) };
      }),
      ...(text !== undefined && { text }),
    };
    return {
      runId,
      source: series.source,
      provenance: provenanceOf(header, device, author),
      findings: numbered([finding]),
      foreign: originOf(header, algorithmType, author ?? header.ContentCreatorName),
    };
  });
  return accept(runs);
}
