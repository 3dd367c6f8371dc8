import { UNKNOWN_READER } from '../core/review/types';
import type { EvidenceObject } from '../core/reading/ports';
import { SOP_CLASS } from './common/dictionary';
import { createEvidenceReader, createEvidenceWriter } from './evidence';
import type { RunResult } from '../core/findings/types';
import {
  boxes,
  geometryOf,
  metadataOf,
  OTHER_KINDS,
  reviewsOf,
  runOfKind,
  runOn,
  slicesOf,
} from './testing/runs';

const writer = createEvidenceWriter();
const reader = createEvidenceReader();
const small = { columns: 20, rows: 12, slices: 6 };
const buffers = (objects: EvidenceObject[]): ArrayBuffer[] => objects.map(({ part10 }) => part10);

/** What the writer made; a refusal is not expected. */
const written = async (request: Parameters<typeof writer.write>[0]): Promise<EvidenceObject[]> => {
  const outcome = await writer.write(request);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};

const stored = (
  run: RunResult = runOn(slicesOf(small)),
  reviews = reviewsOf(run),
  predecessors: string[] = [],
) =>
  written({
    run,
    reviews,
    source: metadataOf(run),
    includeReviews: true,
    reviewer: 'Коваленко^Олена',
    predecessors,
  });

const readOne = async (files: ArrayBuffer[], run: RunResult = runOn(slicesOf(small))) => {
  const outcome = await reader.read(files, [run.source]);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  expect(outcome.value).toHaveLength(1);
  return outcome.value[0];
};

describe('evidence read back', () => {
  it.each([
    ['axial', small, 2],
    ['oblique', { ...small, tilted: true }, 3],
    ['of a multi-frame instance', { ...small, multiFrame: true }, 2],
    ['with frames that end within a byte', { columns: 7, rows: 5, slices: 5 }, 3],
  ])('is the run and its reviews: %s', async (_name, shape, count) => {
    const run = runOn(slicesOf(shape), count);
    const reviews = reviewsOf(run);
    const objects = await stored(run, reviews);
    const reading = await readOne(buffers(objects).reverse(), run);
    expect(reading.run).toEqual(run);
    expect(reading.reviews).toEqual(reviews);
    expect(reading.instances).toEqual(objects.map(({ sopInstanceUID }) => sopInstanceUID));
  });

  it('lies on its source whatever order the slices are listed in', async () => {
    const run = runOn(slicesOf(small));
    const objects = await stored(run);
    const shuffled = { ...run.source, slices: [...run.source.slices].reverse() };
    const outcome = await reader.read(buffers(objects), [shuffled]);
    expect(outcome.ok && outcome.value[0].run.labelMap).toEqual(run.labelMap);
    expect(outcome.ok && outcome.value[0].run.source.slices).toEqual(run.source.slices);
  });

  it('keeps a segment that turned out empty', async () => {
    const slices = slicesOf(small);
    const run = runOn(slices, 2, boxes(geometryOf(slices), [1]));
    expect((await readOne(buffers(await stored(run)), run)).run).toEqual(run);
    const empty = runOn(slices, 2, boxes(geometryOf(slices), []));
    expect((await readOne(buffers(await stored(empty)), empty)).run).toEqual(empty);
  });
});

describe.each(OTHER_KINDS)('a result without segments: %s', kind => {
  const shapes = [small, { ...small, tilted: true }, { ...small, multiFrame: true }];

  it.each(shapes)('is a report, read back as the run and its reviews: %j', async shape => {
    const run = runOfKind(kind, slicesOf(shape));
    const reviews = reviewsOf(run);
    const objects = await stored(run, reviews);
    // Detections have their markers beside the report.
    expect(objects.map(({ sopClassUID }) => sopClassUID)).toEqual([
      SOP_CLASS.comprehensive3DSR,
      ...(kind === 'detection' ? [SOP_CLASS.grayscaleSoftcopyPresentationState] : []),
    ]);
    const reading = await readOne(buffers(objects), run);
    expect(reading.run).toEqual(run);
    expect(reading.reviews).toEqual(reviews);
    expect(reading.instances).toEqual(objects.map(({ sopInstanceUID }) => sopInstanceUID));
  });

  it('is told by its latest report, and not for another series', async () => {
    const run = runOfKind(kind, slicesOf(small));
    const [first] = await stored(run, []);
    const [second] = await stored(run, reviewsOf(run), [first.sopInstanceUID]);
    const files = [second.part10, first.part10];
    const reading = await readOne(files, run);
    expect(reading.reviews).toEqual(reviewsOf(run));
    const elsewhere = { ...run.source, seriesInstanceUID: '1.2.3' };
    expect(await reader.read(files, [elsewhere])).toEqual({ ok: true, value: [] });
  });

  it('is refused by name when its parameters are damaged', async () => {
    const run = runOfKind(kind, slicesOf(small));
    const [report] = await stored(run);
    const bytes = Buffer.from(report.part10);
    for (let at = bytes.indexOf('"secondReader"'); at >= 0; at = bytes.indexOf('"secondReader"')) {
      bytes.write('"secondLooker"', at, 'latin1');
    }
    const outcome = await reader.read([new Uint8Array(bytes).buffer], [run.source]);
    expect(outcome.ok ? undefined : outcome.refusal.code).toBe('evidenceUnreadable');
  });
});

describe('idempotence', () => {
  it('gives the same instances and the same bytes for the same run and reviews', async () => {
    const [first, second] = [await stored(), await stored()];
    expect(first.map(object => object.sopInstanceUID)).toEqual(second.map(o => o.sopInstanceUID));
    expect(first.map(({ part10 }) => Buffer.from(part10).toString('hex'))).toEqual(
      second.map(({ part10 }) => Buffer.from(part10).toString('hex')),
    );
  });

  it('keeps the segmentation and makes a new report when a review changes', async () => {
    const run = runOn(slicesOf(small));
    const [segmentation, report] = await stored(run, []);
    const [sameSegmentation, otherReport] = await stored(run, reviewsOf(run));
    expect(sameSegmentation.sopInstanceUID).toBe(segmentation.sopInstanceUID);
    expect(Buffer.from(sameSegmentation.part10).equals(Buffer.from(segmentation.part10))).toBe(
      true,
    );
    expect(otherReport.sopInstanceUID).not.toBe(report.sopInstanceUID);
    expect(otherReport.seriesInstanceUID).not.toBe(report.seriesInstanceUID);
  });

  it('makes the last report again when nothing changed since', async () => {
    const run = runOn(slicesOf(small));
    const [segmentation, first] = await stored(run, []);
    const chain = [segmentation.sopInstanceUID, first.sopInstanceUID];
    const [, second] = await stored(run, reviewsOf(run), chain);
    const [, again] = await stored(run, reviewsOf(run), [...chain, second.sopInstanceUID]);
    expect(again.sopInstanceUID).toBe(second.sopInstanceUID);
    expect(Buffer.from(again.part10).equals(Buffer.from(second.part10))).toBe(true);
  });
});

describe('the latest report', () => {
  it('wins by the chain of predecessors, also when it takes reviews back', async () => {
    const run = runOn(slicesOf(small));
    const [segmentation, first] = await stored(run, reviewsOf(run));
    const chain = [segmentation.sopInstanceUID, first.sopInstanceUID];
    const [, reopened] = await stored(run, [], chain);
    const files = [reopened, segmentation, first].map(({ part10 }) => part10);
    const reading = await readOne(files, run);
    expect(reading.reviews).toEqual([]);
    expect(reading.instances).toEqual([...chain, reopened.sopInstanceUID]);
  });

  it('wins by its date where no report names another', async () => {
    const run = runOn(slicesOf(small));
    const reviews = reviewsOf(run);
    const changed = reviews.map(review => ({ ...review, reviewedAt: '2026-03-02T00:00:00.000Z' }));
    const files = [...(await stored(run, changed)), ...(await stored(run, reviews))];
    expect((await readOne(buffers(files), run)).reviews).toEqual(changed);
  });
});

describe('reviews', () => {
  it('are not written at maturity production', async () => {
    const run = runOn(slicesOf(small));
    const objects = await written({
      run,
      reviews: reviewsOf(run),
      source: metadataOf(run),
      includeReviews: false,
      reviewer: 'Коваленко^Олена',
    });
    expect((await readOne(buffers(objects), run)).reviews).toEqual([]);
    for (const file of buffers(objects)) {
      expect(Buffer.from(file).includes('Коваленко')).toBe(false);
    }
  });

  it('of one finding leave the other not reviewed', async () => {
    const run = runOn(slicesOf(small));
    const reviews = reviewsOf(run, 1);
    const objects = await stored(run, reviews);
    expect((await readOne(buffers(objects), run)).reviews).toEqual(reviews);
    const report = Buffer.from(objects[1].part10);
    expect(report.includes('PARTIAL')).toBe(true);
    expect(report.includes('UNVERIFIED')).toBe(true);
    expect(report.includes('Not reviewed')).toBe(true);
  });

  it('of all findings complete and verify the report', async () => {
    const report = Buffer.from((await stored())[1].part10);
    expect(report.includes('COMPLETE')).toBe(true);
    expect(report.includes('UNVERIFIED')).toBe(false);
    expect(report.includes('Not reviewed')).toBe(false);
  });

  it.each(['', UNKNOWN_READER])('by “%s” never verify a report', async reviewer => {
    const run = runOn(slicesOf(small));
    const nameless = reviewsOf(run).map(review => ({ ...review, reviewer }));
    const objects = await stored(run, nameless);
    expect(Buffer.from(objects[1].part10).includes('UNVERIFIED')).toBe(true);
    expect((await readOne(buffers(objects), run)).reviews).toEqual(nameless);
  });
});

describe('what cannot be read', () => {
  it('is refused by name while the rest is read', async () => {
    const run = runOn(slicesOf(small));
    const objects = await stored(run);
    const other = await stored(runOn(slicesOf({ ...small, multiFrame: true })));
    const refused: string[] = [];
    const outcome = await reader.read(
      [objects[0].part10, objects[1].part10, other[0].part10.slice(0, 3000), new ArrayBuffer(10)],
      [run.source],
      refusal => refused.push(refusal.code),
    );
    expect(outcome.ok && outcome.value).toHaveLength(1);
    expect(refused).toEqual(['dicomDamaged', 'notDicom']);
  });

  it('is refused at every length it can be cut off at, and never crashes', async () => {
    const run = runOn(slicesOf({ columns: 4, rows: 4, slices: 3 }));
    const [segmentation] = await stored(run);
    for (let length = 0; length < segmentation.part10.byteLength; length += 7) {
      const outcome = await reader.read([segmentation.part10.slice(0, length)], [run.source]);
      const message = outcome.ok ? '' : outcome.refusal.message;
      expect({ length, read: outcome.ok && outcome.value.length }).toEqual({
        length,
        read: message ? false : 0,
      });
    }
  });

  it('names the instances that a result was made of when others are open', async () => {
    const run = runOn(slicesOf(small));
    const objects = await stored(run);
    const shorter = { ...run.source, slices: run.source.slices.slice(1) };
    const outcome = await reader.read(buffers(objects), [shorter]);
    expect(outcome.ok ? undefined : outcome.refusal.code).toBe('evidenceSourceDiffers');
    const elsewhere = { ...run.source, seriesInstanceUID: '1.2.3' };
    expect(await reader.read(buffers(objects), [elsewhere])).toEqual({ ok: true, value: [] });
  });
});

describe('the source', () => {
  it('must have metadata: evidence without a patient is not made', async () => {
    const run = runOn(slicesOf(small));
    const request = { run, reviews: [], includeReviews: false, reviewer: '' };
    expect(await writer.write({ ...request, source: new Map() })).toMatchObject({
      ok: false,
      refusal: { message: expect.stringContaining('none of the 6 instances') },
    });
    const foreign = metadataOf(run, { '0020000D': { vr: 'UI', Value: ['1.2.3'] } });
    expect(await writer.write({ ...request, source: foreign })).toMatchObject({
      ok: false,
      refusal: { message: expect.stringContaining('of study 1.2.3') },
    });
  });
});
