import type { WithdrawnRun } from '../../core/review/withdrawal';
import type { EvidenceObject } from '../../core/reading/ports';
import { createEvidenceReader, createEvidenceWriter } from '../evidence';
import { metadataOf, reviewsOf, runOn, slicesOf } from '../testing/runs';

const run = runOn(slicesOf({ columns: 24, rows: 18, slices: 6 }));
const withdrawal = {
  reason: 'patientSafety' as const,
  withdrawnAt: '2026-03-05T10:00:00.000Z',
  withdrawnBy: 'Коваленко^Олена',
};

/** The same file by another program. */
const ofAnother = (part10: ArrayBuffer): ArrayBuffer => {
  const bytes = Buffer.from(part10.slice(0));
  for (let at = bytes.indexOf('Second Reader'); at >= 0; at = bytes.indexOf('Second Reader')) {
    bytes.write('Another Maker', at, 'latin1');
  }
  return new Uint8Array(bytes).buffer;
};

const written = async (reviewed: number): Promise<EvidenceObject[]> => {
  const outcome = await createEvidenceWriter().write({
    run,
    reviews: reviewsOf(run, reviewed),
    source: metadataOf(run),
    includeReviews: true,
    reviewer: '',
  });
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};
const noteOn = async (objects: readonly EvidenceObject[]): Promise<ArrayBuffer> => {
  const note = await createEvidenceWriter().withdraw({
    run,
    source: metadataOf(run),
    instances: objects.map(({ sopInstanceUID }) => sopInstanceUID),
    withdrawal,
  });
  if (!note.ok) throw new Error(note.refusal.message);
  return note.value.part10;
};
const read = async (files: ArrayBuffer[]) => {
  const withdrawn: WithdrawnRun[] = [];
  const refused: string[] = [];
  const outcome = await createEvidenceReader().read(
    files,
    [run.source],
    ({ code }) => refused.push(code),
    each => withdrawn.push(each),
  );
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return { runs: outcome.value.map(each => each.run.runId), withdrawn, refused };
};
const told = {
  ...withdrawal,
  runId: run.runId,
  modelId: run.provenance.modelId,
  modelVersion: run.provenance.modelVersion,
  modelName: run.provenance.modelName,
};
const buffers = (objects: readonly EvidenceObject[]) => objects.map(({ part10 }) => part10);

describe('a run that was withdrawn', () => {
  it('is told of, from the note alone where the archive shows nothing else of it', async () => {
    const objects = await written(1);
    const note = await noteOn(objects);
    const expected = { runs: [], withdrawn: [told], refused: [] };
    expect(await read([...buffers(objects), note])).toEqual(expected);
    expect(await read([note])).toEqual(expected);
  });

  it('is gone with a report that came to the archive after the note', async () => {
    const note = await noteOn(await written(1));
    const later = await written(2);
    expect(await read([note, ...buffers(later)])).toMatchObject({ runs: [], withdrawn: [told] });
  });

  it('by another program is told of all the same, once nothing of it is left', async () => {
    const objects = await written(1);
    const theirs = ofAnother(await noteOn(objects));
    expect(await read([...buffers(objects), theirs])).toEqual({
      runs: [],
      withdrawn: [told],
      refused: [],
    });
    const [, report] = objects;
    const onReport = ofAnother(await noteOn([report]));
    expect(await read([...buffers(objects), onReport])).toMatchObject({
      runs: [run.runId],
      withdrawn: [],
    });
  });
});
