import type { RunResult } from '../../core/findings/types';
import type { EvidenceObject, StoredReading } from '../../core/reading/ports';
import type { Review } from '../../core/review/types';
import { sourceAttributes } from '../common/source';
import { createEvidenceReader, writeEvidence } from '../evidence';
import { writeKeyObjects } from '../keyObject/writeKeyObjects';
import { writeRejectionNote } from '../keyObject/writeRejectionNote';
import { metadataOf, reviewsOf, runOfKind, runOn, slicesOf } from '../testing/runs';

/** Verdicts on other programs' findings on their whole way: read, judged, written, read again. */
const slices = slicesOf({ columns: 20, rows: 12, slices: 6 });
const reader = createEvidenceReader();

const sourceOf = (run: RunResult) => {
  const source = sourceAttributes(run, metadataOf(run));
  if (!source.ok) throw new Error(source.refusal.message);
  return source.value;
};

const written = (run: RunResult, reviews: Review[], more: object = {}): EvidenceObject[] => {
  const outcome = writeEvidence({
    run,
    reviews,
    source: metadataOf(run),
    includeReviews: true,
    reviewer: 'Коваленко^Олена',
    ...more,
  });
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};

/** The same object as if another program had made it. */
const ofAnother = ({ part10 }: EvidenceObject): ArrayBuffer => {
  const bytes = Buffer.from(part10.slice(0));
  for (let at = bytes.indexOf('Second Reader'); at >= 0; at = bytes.indexOf('Second Reader')) {
    bytes.write('Another Maker', at, 'latin1');
  }
  return new Uint8Array(bytes).buffer;
};

const read = async (files: ArrayBuffer[], run: RunResult): Promise<StoredReading[]> => {
  const outcome = await reader.read(files, [run.source]);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};

const buffers = (objects: EvidenceObject[]) => objects.map(({ part10 }) => part10);

describe.each<[string, () => RunResult, () => EvidenceObject]>([
  ['a Segmentation', () => runOn(slices), () => written(runOn(slices), [])[0]],
  [
    'a report of boxes',
    () => runOfKind('detection', slices),
    () => written(runOfKind('detection', slices), []).at(-1)!,
  ],
  [
    'key images',
    () => runOn(slices),
    () => writeKeyObjects(runOn(slices), sourceOf(runOn(slices)))!,
  ],
])('verdicts on the findings of %s', (_what, makeRun, makeObject) => {
  const ours = makeRun();
  const theirs = ofAnother(makeObject());

  it('come back to them, and the last one counts', async () => {
    const [reading] = await read([theirs], ours);
    expect(reading.run.foreign).toBeDefined();
    expect(reading.reviews).toEqual([]);
    const reviews = reviewsOf(reading.run);
    expect(reviews.length).toBeGreaterThan(0);
    const first = written(reading.run, reviews, { predecessors: reading.instances });
    expect(first).toHaveLength(1);

    const [judged] = await read([first[0].part10, theirs], ours);
    expect(judged.run).toEqual(reading.run);
    expect(judged.reviews).toEqual(reviews);
    expect(judged.instances).toContain(first[0].sopInstanceUID);

    const changed = reviews.map((review): Review => ({
      ...review,
      verdict: 'rejected',
      reviewedAt: '2026-03-09T08:00:00.000Z',
    }));
    const second = written(judged.run, changed, { predecessors: judged.instances });
    const [last] = await read([...buffers(second), theirs, ...buffers(first)], ours);
    expect(last.reviews).toEqual(changed);
    const again = written(last.run, changed, { predecessors: last.instances });
    expect(Buffer.from(again[0].part10).equals(Buffer.from(second[0].part10))).toBe(true);
  });

  it('are not written where no one judged, nor at maturity production', async () => {
    const [{ run, instances }] = await read([theirs], ours);
    expect(written(run, [], { predecessors: instances })).toEqual([]);
    expect(written(run, reviewsOf(run), { includeReviews: false })).toEqual([]);
  });
});

describe('a rejection note', () => {
  const run = runOfKind('detection', slices);
  const objects = written(run, []);
  const noteOn = (withdrawn: EvidenceObject[]): EvidenceObject => {
    const note = writeRejectionNote({
      run,
      source: sourceOf(run),
      objects: withdrawn,
      reason: 'patientSafety',
      rejectedAt: '2026-03-05T10:00:00.000Z',
    });
    if (!note.ok) throw new Error(note.refusal.message);
    return note.value;
  };

  it('of another program withdraws our evidence', async () => {
    const files = buffers(objects);
    expect(await read(files, run)).toHaveLength(1);
    expect(await read([...files, ofAnother(noteOn(objects))], run)).toEqual([]);
  });

  it('of ours withdraws another program’s', async () => {
    const files = objects.map(ofAnother);
    expect((await read(files, run)).length).toBeGreaterThan(0);
    expect(await read([...files, noteOn(objects).part10], run)).toEqual([]);
  });
});
