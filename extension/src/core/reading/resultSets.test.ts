import type { RunResult } from '../findings/types';
import { accept, refuse, type Outcome } from '../outcome';
import { memoryPorts, segmentation, slices } from './memoryPorts.testing';
import type { PlacedRun, SideBySideDisplay } from './ports';
import type { RunRecord } from './records';
import { createResultSets } from './resultSets';
import { createSession } from './session';

const record = (
  runId: string,
  changes: Partial<RunResult['provenance']> = {},
  origin: RunRecord['origin'] = 'archive',
  stored: RunRecord['stored'] = 'stored',
): RunRecord => ({
  run: {
    runId,
    source: { studyInstanceUID: '1.2', seriesInstanceUID: '1.2.1', slices: slices() },
    provenance: {
      modelId: 'two-lungs',
      modelVersion: '1.0.0',
      modelName: 'Two lungs',
      modelSha256: '',
      licence: '',
      startedAt: '',
      timing: {},
      softwareVersion: '',
      ...changes,
    },
    labelMap: segmentation().labelMap,
    findings: segmentation().segments.map(({ measurements, voxelCount: _, ...segment }) => ({
      id: `${runId}/${segment.key}`,
      trackingIdentifier: segment.key,
      runId,
      kind: 'segment',
      segment,
      measurements,
      middleSlice: segment.middleSlice,
      centroid: segment.centroid,
      referencedSOPInstanceUID: '1.2.3.1',
    })),
  },
  displaySetInstanceUID: 'ds-ct',
  origin,
  stored,
  acknowledged: new Set(),
  enqueued: [],
});

function grid(answer: Outcome<void> = accept(undefined)) {
  const told: string[] = [];
  const listeners = new Set<() => void>();
  const display: SideBySideDisplay = {
    open(left: PlacedRun, right: PlacedRun) {
      told.push(`open ${left.runId} ${right.runId}`);
      return answer;
    },
    close: () => void told.push('close'),
    onLeft: listener => void listeners.add(listener),
  };
  return { display, told, leave: () => listeners.forEach(listener => listener()) };
}

const opened = (sideBySide?: SideBySideDisplay) => {
  const { ports, drawn, told } = memoryPorts();
  const session = createSession(ports, { maturity: 'feedback', crossOriginIsolated: true });
  const sets = createResultSets(session, { sideBySide });
  const shown = () => [...drawn].filter(([, { visible }]) => visible).map(([id]) => id);
  return { session, sets, drawn, shown, told, get: () => session.state.get() };
};

describe('showing and hiding', () => {
  it('is of one result, and outlives what hides them all', async () => {
    const { session, sets, shown, get } = opened();
    await session.adopt(record('a'));
    await session.adopt(record('b', { modelVersion: '2.0.0' }));
    sets.toggleRun({ runId: 'a' });
    expect(shown()).toEqual(['b']);
    expect(get().runs.map(({ hidden }) => hidden)).toEqual([true, undefined]);
    session.facts.overlayVisible = false;
    session.showOverlays();
    expect(shown()).toEqual([]);
    session.facts.overlayVisible = true;
    session.showOverlays();
    expect(shown()).toEqual(['b']);
    sets.toggleRun({ runId: 'a' });
    expect(shown()).toEqual(['a', 'b']);
  });

  it('of one brings overlays back while all are hidden', async () => {
    const { session, sets, shown, get } = opened();
    await session.adopt(record('a'));
    session.facts.overlayVisible = false;
    session.showOverlays();
    sets.toggleRun({ runId: 'a' });
    expect(get().overlayVisible).toBe(true);
    expect(shown()).toEqual(['a']);
  });

  it('of what is not there is refused', () => {
    const { sets, get } = opened();
    sets.toggleRun({ runId: 'x' });
    expect(get().refusals.map(({ code }) => code)).toEqual(['unknownRun']);
  });
});

describe('results of one model', () => {
  const runIds = (session: ReturnType<typeof opened>['session']) => [...session.records.keys()];

  it('of several versions stay side by side', async () => {
    const { session } = opened();
    await session.adopt(record('v1'));
    await session.adopt(record('v2', { modelVersion: '2.0.0' }, 'run', 'no'));
    expect(runIds(session)).toEqual(['v1', 'v2']);
  });

  it('of the same version give way to a new run, unless someone judged them', async () => {
    const { session } = opened();
    await session.adopt(record('first', {}, 'run', 'no'));
    await session.adopt(record('second', {}, 'run', 'no'));
    expect(runIds(session)).toEqual(['second']);
    const [finding] = session.records.get('second')!.run.findings;
    const review = { verdict: 'accepted', reviewer: 'R', reviewedAt: '' } as const;
    session.reviews.set(finding.id, { findingId: finding.id, ...review });
    await session.adopt(record('third', {}, 'run', 'no'));
    expect(runIds(session)).toEqual(['second', 'third']);
  });

  it('with another operating point stay when they are stored', async () => {
    const point = (key: string) => ({ operatingPoint: { key, threshold: 0.5 } });
    const { session } = opened();
    await session.adopt(record('stored', point('a')));
    await session.adopt(record('tried', point('b'), 'run', 'no'));
    await session.adopt(record('again', point('c'), 'run', 'no'));
    expect(runIds(session)).toEqual(['stored', 'again']);
  });

  it("are not taken for another program's of that name", async () => {
    const { session } = opened();
    const theirs = record('theirs');
    theirs.run.foreign = { instances: [], algorithmType: 'automatic' };
    await session.adopt(theirs);
    await session.adopt(record('ours', {}, 'run', 'no'));
    expect(runIds(session)).toEqual(['theirs', 'ours']);
    const [run] = session.state.get().runs;
    expect(run.foreign?.algorithmType).toBe('automatic');
  });
});

describe('comparing', () => {
  it('tells pairs, and closes', async () => {
    const { session, sets, get } = opened();
    await session.adopt(record('a'));
    await session.adopt(record('b', { modelVersion: '2.0.0' }));
    const done = sets.compareRuns({ a: 'a', b: 'b' });
    expect(get().comparison?.status).toBe('comparing');
    await done;
    expect(get().comparison).toMatchObject({
      status: 'done',
      pairs: [
        { a: 'a/left-lung', b: 'b/left-lung', dice: 1 },
        { a: 'a/right-lung', b: 'b/right-lung', dice: 1 },
      ],
    });
    sets.closeComparison();
    expect(get().comparison).toBeUndefined();
  });

  it('with itself, or with nothing, is refused', async () => {
    const { session, sets, get } = opened();
    await session.adopt(record('a'));
    await sets.compareRuns({ a: 'a', b: 'a' });
    await sets.compareRuns({ a: 'a', b: 'x' });
    expect(get().refusals.map(({ code }) => code)).toEqual(['unknownRun', 'compareSame']);
    expect(get().comparison).toBeUndefined();
  });

  it('ends with a result that goes', async () => {
    const { session, sets, get } = opened();
    await session.adopt(record('a', {}, 'run', 'no'));
    await session.adopt(record('b', { modelVersion: '2.0.0' }));
    await sets.compareRuns({ a: 'a', b: 'b' });
    await session.adopt(record('again', {}, 'run', 'no'));
    expect(get().comparison).toBeUndefined();
  });
});

describe('side by side', () => {
  const compared = async (display: SideBySideDisplay) => {
    const page = opened(display);
    await page.session.adopt(record('a'));
    await page.session.adopt(record('b', { modelVersion: '2.0.0' }));
    await page.sets.compareRuns({ a: 'a', b: 'b' });
    return page;
  };

  it('is opened and ended by the same command, and ends with the comparison', async () => {
    const { display, told } = grid();
    const { sets, get } = await compared(display);
    sets.compareSideBySide();
    expect(get().comparison?.sideBySide).toBe(true);
    sets.compareSideBySide();
    expect(get().comparison?.sideBySide).toBe(false);
    sets.compareSideBySide();
    sets.closeComparison();
    expect(told).toEqual(['open a b', 'close', 'open a b', 'close']);
  });

  it('knows when the reader has chosen another layout, and leaves that alone', async () => {
    const { display, told, leave } = grid();
    const { sets, get } = await compared(display);
    sets.compareSideBySide();
    leave();
    expect(get().comparison?.sideBySide).toBe(false);
    sets.closeComparison();
    expect(told).toEqual(['open a b']);
  });

  it('says why it cannot be', async () => {
    const { display } = grid(refuse('layoutUnchangeable', 'No grid'));
    const { sets, get } = await compared(display);
    sets.compareSideBySide();
    expect(get().comparison?.sideBySide).toBe(false);
    expect(get().refusals[0].code).toBe('layoutUnchangeable');
  });
});

it('keeps in the list what could not be drawn, and says so', async () => {
  const { ports } = memoryPorts();
  const overlay = { ...ports.overlay, show: () => Promise.reject(new Error('no series')) };
  const session = createSession(
    { ...ports, overlay },
    { maturity: 'feedback', crossOriginIsolated: true },
  );
  expect(await session.adopt(record('a'))).toBe(true);
  expect(session.state.get().runs).toHaveLength(1);
  expect(session.state.get().refusals[0]).toMatchObject({
    code: 'overlayFailed',
    values: { detail: 'no series' },
  });
});
