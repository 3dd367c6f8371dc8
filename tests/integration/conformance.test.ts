import { readFileSync } from 'node:fs';
import path from 'node:path';
import { evidenceTable } from '../../extension/src/core/evidence/table';
import type { RunResult } from '../../extension/src/core/findings/types';
import { SOP_CLASS } from '../../extension/src/dicom/common/dictionary';
import { parsePart10 } from '../../extension/src/dicom/common/parse';
import { writeEvidence } from '../../extension/src/dicom/evidence';
import { mapOn, withMaps } from '../../extension/src/dicom/testing/maps';
import {
  geometryOf,
  metadataOf,
  reviewsOf,
  runOfKind,
  runOn,
  slicesOf,
} from '../../extension/src/dicom/testing/runs';

/** The conformance statement's lists of attributes, held against what is written. */
const statement = readFileSync(path.resolve(__dirname, '../../docs/conformance.md'), 'utf8');

const HEADINGS = {
  [SOP_CLASS.segmentation]: 'Segmentation (A.51), SegmentationType BINARY',
  [SOP_CLASS.labelMapSegmentation]: 'Label Map Segmentation (A.51)',
  [SOP_CLASS.comprehensive3DSR]: 'Comprehensive 3D SR',
  [SOP_CLASS.grayscaleSoftcopyPresentationState]: 'Grayscale Softcopy Presentation State (A.33.1)',
  [SOP_CLASS.multiFrameTrueColorSecondaryCapture]: 'Multi-frame True Color Secondary Capture (A',
  [SOP_CLASS.parametricMap]: 'Parametric Map (A.75)',
  [SOP_CLASS.keyObjectSelection]: 'Key Object Selection (A.35.4)',
};

const listedUnder = (heading: string): string[] => {
  const from = statement.indexOf(`#### ${heading}`);
  if (from < 0) throw new Error(`no section "${heading}"`);
  const section = statement.slice(from, statement.indexOf('\n#', from + 5));
  return [...section.matchAll(/`([A-Za-z0-9]+)`/g)].map(([, keyword]) => keyword);
};

const slices = slicesOf({ columns: 32, rows: 24, slices: 6 });
const geometry = geometryOf(slices);
const table = evidenceTable({
  segment: ['segmentation', 'report', 'secondaryCapture', 'keyObjects'],
});

const written = async (): Promise<Map<string, Set<string>>> => {
  const keywords = new Map<string, Set<string>>();
  const write = async (run: RunResult, type: 'binary' | 'labelmap', predecessors: string[]) => {
    const outcome = writeEvidence({
      run,
      source: metadataOf(run),
      reviews: reviewsOf(run),
      includeReviews: true,
      reviewer: '',
      table,
      volume: { geometry, voxels: new Int16Array(32 * 24 * 6), modality: 'CT', slices },
      segmentationType: type,
      predecessors,
    });
    if (!outcome.ok) throw new Error(outcome.refusal.message);
    for (const { sopClassUID, part10 } of outcome.value) {
      const dataset = await parsePart10(part10);
      if (!dataset.ok) throw new Error(dataset.refusal.message);
      const known = keywords.get(sopClassUID) ?? new Set();
      Object.keys(dataset.value).forEach(keyword => known.add(keyword));
      // Of the file, not of the data set.
      known.delete('TransferSyntaxUID');
      keywords.set(sopClassUID, known);
    }
  };
  const segments = withMaps(runOn(slices, 2), mapOn(geometry));
  await write(segments, 'binary', ['1.2.3']);
  await write(segments, 'labelmap', []);
  await write(runOfKind('detection', slices), 'binary', []);
  return keywords;
};

describe('the conformance statement lists what is written', () => {
  const all = listedUnder('All objects');
  it.each(Object.entries(HEADINGS))('%s: %s', async (sopClass, heading) => {
    const found = (await written()).get(sopClass);
    expect([...found!].sort()).toEqual([...all, ...listedUnder(heading)].sort());
  });
});
