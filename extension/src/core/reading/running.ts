import { runResultFrom } from '../findings/fromInference';
import { refusal } from '../outcome';
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

  const produce = async (
    request: RunRequest,
    set: DisplaySetSummary,
    control: RunControl,
    dropped: () => boolean,
  ): Promise<void> => {
    const model = session.packages.get(request.modelId)!;
    const startedAt = settings.now().toISOString();
    const voxelsFrom = milliseconds();
    const volume = await volumes.read(request.displaySetInstanceUID, control);
    if (dropped()) return;
    if (!volume.ok) return session.show(volume.refusal, request.modelId);
    const voxels = milliseconds() - voxelsFrom;
    // Taken now: the engine takes the voxels away with the volume.
    const { slices } = volume.value;
    const inference = await engine.run(model, volume.value, control);
    if (dropped()) return;
    if (!inference.ok) return session.show(inference.refusal, request.modelId);
    const { studyInstanceUID, seriesInstanceUID, frameOfReferenceUID } = set;
    const run = await runResultFrom({
      model,
      source: { studyInstanceUID, seriesInstanceUID, frameOfReferenceUID, slices },
      inference: { ...inference.value, timing: { voxels, ...inference.value.timing } },
      startedAt,
      softwareVersion: settings.softwareVersion,
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
