import { DEFAULT_EVIDENCE, evidenceTable, type EvidenceTable } from '../core/evidence/table';
import type { RunResult } from '../core/findings/types';
import { sha256HexOfText } from '../core/model/identity';
import type { EvidenceObject } from '../core/reading/ports';
import type { Volume } from '../core/volume/types';
import { SOP_CLASS } from './common/dictionary';
import { parsePart10, type ParsedDataset } from './common/parse';
import { createEvidenceReader, writeEvidence } from './evidence';
import { writeRejectionNote } from './keyObject/writeRejectionNote';
import { sourceAttributes } from './common/source';
import { mapOn, networkGrid, withMaps } from './testing/maps';
import { geometryOf, metadataOf, reviewsOf, runOfKind, runOn, slicesOf } from './testing/runs';

const slices = slicesOf({ columns: 24, rows: 18, slices: 6 });
const reader = createEvidenceReader();

const volumeOf = (run: RunResult): Volume => {
  const geometry = geometryOf(run.source.slices);
  const size = geometry.dimensions.reduce((product, each) => product * each);
  return {
    geometry,
    voxels: new Int16Array(size).map((_, at) => (at % 97) - 40),
    modality: 'CT',
    slices: run.source.slices,
  };
};

const written = (
  run: RunResult,
  table?: EvidenceTable,
  more: Partial<Parameters<typeof writeEvidence>[0]> = {},
) =>
  writeEvidence({
    run,
    reviews: [],
    source: metadataOf(run),
    includeReviews: false,
    reviewer: '',
    table,
    ...more,
  });
const objectsOf = (...args: Parameters<typeof written>): EvidenceObject[] => {
  const outcome = written(...args);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};
const NAMES = Object.fromEntries(Object.entries(SOP_CLASS).map(([name, uid]) => [uid, name]));
const kindsOf = (...args: Parameters<typeof written>): string[] =>
  objectsOf(...args).map(({ sopClassUID }) => NAMES[sopClassUID]);
const readOne = async (objects: readonly EvidenceObject[], run: RunResult) => {
  const outcome = await reader.read(
    objects.map(({ part10 }) => part10),
    [run.source],
  );
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  expect(outcome.value).toHaveLength(1);
  return outcome.value[0];
};
const parsed = async ({ part10 }: EvidenceObject): Promise<ParsedDataset> => {
  const outcome = await parsePart10(part10);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};

/** A run with its arrays as hashes, which are compared in no time, and without −0, which JSON has not. */
const told = (run: RunResult): unknown =>
  JSON.parse(
    JSON.stringify(run, (_key, value: unknown) =>
      ArrayBuffer.isView(value)
        ? sha256HexOfText(Array.from(value as Uint8Array).join(' '))
        : value,
    ),
  );

const ALL: EvidenceTable = {
  segment: ['segmentation', 'report', 'presentationState', 'secondaryCapture', 'keyObjects'],
  detection: ['report', 'presentationState', 'secondaryCapture', 'keyObjects'],
  classification: ['report', 'secondaryCapture'],
  regression: ['report'],
  map: ['parametricMap', 'secondaryCapture'],
  mapGrid: 'model',
};
const segments = withMaps(
  runOn(slices),
  mapOn(geometryOf(slices)),
  mapOn(networkGrid(geometryOf(slices)), 'uncertainty'),
);

/** All that a run can become; made once, for pictures take their time. */
let made: EvidenceObject[] | undefined;
const whole = (): EvidenceObject[] =>
  (made ??= objectsOf(segments, ALL, {
    volume: volumeOf(segments),
    reviews: reviewsOf(segments),
    includeReviews: true,
  }));

describe('evidence by the table', () => {
  it.each<[string, RunResult, EvidenceTable | undefined, string[]]>([
    ['segments', runOn(slices), undefined, ['segmentation', 'comprehensive3DSR']],
    [
      'detections',
      runOfKind('detection', slices),
      undefined,
      ['comprehensive3DSR', 'grayscaleSoftcopyPresentationState'],
    ],
    ['a class', runOfKind('classification', slices), undefined, ['comprehensive3DSR']],
    [
      'segments with maps, everything asked for',
      segments,
      ALL,
      [
        'segmentation',
        'comprehensive3DSR',
        'grayscaleSoftcopyPresentationState',
        'multiFrameTrueColorSecondaryCapture',
        'parametricMap',
        'parametricMap',
        'keyObjectSelection',
      ],
    ],
    [
      'maps without a row',
      segments,
      evidenceTable({ map: [] }),
      ['segmentation', 'comprehensive3DSR'],
    ],
    [
      'detections without a row',
      runOfKind('detection', slices),
      evidenceTable({ detection: [] }),
      [],
    ],
    ['nothing found', runOfKind('nothing', slices), undefined, ['comprehensive3DSR']],
    [
      'nothing found, a picture asked for',
      runOfKind('nothing', slices),
      ALL,
      ['comprehensive3DSR', 'multiFrameTrueColorSecondaryCapture'],
    ],
    [
      'nothing found, by a table without reports',
      runOfKind('nothing', slices),
      evidenceTable({ detection: [], classification: [], regression: [] }),
      [],
    ],
    [
      'no segment found',
      { ...runOn(slices), findings: [] },
      evidenceTable({ detection: [], classification: [], regression: [] }),
      ['comprehensive3DSR'],
    ],
  ])('of %s', (_name, run, table, kinds) => {
    expect(kindsOf(run, table, { volume: volumeOf(run) })).toEqual(kinds);
  });

  it('is a LABELMAP where that is asked for', () => {
    expect(kindsOf(runOn(slices), DEFAULT_EVIDENCE, { segmentationType: 'labelmap' })).toEqual([
      'labelMapSegmentation',
      'comprehensive3DSR',
    ]);
  });

  it('draws no picture of voxels that are not there, or are others, and then writes nothing', () => {
    const run = runOfKind('detection', slices);
    const code = (volume?: Volume) => {
      const outcome = written(run, ALL, { volume });
      return outcome.ok ? 'written' : outcome.refusal.code;
    };
    const volume = volumeOf(run);
    expect(code()).toBe('secondaryCaptureWithoutVoxels');
    // What went to the worker that runs the model leaves an empty array behind.
    expect(code({ ...volume, voxels: new Int16Array(0) })).toBe('secondaryCaptureWithoutVoxels');
    const reversed = { ...volume, slices: [...volume.slices].reverse() };
    expect(code(reversed)).toBe('secondaryCaptureOfOtherVoxels');
    expect(code(volume)).toBe('written');
  });

  it('has series that sort behind the source, each kind in its place, and one of a kind', async () => {
    const objects = whole();
    const datasets = await Promise.all(objects.map(parsed));
    const numbers = datasets.map(({ SeriesNumber, Modality }) => [
      Number(SeriesNumber),
      String(Modality),
    ]);
    expect(numbers).toEqual([
      [3001, 'SEG'],
      [3002, 'SR'],
      [3003, 'PR'],
      [3004, 'OT'],
      [3005, 'OT'],
      [3005, 'OT'],
      [3006, 'KO'],
    ]);
    const uids = objects.map(({ sopInstanceUID }) => sopInstanceUID);
    expect(new Set(uids).size).toBe(uids.length);
    for (const [index, dataset] of datasets.entries()) {
      expect(String(dataset.SOPInstanceUID)).toBe(uids[index]);
      expect(String(dataset.SeriesInstanceUID)).toBe(objects[index].seriesInstanceUID);
      expect(String(dataset.SeriesDescription)).toMatch(/^AI ct-lungs 1\.0\.0 /);
    }
  });
});

describe('all of the evidence read back', () => {
  it('is the run with its maps and reviews, and knows all that is stored of it', async () => {
    const reviews = reviewsOf(segments);
    const objects = whole();
    const reading = await readOne([...objects].reverse(), segments);
    expect(told(reading.run)).toEqual(told(segments));
    expect(reading.reviews).toEqual(reviews);
    expect(reading.segmentationType).toBe('binary');
    expect([...reading.instances].sort()).toEqual(
      objects.map(({ sopInstanceUID }) => sopInstanceUID).sort(),
    );
  });

  it('is written again to the same bytes, the last report too where nothing was said since', () => {
    const first = whole();
    const uids = first.map(({ sopInstanceUID }) => sopInstanceUID);
    const options = { reviews: reviewsOf(segments), includeReviews: true, predecessors: uids };
    const again = objectsOf(segments, ALL, { ...options, volume: volumeOf(segments) });
    expect(again.map(({ sopInstanceUID }) => sopInstanceUID)).toEqual(uids);
    const isSame = first.map(({ part10 }, index) =>
      Buffer.from(part10).equals(Buffer.from(again[index].part10)),
    );
    expect(isSame).toEqual(Array(7).fill(true));
    // Also where the site asks for less by now: what it had is no report.
    const less = objectsOf(segments, DEFAULT_EVIDENCE, options);
    expect(uids).toEqual(expect.arrayContaining(less.map(({ sopInstanceUID }) => sopInstanceUID)));
  });

  it('is the maps alone where nothing else is stored', async () => {
    const objects = objectsOf(segments, evidenceTable({ segment: [] }));
    const { run, instances } = await readOne(objects, segments);
    expect(run.findings.map(({ kind, trackingIdentifier }) => [kind, trackingIdentifier])).toEqual([
      ['map', 'ct-lungs/map-saliency'],
      ['map', 'ct-lungs/map-uncertainty'],
    ]);
    expect(run.findings.map(({ id }) => id)).toEqual(
      segments.findings.filter(({ kind }) => kind === 'map').map(({ id }) => id),
    );
    expect(run).toMatchObject({ runId: segments.runId, source: segments.source });
    expect(instances).toEqual(objects.map(({ sopInstanceUID }) => sopInstanceUID));
  });

  it('is one result where the archive has both kinds of its segmentation', async () => {
    const run = runOn(slices);
    const both = [
      ...objectsOf(run, undefined, { segmentationType: 'binary' }),
      ...objectsOf(run, undefined, { segmentationType: 'labelmap' }),
    ];
    const reading = await readOne(both, run);
    expect(reading.run.findings).toEqual(run.findings);
    expect(new Set(reading.instances)).toEqual(new Set(both.map(each => each.sopInstanceUID)));
  });

  it('is without what a rejection note withdrew', async () => {
    const run = runOfKind('detection', slices);
    const objects = objectsOf(run);
    const source = sourceAttributes(run, metadataOf(run));
    if (!source.ok) throw new Error(source.refusal.message);
    const note = writeRejectionNote({
      run,
      source: source.value,
      objects,
      reason: 'quality',
      rejectedAt: '2026-03-02T08:00:00.000Z',
      rejectedBy: 'Коваленко^Олена',
    });
    if (!note.ok) throw new Error(note.refusal.message);
    const files = [...objects, note.value].map(({ part10 }) => part10);
    expect(await reader.read(files, [run.source])).toEqual({ ok: true, value: [] });
  });
});
