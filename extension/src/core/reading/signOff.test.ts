import type { RunResult } from '../findings/types';
import { accept } from '../outcome';
import {
  displaySet,
  manifest,
  memoryArchive,
  memoryOutbox,
  memoryPorts,
  segmentation,
  settings,
  volume,
} from './memoryPorts.testing';
import { runResultFrom } from '../findings/fromInference';
import type { EvidenceWriter, OutboxStore } from './ports';
import { createReading, type ReadingPorts } from './reading';
import { disposedAfterEach, until } from './readings.testing';

const opened = disposedAfterEach();

/** A reading that notes what its writer is asked for. */
const readingWith = async (
  shared: Partial<ReadingPorts>,
  changes: Parameters<typeof settings>[0] = {},
) => {
  const { ports } = memoryPorts(shared);
  const asked: Array<Parameters<EvidenceWriter['write']>[0]> = [];
  const reads: string[] = [];
  const reading = createReading(
    {
      ...ports,
      writer: {
        ...ports.writer,
        write: request => (asked.push(request), ports.writer.write(request)),
      },
      volumes: {
        ...ports.volumes,
        read: async id => (reads.push(id), accept(volume())),
      },
    },
    settings(changes),
  );
  opened(reading);
  reading.open('1.2');
  await reading.refresh();
  return { reading, get: reading.state.get, asked, reads };
};

const foreignRun = async (): Promise<RunResult> => {
  const { slices, studyInstanceUID, seriesInstanceUID } = displaySet();
  const run = await runResultFrom({
    model: { manifest, baseUrl: '/' },
    source: { studyInstanceUID, seriesInstanceUID, slices },
    inference: { output: segmentation(), engine: { engine: 'wasm', threads: 1 }, timing: {} },
    startedAt: '2026-01-02T03:04:05.678Z',
    softwareVersion: '7',
  });
  return {
    ...run,
    provenance: { ...run.provenance, modelId: 'theirs', engine: undefined },
    foreign: {
      instances: [{ sopClassUID: 'seg', sopInstanceUID: '9.9', seriesInstanceUID: '9' }],
      manufacturer: 'Somebody else',
      algorithmType: 'automatic',
    },
  };
};

/** An archive with a result that another program stored. */
const othersResult = async (changes: Parameters<typeof settings>[0]) => {
  const archive = memoryArchive();
  const run = await foreignRun();
  const page = await readingWith(
    {
      archive: { ...archive, retrieveEvidence: async () => accept([new ArrayBuffer(1)]) },
      reader: { read: async () => accept([{ run, reviews: [], instances: ['9.9'] }]) },
    },
    { autoRun: () => false, ...changes },
  );
  await until(page.get, ({ findings }) => findings.length === 2);
  const [finding] = page.get().findings;
  return { ...page, archive, finding };
};

describe("a verdict on another program's result", () => {
  it('is stored at feedback, as a report after our own earlier ones only', async () => {
    const { reading, get, asked, finding } = await othersResult({ maturity: 'feedback' });
    reading.reviewFinding({ findingId: finding.id, verdict: 'accepted' });
    expect(get().runs[0].changedSinceStored).toBe(true);
    await reading.storeEvidence();
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ includeReviews: true, predecessors: [] });
    expect(asked[0].run.foreign?.manufacturer).toBe('Somebody else');
    expect(get().runs[0]).toMatchObject({ stored: 'stored', changedSinceStored: false });
  });

  it('is not there: nothing is stored', async () => {
    const { reading, asked } = await othersResult({ maturity: 'feedback' });
    await reading.storeEvidence();
    expect(asked).toEqual([]);
  });

  it.each(['production', 'research'] as const)('is not stored at %s', async maturity => {
    const { reading, get, asked, archive, finding } = await othersResult({ maturity });
    reading.reviewFinding({ findingId: finding.id, verdict: 'accepted' });
    await reading.storeEvidence();
    expect(asked).toEqual([]);
    expect(archive.stores).toBe(0);
    expect(get().runs[0].changedSinceStored).toBe(false);
  });
});

const stored = async (page: Awaited<ReturnType<typeof readingWith>>) => {
  await until(page.get, ({ findings, active }) => findings.length === 2 && !active);
  await page.reading.storeEvidence();
};

describe('what is written', () => {
  it("follows the field's practice, the model's table and the site's, the last one first", async () => {
    const own = { segment: ['segmentation' as const], detection: ['report' as const] };
    const registry = {
      list: async () => ({
        packages: [{ manifest: { ...manifest, evidence: own }, baseUrl: '/' }],
        refused: [],
      }),
      card: async () => accept(''),
    };
    const page = await readingWith(
      { registry },
      { evidence: { segment: ['segmentation', 'report', 'keyObjects'] } },
    );
    await stored(page);
    expect(page.asked[0].table).toMatchObject({
      segment: ['segmentation', 'report', 'keyObjects'],
      detection: ['report'],
      regression: ['report'],
    });
    expect(page.asked[0].segmentationType).toBe('binary');
  });

  it('has the voxels with it only where pictures are asked for', async () => {
    const without = await readingWith({});
    await stored(without);
    expect(without.asked[0].volume).toBeUndefined();
    const { length } = without.reads;

    const captured = await readingWith(
      {},
      { evidence: { segment: ['segmentation', 'report', 'secondaryCapture'] } },
    );
    await stored(captured);
    expect(captured.asked[0].volume?.voxels).toHaveLength(512);
    expect(captured.reads).toHaveLength(length + 1);
  });
});

describe('a disk that is nearly full', () => {
  it('is told before it is full, and the evidence is stored', async () => {
    const outbox: OutboxStore = {
      ...memoryOutbox(),
      room: async () => ({ usage: 95_000_000, quota: 100_000_000 }),
    };
    const page = await readingWith({ outbox });
    await stored(page);
    expect(page.get().refusals).toMatchObject([
      { code: 'outboxNearlyFull', values: { left: 5, needed: 1 } },
    ]);
    expect(page.get().runs[0].stored).toBe('stored');
  });
});

describe('an archive that is gone before the source’s attributes were asked for', () => {
  it('is asked again, and what a person wanted stored is stored', async () => {
    const archive = memoryArchive();
    const { metadata } = archive;
    let known = false;
    archive.metadata = source => {
      const { down } = archive;
      archive.down = !known;
      const answer = metadata(source);
      archive.down = down;
      return answer;
    };
    const page = await readingWith({ archive });
    await stored(page);
    expect(page.get().runs[0]).toMatchObject({
      stored: 'failed',
      storeError: { code: 'archiveUnreachable' },
    });
    known = true;
    await page.reading.retryOutbox();
    expect(page.get().runs[0].stored).toBe('stored');
    expect(archive.objects.size).toBe(2);
  });
});
