import { accept, refuse } from '../../core/outcome';
import type { PlacedRun, SideBySideDisplay } from '../../core/reading/ports';
import type { GridState, HostViewport } from '../../types/host';
import type { Host } from '../host';
import { viewportOf, viewportsShowing } from './navigation';

/** Which results a viewport may show: all, unless it was opened for one of them. */
export interface ViewportScope {
  allows(viewportId: string, runId: string): boolean;
  /** The one result that a viewport was opened for. */
  only(viewportId: string): string | undefined;
}
export const EVERYWHERE: ViewportScope = { allows: () => true, only: () => undefined };

const LEFT = 'second-reader-left';
const RIGHT = 'second-reader-right';
/** The tool group of stacks, which every mode of the host and ours has. */
const TOOL_GROUP = 'default';

/** What a layout is made again from: copies, because the host changes its viewports in place. */
const copyOf = (state: GridState): GridState => ({
  ...state,
  viewports: new Map(
    [...state.viewports].map(([id, viewport]) => [
      id,
      { ...viewport, viewportOptions: { ...viewport.viewportOptions } },
    ]),
  ),
});

/**
 * Two results beside one another: the host's grid is given two viewports of the images, linked in
 * scrolling by the host's own synchronizer, each for one result. The layout of before is put back
 * as the host itself does it after “one up”.
 */
export function createSideBySide(host: Host): SideBySideDisplay & { scope: ViewportScope } {
  const { viewportGridService } = host.managers.servicesManager.services;
  let before: GridState | undefined;
  let runs = new Map<string, string>();
  /** Our viewports were seen in the grid; until then their absence says nothing. */
  let hasArrived = false;
  const leaving = new Set<() => void>();

  const forget = () => {
    before = undefined;
    runs = new Map();
    hasArrived = false;
  };
  const isThere = () => {
    const { viewports } = viewportGridService.getState();
    return viewports.has(LEFT) && viewports.has(RIGHT);
  };
  viewportGridService.subscribe(viewportGridService.EVENTS.GRID_STATE_CHANGED, () => {
    if (!before) return;
    if (isThere()) hasArrived = true;
    else if (hasArrived) {
      forget();
      leaving.forEach(tell => tell());
    }
  });
  host.onModeExit(forget);

  /** A stack of the images where the reader is now, as the viewport that shows them has it. */
  const viewportFor = (id: string, { displaySetInstanceUID }: PlacedRun): HostViewport => {
    const [shownIn] = viewportsShowing(host, displaySetInstanceUID);
    const { viewports } = viewportGridService.getState();
    const like = shownIn === undefined ? undefined : viewports.get(shownIn);
    const index = shownIn && viewportOf(host, shownIn)?.getCurrentImageIdIndex?.();
    return {
      viewportId: id,
      displaySetInstanceUIDs: [displaySetInstanceUID],
      displaySetOptions: like?.displaySetOptions?.slice(0, 1) ?? [{}],
      viewportOptions: {
        viewportId: id,
        viewportType: 'stack',
        toolGroupId: TOOL_GROUP,
        allowUnmatchedView: true,
        syncGroups: [{ type: 'imageSlice', id: 'second-reader', source: true, target: true }],
        ...(typeof index === 'number' && { initialImageOptions: { index } }),
      },
    };
  };

  return {
    scope: {
      allows: (viewportId, runId) => {
        const only = runs.get(viewportId);
        return only === undefined || only === runId;
      },
      only: viewportId => runs.get(viewportId),
    },
    open(left, right) {
      const state = viewportGridService.getState();
      if (!viewportGridService.setLayout || state.viewports.size === 0) {
        return refuse('layoutUnchangeable', 'The viewer has no grid of viewports to lay out now');
      }
      const made = [viewportFor(LEFT, left), viewportFor(RIGHT, right)];
      before = copyOf(state);
      hasArrived = false;
      runs = new Map([
        [LEFT, left.runId],
        [RIGHT, right.runId],
      ]);
      void viewportGridService.setLayout({
        numRows: 1,
        numCols: 2,
        activeViewportId: LEFT,
        findOrCreateViewport: position => made[position],
        isHangingProtocolLayout: false,
      });
      return accept(undefined);
    },
    close() {
      const saved = before;
      const wasThere = isThere();
      forget();
      if (!saved || !wasThere) return;
      const viewports = [...saved.viewports.values()];
      void viewportGridService.setLayout?.({
        numRows: saved.layout?.numRows ?? 1,
        numCols: saved.layout?.numCols ?? 1,
        layoutOptions: viewportGridService.getLayoutOptionsFromState?.(saved),
        activeViewportId: saved.activeViewportId ?? undefined,
        findOrCreateViewport: (position, positionId) =>
          viewports.find(viewport => viewport.positionId === positionId) ?? viewports[position],
        isHangingProtocolLayout: saved.isHangingProtocolLayout,
      });
    },
    onLeft: listener => void leaving.add(listener),
  };
}
