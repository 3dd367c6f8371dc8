import { runResultFrom } from '../findings/fromInference';
import { primaryOutput, type ModelManifest } from '../model/manifest';
import { selectSeries } from '../model/selectSeries';
import { accept, refusal, type Outcome } from '../outcome';
import type { Volume } from '../volume/types';
import type {
  DisplaySetSummary,
  DraftStore,
  InferenceEngine,
  RunControl,
  VolumeSource,
} from './ports';
import { createProgressMeter } from './progressMeter';
import type { RunRecord } from './records';
import { createRunQueue, type RunQueue, type RunRequest } from './runQueue';
import type { Session } from './session';

export interface RunningPorts {
  volumes: VolumeSource;
  engine: InferenceEngine;
  drafts: DraftStore;
}

/** Whether millimetres matter to the model: for what it reads, or for what it measures. */
const usesMillimetres = (manifest: ModelManifest): boolean =>
  manifest.preprocessing.some(({ transform }) => transform === 'spacing') ||
  !['classification', 'regression'].includes(primaryOutput(manifest).type);

/**
 * Runs models, one at a time: voxels, engine, result. A run that is cancelled, or whose study was
 * left meanwhile, leaves nothing; one that fails leaves its reason.
 *
 * @param completed is told of each new result after it was taken into the session
 */
export const createRunning = (
  session: Session,
  { volumes, engine, drafts }: RunningPorts,
  settings: { softwareVersion: string; now(): Date },
  displaySets: () => DisplaySetSummary[],
  completed: (record: RunRecord) => void,
): RunQueue => {
  const milliseconds = () => settings.now().getTime();

  /** One volume a channel; a series that fills two channels is read once and is the same volume. */
  const readSeries = async (
    series: DisplaySetSummary[],
    { signal, onProgress }: RunControl,
    dropped: () => boolean,
  ): Promise<Outcome<Volume[]>> => {
    const distinct = [...new Set(series)];
    const read = new Map<DisplaySetSummary, Volume>();
    for (const [index, set] of distinct.entries()) {
      const volume = await volumes.read(set.displaySetInstanceUID, {
        signal,
        onProgress: ({ phase, fraction }) =>
          onProgress({
            phase,
            fraction: fraction === undefined ? undefined : (index + fraction) / distinct.length,
          }),
      });
      if (!volume.ok) return volume;
      if (dropped()) break;
      read.set(set, volume.value);
    }
    return accept(series.flatMap(set => read.get(set) ?? []));
  };

  const produce = async (
    request: RunRequest,
    set: DisplaySetSummary,
    control: RunControl,
    dropped: () => boolean,
  ): Promise<void> => {
    const { modelId, operatingPoint } = request;
    const model = session.packages.get(modelId)!;
    const startedAt = settings.now().toISOString();
    const voxelsFrom = milliseconds();
    const series = selectSeries(model.manifest, displaySets(), set);
    if (!series.ok) return session.show(series.refusal, modelId);
    const read = await readSeries(series.value, control, dropped);
    if (dropped()) return;
    if (!read.ok) return session.show(read.refusal, modelId);
    const voxels = milliseconds() - voxelsFrom;
    // Taken now: the engine takes the voxels away with the volumes.
    const [{ slices, spacingAssumed }] = read.value;
    const inference = await engine.run(model, read.value, { operatingPoint }, control);
    if (dropped()) return;
    if (!inference.ok) return session.show(inference.refusal, modelId);
    if (spacingAssumed && usesMillimetres(model.manifest)) {
      const message = `The image does not say how large a pixel is: ${modelId} was run, and its sizes reckoned, with 1 mm a pixel`;
      session.show(refusal('spacingAssumed', message, { modelId }), modelId);
    }
    const { studyInstanceUID, seriesInstanceUID, frameOfReferenceUID } = set;
    const run = await runResultFrom({
      model,
      source: { studyInstanceUID, seriesInstanceUID, frameOfReferenceUID, slices },
      inference: { ...inference.value, timing: { voxels, ...inference.value.timing } },
      operatingPoint,
      startedAt,
      softwareVersion: settings.softwareVersion,
      isWithdrawn: session.isWithdrawn,
    });
    // Judged on an earlier page that went away before the result itself was saved.
    const kept = await drafts.reviewsOf(run.runId);
    if (dropped()) return;
    kept?.reviews
      .filter(({ findingId }) => !session.reviews.has(findingId))
      .forEach(review => session.reviews.set(review.findingId, review));
    const { displaySetInstanceUID } = request;
    const record: RunRecord = {
      run,
      displaySetInstanceUID,
      origin: 'run',
      stored: 'no',
      acknowledged: new Set(),
      enqueued: [],
    };
    if (await session.adopt(record)) completed(record);
  };

  const execute = async (request: RunRequest, signal: AbortSignal): Promise<void> => {
    const { modelId } = request;
    const mine = session.generation();
    const dropped = () => signal.aborted || mine !== session.generation();
    const set = displaySets().find(
      ({ displaySetInstanceUID }) => displaySetInstanceUID === request.displaySetInstanceUID,
    );
    if (!session.packages.has(modelId) || !set) return;
    const { studyInstanceUID, seriesInstanceUID } = set;
    const mark = { studyInstanceUID, seriesInstanceUID, modelId };
    const meter = createProgressMeter(milliseconds);
    const onProgress: RunControl['onProgress'] = progress => {
      if (!dropped()) session.update({ active: { ...request, ...meter(progress) } });
    };
    session.withdraw(shown => shown.modelId === modelId);
    onProgress({ phase: 'queued' });
    await drafts.markRun(mark, 'begun');
    try {
      await produce(request, set, { signal, onProgress }, dropped);
    } catch (error) {
      if (dropped()) return;
      const detail = error instanceof Error ? error.message : String(error);
      const message = `The run of ${modelId} failed: ${detail}`;
      session.show(refusal('runFailed', message, { modelId, detail }), modelId);
    } finally {
      if (mine === session.generation()) session.update({ active: undefined });
      await drafts.markRun(mark, 'ended');
    }
  };

  const queue: RunQueue = createRunQueue(execute, () =>
    session.update({ queued: queue.waiting() }),
  );
  return queue;
};
