import { manifest, segmentation, slices } from '../reading/memoryPorts.testing';
import { manifestSchema } from '../model/manifest';
import type { InferenceOutput } from '../reading/ports';
import { runResultFrom } from './fromInference';
import { segmentationOf } from './segmentationRun';
import { conceptOf, type DetectionOutput, type Measurement, type ModelResult } from './types';

const points = [
  { key: 'balanced', name: { en: 'Balanced' }, threshold: 0.5 },
  { key: 'sensitive', name: { en: 'Sensitive' }, threshold: 0.2 },
];
const withPoints = manifestSchema.parse({ ...manifest, operatingPoints: points });

const runOf = (
  output: ModelResult,
  changes: {
    model?: typeof manifest;
    operatingPoint?: string;
    slices?: ReturnType<typeof slices>;
    engine?: InferenceOutput['engine'];
  } = {},
) =>
  runResultFrom({
    model: { manifest: changes.model ?? manifest, baseUrl: '/' },
    source: {
      studyInstanceUID: '1.2',
      seriesInstanceUID: '1.2.1',
      slices: changes.slices ?? slices(),
    },
    inference: { output, engine: changes.engine ?? { engine: 'wasm', threads: 1 }, timing: {} },
    operatingPoint: changes.operatingPoint,
    startedAt: '2026-01-02T03:04:05.678Z',
    softwareVersion: '0.1.0',
  });

const volume = (value: number): Measurement => ({
  name: 'volume',
  concept: { value: '118565006', scheme: 'SCT', meaning: 'Volume' },
  value,
  unit: { value: 'mL', scheme: 'UCUM', meaning: 'milliliter' },
});
const concept = (key: string, en: string, uk: string) => ({
  key,
  label: { en, uk },
  type: { value: '27925004', scheme: 'SCT', meaning: 'Nodule' },
});
const nodule = (score: number, x: number, z = 4): DetectionOutput['detections'][number] => ({
  ...concept('nodule', 'Nodule', 'Вогнище'),
  score,
  centroid: [x, 3, z],
  size: [6.123456, 6, 8],
  middleSlice: 2,
  measurements: [volume(0.123456789)],
});
const detection = (...detections: DetectionOutput['detections']): DetectionOutput => ({
  kind: 'detection',
  threshold: 0.5,
  detections,
});

describe('a segmentation', () => {
  it('keeps the ids that it had before there were other kinds', async () => {
    const run = await runOf(segmentation());
    expect(run.runId).toBe('2.25.178248190221349569263033475049089631962');
    expect(run.findings.map(({ id, trackingIdentifier }) => [id, trackingIdentifier])).toEqual([
      ['2.25.167242359716499124480992965861047643585', 'two-lungs/left-lung'],
      ['2.25.51023838181914395255213903214260325466', 'two-lungs/right-lung'],
    ]);
    expect(run.labelMap).toBeDefined();
    expect(run.provenance.operatingPoint).toBeUndefined();
  });

  it('has no finding for a segment without a voxel', async () => {
    const output = segmentation();
    output.segments[0].voxelCount = 0;
    const run = await runOf(output);
    expect(run.findings.map(finding => conceptOf(finding).key)).toEqual(['right-lung']);
  });
});

describe('a detection', () => {
  it('is a finding for each, numbered by score within its class, in every language', async () => {
    const mass = { ...nodule(0.7, 9), ...concept('mass', 'Mass', 'Утвір') };
    const run = await runOf(detection(nodule(0.6, 1), nodule(0.9, 5), mass));
    expect(
      run.findings.map(finding => [
        finding.kind,
        conceptOf(finding).key,
        conceptOf(finding).label.en,
        conceptOf(finding).label.uk,
        finding.centroid[0],
      ]),
    ).toEqual([
      ['detection', 'nodule-1', 'Nodule 1', 'Вогнище 1', 5],
      ['detection', 'mass-1', 'Mass 1', 'Утвір 1', 9],
      ['detection', 'nodule-2', 'Nodule 2', 'Вогнище 2', 1],
    ]);
    expect(run.findings[0]).toMatchObject({
      score: 0.9,
      size: [6.12, 6, 8],
      middleSlice: 2,
      referencedSOPInstanceUID: '1.2.3.3',
      trackingIdentifier: 'two-lungs/nodule-1',
      measurements: [{ name: 'volume', value: 0.12346 }],
    });
    expect(new Set(run.findings.map(({ id }) => id)).size).toBe(3);
    expect(run.labelMap).toBeUndefined();
  });

  it('is the same run on another engine, whose numbers differ in their last bits', async () => {
    const run = await runOf(detection(nodule(0.6, 1), nodule(0.9, 5)));
    const again = await runOf(detection(nodule(0.9 + 3e-6, 5 - 4e-5), nodule(0.6 - 2e-6, 1)), {
      engine: { engine: 'webgpu', threads: 1 },
    });
    expect(again.runId).toBe(run.runId);
    expect(again.findings).toEqual(run.findings);
  });

  it.each<[string, ReturnType<typeof runOf>]>([
    ['another place', runOf(detection(nodule(0.9, 5.5)))],
    ['another score', runOf(detection(nodule(0.91, 5)))],
    ['one more', runOf(detection(nodule(0.9, 5), nodule(0.6, 1)))],
    ['other slices', runOf(detection(nodule(0.9, 5)), { slices: slices(7) })],
    [
      'another operating point',
      runOf(detection(nodule(0.9, 5)), { model: withPoints, operatingPoint: 'sensitive' }),
    ],
    ['the first operating point', runOf(detection(nodule(0.9, 5)), { model: withPoints })],
  ])('is another run with %s', async (_name, other) => {
    const run = await runOf(detection(nodule(0.9, 5)));
    expect((await other).runId).not.toBe(run.runId);
  });

  it('numbers equal scores by their places, whatever order they came in', async () => {
    const [low, high] = [nodule(0.8, 1, 2), nodule(0.8, 1, 6)];
    const run = await runOf(detection(low, high));
    expect((await runOf(detection(high, low))).findings).toEqual(run.findings);
  });

  it('of nothing is a run without findings', async () => {
    const run = await runOf(detection());
    expect(run.findings).toEqual([]);
    expect(run.runId).toMatch(/^2\.25\.\d+$/);
  });
});

it('a classification has a finding for each class that is there, at the middle of the series', async () => {
  const classes = [
    { ...concept('effusion', 'Effusion', 'Випіт'), score: 0.876543, positive: true },
    { ...concept('edema', 'Oedema', 'Набряк'), score: 0.3, positive: false },
  ];
  const output = { kind: 'classification', threshold: 0.5, classes } as const;
  const run = await runOf({ ...output, classes: [...classes] });
  expect(run.findings).toEqual([
    expect.objectContaining({
      kind: 'classification',
      score: 0.8765,
      middleSlice: 4,
      centroid: [3.5, 3.5, 8],
      referencedSOPInstanceUID: '1.2.3.5',
      measurements: [],
    }),
  ]);
  const none = await runOf({
    ...output,
    classes: classes.map(each => ({ ...each, positive: false })),
  });
  expect(none.findings).toEqual([]);
  expect(none.runId).not.toBe(run.runId);
});

it('a classification of a picture without a place has its middle in its own plane', async () => {
  const [{ imagePositionPatient: _p, imageOrientationPatient: _o, ...picture }] = slices(1);
  const classes = [{ ...concept('effusion', 'Effusion', 'Випіт'), score: 1, positive: true }];
  const run = await runOf(
    { kind: 'classification', threshold: 0.5, classes },
    { slices: [{ ...picture, pixelSpacing: [2, 0.5] }] },
  );
  expect(run.findings[0]).toMatchObject({ middleSlice: 0, centroid: [1.75, 7, 0] });
});

it('a regression has a finding for each value, which is its first measurement', async () => {
  const values = [
    { ...concept('age', 'Bone age', 'Кістковий вік'), measurement: volume(142.12345) },
  ];
  const run = await runOf({ kind: 'regression', values });
  expect(run.findings).toEqual([
    expect.objectContaining({
      kind: 'regression',
      measurements: [expect.objectContaining({ value: 142.12 })],
    }),
  ]);
});

it('names the operating point that was used, and keeps maps beside the result', async () => {
  const map = {
    key: 'uncertainty',
    label: { en: 'Uncertainty' },
    concept: { value: '1', scheme: 'DCM', meaning: 'x' },
    unit: { value: '1', scheme: 'UCUM', meaning: 'no units' },
    geometry: segmentation().labelMap.geometry,
    values: new Float32Array(512),
  };
  const run = await runOf({ ...detection(), maps: [map] }, { model: withPoints });
  expect(run.provenance.operatingPoint).toEqual({ key: 'balanced', threshold: 0.5 });
  expect(run.maps).toEqual([map]);
  const sensitive = await runOf(detection(), { model: withPoints, operatingPoint: 'sensitive' });
  expect(sensitive.provenance.operatingPoint).toEqual({ key: 'sensitive', threshold: 0.2 });
});

describe('a map beside a result', () => {
  const { geometry } = segmentation().labelMap;
  const [columns, rows] = geometry.dimensions;
  const values = new Float32Array(512);
  values[3 + columns * (2 + rows * 5)] = 0.9;
  const map = {
    key: 'saliency',
    label: { en: 'Saliency', uk: 'Карта' },
    concept: { value: '130401', scheme: 'DCM', meaning: 'Visual explanation' },
    unit: { value: '1', scheme: 'UCUM', meaning: 'no units' },
    geometry,
    values,
  };

  it('is a finding, shown where it is highest; the others keep their ids', async () => {
    const [plain, mapped] = await Promise.all([
      runOf(detection(nodule(0.9, 1))),
      runOf({ ...detection(nodule(0.9, 1)), maps: [map] }),
    ]);
    expect(mapped.runId).toBe(plain.runId);
    expect(mapped.findings.slice(0, -1)).toEqual(plain.findings);
    expect(mapped.findings.at(-1)).toMatchObject({
      kind: 'map',
      mapKey: 'saliency',
      concept: { label: { uk: 'Карта' }, type: { value: '130401' } },
      middleSlice: 5,
      centroid: [3, 2, 10],
      referencedSOPInstanceUID: '1.2.3.6',
    });
  });

  it('leaves the segments of its run a segmentation', async () => {
    const run = await runOf({ ...segmentation(), maps: [map] });
    expect(run.findings.map(({ kind }) => kind)).toEqual(['segment', 'segment', 'map']);
    expect(segmentationOf(run)?.findings).toHaveLength(2);
    expect(segmentationOf(await runOf(detection(nodule(0.9, 1))))).toBeUndefined();
  });
});
