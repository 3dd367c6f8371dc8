import { refuse, accept, type Outcome } from '../outcome';
import type { LabelMap, SliceHeader, Volume } from '../volume/types';
import type { RunResult, SegmentationOutput } from '../findings/types';
import { manifestSchema, primaryOutput } from '../model/manifest';
import type { Review } from '../review/types';
import type { WithdrawnRun } from '../review/withdrawal';
import type {
  DisplaySetSummary,
  Draft,
  DraftStore,
  EvidenceArchive,
  EvidenceObject,
  KeptReviews,
  InferenceEngine,
  InstanceAcknowledgement,
  OutboxEntry,
  OutboxStore,
  RunMark,
} from './ports';
import type { ReadingPorts, ReadingSettings } from './reading';

/**
 * Ports in memory for tests of the reading itself: an archive that can be taken down or told to
 * refuse, stores that outlive a reading as IndexedDB outlives a page, an overlay that remembers
 * what it was told. The real ones are tested beside themselves and in tests/e2e.
 */

const SIZE = 8;

export const slices = (count = SIZE): SliceHeader[] =>
  Array.from({ length: count }, (_, index) => ({
    sopInstanceUID: `1.2.3.${index + 1}`,
    sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
    instanceNumber: index + 1,
    rows: SIZE,
    columns: SIZE,
    pixelSpacing: [1, 1],
    imagePositionPatient: [0, 0, index * 2],
    imageOrientationPatient: [1, 0, 0, 0, 1, 0],
    photometricInterpretation: 'MONOCHROME2',
    samplesPerPixel: 1,
    rescaleSlope: 1,
    rescaleIntercept: 0,
    modality: 'CT',
  }));

export const displaySet = (changes: Partial<DisplaySetSummary> = {}): DisplaySetSummary => ({
  displaySetInstanceUID: 'ds-ct',
  studyInstanceUID: '1.2',
  seriesInstanceUID: '1.2.1',
  modality: 'CT',
  description: 'Chest',
  slices: slices(),
  ...changes,
});

const label = (value: number, key: string, name: string) => ({
  value,
  key,
  name: { en: name },
  category: { value: '123037004', scheme: 'SCT', meaning: 'Anatomical Structure' },
  type: { value: '39607008', scheme: 'SCT', meaning: 'Lung' },
  recommendedDisplayCIELab: [60, 20, 30] as [number, number, number],
});

export const manifest = manifestSchema.parse({
  schemaVersion: 1,
  id: 'two-lungs',
  version: '1.0.0',
  name: { en: 'Two lungs', uk: 'Дві легені' },
  task: 'segmentation',
  files: [{ role: 'network', path: 'net.onnx', sha256: 'a'.repeat(64), bytes: 10 }],
  inputs: [{ name: 'image', spatialAxes: 'zyx', channels: [{ modality: 'CT' }] }],
  gates: [
    { gate: 'modality', allowed: ['CT'] },
    { gate: 'sliceCount', min: 4 },
  ],
  preprocessing: [{ transform: 'orientation', axcodes: 'LPS' }],
  inference: {
    inferer: 'slidingWindow',
    roiSize: [8, 8, 8],
    overlap: 0.25,
    mode: 'gaussian',
    sigmaScale: 0.125,
    paddingMode: 'constant',
    cval: 0,
  },
  outputs: [
    {
      type: 'labelMap',
      name: 'logits',
      activation: 'softmax',
      classes: 3,
      labels: [label(1, 'left-lung', 'Left lung'), label(2, 'right-lung', 'Right lung')],
    },
  ],
  postprocessing: [{ transform: 'invert', resample: 'logits' }],
  measurements: ['volume'],
  autoRun: true,
  facts: {
    intendedUse: { en: 'Tests' },
    limitations: [{ en: 'Not a model' }],
    licence: 'MIT',
    trainingData: { en: 'None' },
    manufacturer: 'Second Reader',
    algorithmFamily: { value: '123109', scheme: 'DCM', meaning: 'Artificial Intelligence' },
  },
});

export const volume = (): Volume => ({
  geometry: {
    dimensions: [SIZE, SIZE, SIZE],
    spacing: [1, 1, 2],
    origin: [0, 0, 0],
    direction: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
  },
  voxels: new Int16Array(SIZE ** 3),
  modality: 'CT',
  slices: slices(),
});

/** Label 1 in the upper half of the columns, label 2 in the lower. */
const labelMap = (): LabelMap => {
  const { geometry } = volume();
  const voxels = new Uint8Array(SIZE ** 3).map((_, index) => (index % SIZE < SIZE / 2 ? 2 : 1));
  return { geometry, voxels };
};

const declaredLabels = () => {
  const output = primaryOutput(manifest);
  return output.type === 'labelMap' ? output.labels : [];
};

export const segmentation = (): SegmentationOutput => ({
  kind: 'segmentation',
  labelMap: labelMap(),
  segments: declaredLabels().map(({ value, name, ...declared }) => ({
    ...declared,
    label: name,
    segmentNumber: value,
    measurements: [],
    voxelCount: SIZE ** 3 / 2,
    middleSlice: 4,
    centroid: [2, 4, 8] as const,
  })),
});

export interface MemoryArchive extends EvidenceArchive {
  down: boolean;
  token: string;
  refuses: Set<string>;
  objects: Map<string, EvidenceObject>;
  stores: number;
  answer?: (objects: EvidenceObject[]) => Outcome<InstanceAcknowledgement[]>;
}

const unreachable = () =>
  refuse('archiveUnreachable', 'The archive cannot be reached', { url: '' });

export const memoryArchive = (): MemoryArchive => {
  const archive: MemoryArchive = {
    down: false,
    token: '',
    refuses: new Set(),
    objects: new Map(),
    stores: 0,
    async store(objects) {
      archive.stores += 1;
      if (archive.down) return unreachable();
      if (archive.answer) return archive.answer(objects);
      return accept(
        objects.map(({ sopInstanceUID, ...rest }): InstanceAcknowledgement => {
          if (archive.refuses.has(rest.sopClassUID)) {
            return { state: 'refused', sopInstanceUID, reason: 'SOP class not supported' };
          }
          archive.objects.set(sopInstanceUID, { sopInstanceUID, ...rest });
          return { state: 'stored', sopInstanceUID };
        }),
      );
    },
    async retrieveEvidence() {
      if (archive.down) return unreachable();
      return accept([...archive.objects.values()].map(({ part10 }) => part10));
    },
    async metadata(source) {
      if (archive.down) return unreachable();
      return accept(new Map(source.slices.map(slice => [slice.sopInstanceUID, {}])));
    },
    identity: () => ({ archive: 'memory', credentials: archive.token }),
  };
  return archive;
};

export const memoryOutbox = (): OutboxStore & {
  entries: Map<string, OutboxEntry>;
  full: boolean;
} => {
  const outbox = {
    entries: new Map<string, OutboxEntry>(),
    full: false,
    async put(entry: OutboxEntry): Promise<Outcome<void>> {
      if (outbox.full) return refuse('workstationStorageFull', 'The disk is full');
      outbox.entries.set(entry.id, entry);
      return accept(undefined);
    },
    list: async () => [...outbox.entries.values()],
    async remove(id: string) {
      outbox.entries.delete(id);
    },
  };
  return outbox;
};

/** With `keepsRuns` off, each page goes away before its result is saved. */
export const memoryDrafts = (): DraftStore & { drafts: Map<string, Draft>; keepsRuns: boolean } => {
  const drafts = new Map<string, Draft>();
  const reviewsByRun = new Map<string, KeptReviews>();
  const marks = new Map<string, RunMark>();
  const keyOf = (mark: RunMark) => Object.values(mark).join(' ');
  const store = {
    drafts,
    keepsRuns: true,
    async saveRun(run: RunResult): Promise<Outcome<void>> {
      if (!store.keepsRuns || drafts.has(run.runId)) return accept(undefined);
      drafts.set(run.runId, { reviews: [], savedAt: '', ...reviewsByRun.get(run.runId), run });
      return accept(undefined);
    },
    async saveReviews(run: RunResult, reviews: Review[]): Promise<Outcome<void>> {
      const kept = { reviews, savedAt: new Date().toISOString() };
      reviewsByRun.set(run.runId, kept);
      const draft = drafts.get(run.runId);
      if (draft) drafts.set(run.runId, { ...draft, ...kept });
      return accept(undefined);
    },
    reviewsOf: async (runId: string) => reviewsByRun.get(runId),
    load: async (study: string) =>
      [...drafts.values()].filter(({ run }) => run.source.studyInstanceUID === study),
    async remove(runId: string) {
      drafts.delete(runId);
      reviewsByRun.delete(runId);
    },
    async markRun(mark: RunMark, state: 'begun' | 'ended') {
      if (state === 'begun') marks.set(keyOf(mark), mark);
      else marks.delete(keyOf(mark));
    },
    interrupted: async (study: string) =>
      [...marks.values()].filter(({ studyInstanceUID }) => studyInstanceUID === study),
  };
  return store;
};

/** Evidence as JSON in place of DICOM: what the reading asks of a writer and a reader. */
const encode = (value: unknown): ArrayBuffer =>
  new TextEncoder().encode(
    JSON.stringify(value, (_key, item: unknown) =>
      item instanceof Uint8Array ? { bytes: [...item] } : item,
    ),
  ).buffer as ArrayBuffer;
const decode = (bytes: ArrayBuffer): unknown =>
  JSON.parse(new TextDecoder().decode(bytes), (_key, item: { bytes?: number[] }) =>
    item?.bytes ? Uint8Array.from(item.bytes) : item,
  );

export const memoryPorts = (shared: Partial<ReadingPorts> = {}) => {
  const runs: string[] = [];
  const drawn = new Map<string, { visible: boolean; hidden: Set<string> }>();
  const told: string[] = [];
  const engine: InferenceEngine = {
    async run(model, _volumes, _options, { onProgress }) {
      runs.push(model.manifest.id);
      onProgress({ phase: 'infer', fraction: 0.5 });
      return accept({
        output: segmentation(),
        engine: { engine: 'native', threads: 1 },
        timing: { infer: 1 },
      });
    },
  };
  const ports: ReadingPorts = {
    volumes: { list: () => [displaySet()], read: async () => accept(volume()) },
    engine,
    registry: {
      list: async () => ({ packages: [{ manifest, baseUrl: '/models/two-lungs/' }], refused: [] }),
      card: async ({ manifest: { name } }) => accept(`# ${name.en}`),
    },
    overlay: {
      async show(run) {
        drawn.set(run.runId, { visible: true, hidden: new Set() });
      },
      setVisible: (ids, visible) =>
        ids.forEach(id => drawn.has(id) && (drawn.get(id)!.visible = visible)),
      jumpTo: () => undefined,
      setFindingVisible(run, finding, visible) {
        const hidden = drawn.get(run.runId)?.hidden;
        if (visible) hidden?.delete(finding.id);
        else hidden?.add(finding.id);
      },
      remove: runId => void drawn.delete(runId),
    },
    writer: {
      async write({ run, reviews }) {
        const object = (kind: string, id: string, content: unknown): EvidenceObject => ({
          sopClassUID: kind,
          sopInstanceUID: id,
          seriesInstanceUID: kind,
          studyInstanceUID: run.source.studyInstanceUID,
          part10: encode({ kind, id, content }),
        });
        const said = JSON.stringify(reviews);
        return accept([
          object('seg', `seg ${run.runId}`, run),
          object('sr', `sr ${run.runId} ${said}`, { runId: run.runId, reviews }),
        ]);
      },
      async withdraw({ run, instances, withdrawal }) {
        const { runId, source, provenance } = run;
        const { modelId, modelVersion, modelName } = provenance;
        const withdrawn: WithdrawnRun = {
          ...{ runId, modelId, modelVersion, modelName },
          ...withdrawal,
        };
        const id = `ko ${withdrawal.reason} ${[...instances].sort().join(' ')}`;
        return accept({
          sopClassUID: 'ko',
          sopInstanceUID: id,
          seriesInstanceUID: 'ko',
          studyInstanceUID: source.studyInstanceUID,
          part10: encode({ kind: 'ko', id, content: withdrawn }),
        });
      },
    },
    reader: {
      async read(files, sources, _onRefused, onWithdrawn) {
        const objects = files.map(decode) as Array<{ kind: string; id: string; content: unknown }>;
        const withdrawn = objects
          .filter(({ kind }) => kind === 'ko')
          .map(({ content }) => content as WithdrawnRun);
        withdrawn.forEach(run => onWithdrawn?.(run));
        const gone = new Set(withdrawn.map(({ runId }) => runId));
        const known = new Set(sources.map(({ seriesInstanceUID }) => seriesInstanceUID));
        const stored = objects
          .filter(({ kind }) => kind === 'seg')
          .map(({ id, content }) => {
            const run = content as RunResult;
            const reports = objects.filter(
              other => other.kind === 'sr' && other.id.includes(run.runId),
            );
            const last = reports.at(-1)?.content as { reviews: Review[] } | undefined;
            const instances = [id, ...reports.map(report => report.id)];
            return { run, reviews: last?.reviews ?? [], instances };
          });
        const shown = stored.filter(({ run }) => !gone.has(run.runId));
        return accept(shown.filter(({ run }) => known.has(run.source.seriesInstanceUID)));
      },
    },
    archive: memoryArchive(),
    outbox: memoryOutbox(),
    drafts: memoryDrafts(),
    notifier: { info: code => told.push(code), warn: shown => told.push(shown.code) },
    ...shared,
  };
  return { ports, runs, drawn, told };
};

export const settings = (changes: Partial<ReadingSettings> = {}): ReadingSettings => ({
  maturity: 'feedback',
  autoRun: () => true,
  crossOriginIsolated: true,
  softwareVersion: '0.1.0',
  reviewer: () => 'Reader^Test',
  now: () => new Date(),
  ...changes,
});
