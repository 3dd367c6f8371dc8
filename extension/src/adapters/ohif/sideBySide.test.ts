import type { GridState, HostViewport } from '../../types/host';
import type { Host } from '../host';
import { createSideBySide } from './sideBySide';

/** A grid as the host's service keeps it: its viewports are changed in place, as the host's are. */
function page(ids: string[], layout = { numRows: 1, numCols: ids.length }) {
  const viewport = (viewportId: string, index: number): HostViewport => ({
    viewportId,
    displaySetInstanceUIDs: ['ct'],
    displaySetOptions: [{ id: 'first' }, { id: 'second' }],
    viewportOptions: { viewportId, viewportType: 'volume' },
    positionId: `${index}-0`,
  });
  let state: GridState = {
    viewports: new Map(ids.map((id, index) => [id, viewport(id, index)])),
    activeViewportId: ids[0],
    layout,
    isHangingProtocolLayout: true,
  };
  const listeners = new Set<(data: unknown) => void>();
  const exits = new Set<() => void>();
  const service = {
    EVENTS: { GRID_STATE_CHANGED: 'changed' },
    subscribe: (_event: string, listener: (data: unknown) => void) => {
      listeners.add(listener);
      return { unsubscribe: () => void listeners.delete(listener) };
    },
    getState: () => state,
    getLayoutOptionsFromState: () => [],
    setLayout(wanted: {
      numRows: number;
      numCols: number;
      activeViewportId?: string;
      isHangingProtocolLayout?: boolean;
      findOrCreateViewport(position: number, positionId: string): HostViewport | undefined;
    }) {
      const { numRows, numCols, activeViewportId, isHangingProtocolLayout } = wanted;
      const viewports = new Map<string, HostViewport>();
      for (let position = 0; position < numRows * numCols; position++) {
        const positionId = `${position % numCols}-${Math.floor(position / numCols)}`;
        const found = wanted.findOrCreateViewport(position, positionId);
        if (found) viewports.set(found.viewportId, Object.assign(found, { positionId }));
      }
      state = {
        viewports,
        activeViewportId: activeViewportId ?? null,
        layout: { numRows, numCols },
        isHangingProtocolLayout,
      };
      listeners.forEach(listener => listener({}));
    },
  };
  const host = {
    onModeExit: (listener: () => void) => exits.add(listener),
    managers: {
      servicesManager: {
        services: {
          viewportGridService: service,
          cornerstoneViewportService: {
            getCornerstoneViewport: () => ({ getCurrentImageIdIndex: () => 7 }),
          },
        },
      },
    },
  } as unknown as Host;
  return {
    sideBySide: createSideBySide(host),
    ids: () => [...state.viewports.keys()],
    state: () => state,
    choose: (viewportId: string) =>
      service.setLayout({
        ...{ numRows: 1, numCols: 1 },
        findOrCreateViewport: () => viewport(viewportId, 0),
      }),
    exit: () => exits.forEach(leave => leave()),
  };
}
const [a, b] = ['a', 'b'].map(runId => ({ runId, displaySetInstanceUID: 'ct' }));

it('gives each result a stack of its own, where the reader was, linked in scrolling', () => {
  const { sideBySide, state, ids } = page(['one']);
  expect(sideBySide.open(a, b).ok).toBe(true);
  const [left, right] = ids();
  expect(state().layout).toEqual({ numRows: 1, numCols: 2 });
  const groups = [...state().viewports.values()].map(({ viewportOptions }) => viewportOptions);
  for (const options of groups) {
    expect(options).toMatchObject({
      viewportType: 'stack',
      initialImageOptions: { index: 7 },
      syncGroups: [{ type: 'imageSlice', source: true, target: true }],
    });
  }
  const { scope } = sideBySide;
  expect([scope.allows(left, 'a'), scope.allows(left, 'b')]).toEqual([true, false]);
  expect([scope.only(right), scope.only('one')]).toEqual(['b', undefined]);
  expect(scope.allows('one', 'b')).toBe(true);
});

it('brings the layout of before back', () => {
  const { sideBySide, state, ids } = page(['one', 'two', 'three', 'four'], {
    numRows: 2,
    numCols: 2,
  });
  const before = [...state().viewports.values()].map(({ viewportOptions }) => viewportOptions);
  sideBySide.open(a, b);
  sideBySide.close();
  expect(ids()).toEqual(['one', 'two', 'three', 'four']);
  expect(state()).toMatchObject({
    layout: { numRows: 2, numCols: 2 },
    activeViewportId: 'one',
    isHangingProtocolLayout: true,
  });
  expect([...state().viewports.values()].map(({ viewportOptions }) => viewportOptions)).toEqual(
    before,
  );
  expect(sideBySide.scope.allows('second-reader-left', 'b')).toBe(true);
});

it('leaves a layout that the reader has chosen meanwhile, and tells of it', () => {
  const { sideBySide, ids, choose } = page(['one']);
  let left = 0;
  sideBySide.onLeft(() => (left += 1));
  sideBySide.open(a, b);
  choose('another');
  expect(left).toBe(1);
  sideBySide.close();
  expect(ids()).toEqual(['another']);
});

it('forgets it when the mode is left, and refuses where there is no grid', () => {
  const { sideBySide, ids, exit } = page(['one']);
  sideBySide.open(a, b);
  exit();
  sideBySide.close();
  expect(ids()).toEqual(['second-reader-left', 'second-reader-right']);
  const refused = page([]).sideBySide.open(a, b);
  expect(refused).toMatchObject({ ok: false, refusal: { code: 'layoutUnchangeable' } });
});
