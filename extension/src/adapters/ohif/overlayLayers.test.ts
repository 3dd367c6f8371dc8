import type { RunResult, ScalarMap, SegmentFinding } from '../../core/findings/types';
import { segmentation, slices } from '../../core/reading/memoryPorts.testing';
import { overlayLayersOf } from './overlayLayers';

const { labelMap, segments } = segmentation();
const [first] = segments;
const base = {
  trackingIdentifier: '',
  runId: 'run',
  measurements: [],
  middleSlice: 4,
  centroid: [0, 0, 0] as const,
  referencedSOPInstanceUID: '1.2.3.1',
};
const segment: SegmentFinding = { ...base, id: 'segment', kind: 'segment', segment: first };
const map: ScalarMap = {
  key: 'saliency',
  label: { en: 'Saliency' },
  concept: { value: '1', scheme: '99T', meaning: 'Saliency' },
  unit: { value: '1', scheme: 'UCUM', meaning: 'no units' },
  geometry: labelMap.geometry,
  values: new Float32Array(512).map((_, index) => index % 8),
};
const run = (changes: Partial<RunResult>): RunResult => ({
  runId: 'run',
  source: { studyInstanceUID: '1.2', seriesInstanceUID: '1.2.1', slices: slices() },
  provenance: {
    modelId: 'm',
    modelVersion: '2',
    modelName: 'M',
    modelSha256: '',
    licence: '',
    startedAt: '',
    timing: {},
    softwareVersion: '',
  },
  findings: [],
  ...changes,
});
const mapFinding = {
  ...base,
  id: 'map',
  kind: 'map' as const,
  mapKey: 'saliency',
  concept: { key: 'saliency', label: map.label, type: map.concept },
};
const breathe = () => Promise.resolve();

it('draws segments in their colours, each for its finding', async () => {
  const [layer, ...others] = await overlayLayersOf(run({ labelMap, findings: [segment] }), breathe);
  expect(others).toEqual([]);
  expect(layer).toMatchObject({ segmentationId: 'second-reader:run', name: 'M 2', isHeat: false });
  expect(layer.labels).toMatchObject([{ value: first.segmentNumber, findingId: 'segment' }]);
  expect(layer.labels[0].colour[3]).toBe(255);
});

it('draws a map as steps of colour on the grid of the images, beside the segments', async () => {
  let pauses = 0;
  const layers = await overlayLayersOf(
    run({ labelMap, maps: [map], findings: [segment, mapFinding] }),
    async () => void pauses++,
  );
  expect(layers.map(({ isHeat }) => isHeat)).toEqual([false, true]);
  const [, heat] = layers;
  expect([...heat.labelMap.voxels.subarray(0, 8)]).toEqual([0, 2, 4, 6, 9, 11, 13, 15]);
  expect(new Set(heat.labels.map(({ findingId }) => findingId))).toEqual(new Set(['map']));
  // Brighter and denser with the value.
  const opacities = heat.labels.map(({ colour }) => colour[3]);
  expect([...opacities].sort((a, b) => a - b)).toEqual(opacities);
  expect(pauses).toBe(8);
});

it('draws a map of a run without segments on the grid of its series', async () => {
  const [heat] = await overlayLayersOf(run({ maps: [map], findings: [mapFinding] }), breathe);
  expect(heat.labelMap.geometry.dimensions).toEqual([8, 8, 8]);
});

it('draws nothing of what has neither', async () => {
  expect(await overlayLayersOf(run({ findings: [mapFinding] }), breathe)).toEqual([]);
});
