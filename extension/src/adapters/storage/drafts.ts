import type { RunResult, ScalarMap } from '../../core/findings/types';
import type { Draft, DraftStore, RunMark } from '../../core/reading/ports';
import { decodeRunLengths, encodeRunLengths } from '../../core/volume/runLength';
import { blobOf, bytesOf } from './blobs';
import { writing, type Database } from './database';
import { keptMaps, keptMark, keptReviews, keptRun, runOf } from './records';

const markKey = ({ studyInstanceUID, seriesInstanceUID, modelId }: RunMark) =>
  [studyInstanceUID, seriesInstanceUID, modelId].join(' ');

/** Maps with their values as Blobs: of a whole CT they are 300 MB. */
const keptOf = (maps: readonly ScalarMap[]) =>
  Promise.all(
    maps.map(async map => ({
      ...map,
      values: await blobOf(map.values as Float32Array<ArrayBuffer>),
    })),
  );

const withValues = async (record: unknown): Promise<unknown> => {
  const kept = keptMaps.safeParse(record);
  if (!kept.success) return record;
  const maps = kept.data.maps.map(async ({ values, ...map }) => ({
    ...map,
    values: new Float32Array(await bytesOf(values)),
  }));
  return { ...kept.data, maps: await Promise.all(maps) };
};

/** Drafts in IndexedDB; a record that cannot be read any more is skipped, never half used. */
export const createDraftStore = (database: Promise<Database>): DraftStore => {
  const readRun = async (record: unknown): Promise<RunResult | undefined> => {
    try {
      const parsed = keptRun.safeParse(await withValues(record));
      if (!parsed.success) return undefined;
      const { geometry, runLengths } = parsed.data;
      // A label map without its grid, or a grid without its label map, is half a record.
      if ((geometry === undefined) !== (runLengths === undefined)) return undefined;
      if (!geometry || !runLengths) return runOf(parsed.data, undefined);
      const [columns, rows, slices] = geometry.dimensions;
      const voxels = decodeRunLengths(runLengths, columns * rows * slices);
      return runOf(parsed.data, { geometry, voxels });
    } catch {
      return undefined;
    }
  };

  return {
    async saveRun(run) {
      const opened = await database;
      if (await opened.getKey('runs', run.runId)) return { ok: true, value: undefined };
      const { labelMap, maps, ...rest } = run;
      const study = run.source.studyInstanceUID;
      const record = {
        ...rest,
        study,
        ...(maps && { maps: await keptOf(maps) }),
        ...(labelMap && {
          geometry: labelMap.geometry,
          runLengths: await encodeRunLengths(labelMap.voxels),
        }),
      };
      return writing(() => opened.put('runs', record));
    },
    async saveReviews(run, reviews) {
      const opened = await database;
      const record = {
        runId: run.runId,
        study: run.source.studyInstanceUID,
        savedAt: new Date().toISOString(),
        reviews,
      };
      return writing(async () => {
        const transaction = opened.transaction('reviews', 'readwrite', { durability: 'strict' });
        // `done` tells a failed put as well, with its reason.
        transaction.store.put(record).catch(() => undefined);
        // Without it the commit waits for a turn of this page, which may be leaving.
        transaction.commit();
        await transaction.done;
      });
    },
    async reviewsOf(runId) {
      const opened = await database;
      const kept = keptReviews.safeParse(await opened.get('reviews', runId));
      return kept.success ? kept.data : undefined;
    },
    async load(studyInstanceUID) {
      const opened = await database;
      const drafts: Draft[] = [];
      for (const record of await opened.getAllFromIndex('runs', 'study', studyInstanceUID)) {
        const run = await readRun(record);
        if (!run) continue;
        const kept = keptReviews.safeParse(await opened.get('reviews', run.runId));
        drafts.push({
          run,
          reviews: kept.success ? kept.data.reviews : [],
          savedAt: kept.success ? kept.data.savedAt : run.provenance.startedAt,
        });
      }
      return drafts;
    },
    async remove(runId) {
      const opened = await database;
      await Promise.all([opened.delete('runs', runId), opened.delete('reviews', runId)]);
    },
    async markRun(mark, state) {
      const opened = await database;
      const key = markKey(mark);
      if (state === 'ended') return opened.delete('marks', key);
      const { studyInstanceUID: study, seriesInstanceUID, modelId } = mark;
      // A mark that a full disk refuses costs a message after a reload, nothing else.
      await writing(() => opened.put('marks', { key, study, seriesInstanceUID, modelId }));
    },
    async interrupted(studyInstanceUID) {
      const opened = await database;
      const records = await opened.getAllFromIndex('marks', 'study', studyInstanceUID);
      return records.flatMap(record => {
        const parsed = keptMark.safeParse(record);
        if (!parsed.success) return [];
        const { seriesInstanceUID, modelId } = parsed.data;
        return [{ studyInstanceUID, seriesInstanceUID, modelId }];
      });
    },
  };
};
