import { compareRuns, type RunComparison } from '../compare/compareRuns';
import { refusal } from '../outcome';
import type { SideBySideDisplay } from './ports';
import type { Session } from './session';

/** Several results of one study: what is shown of them, and two laid on one another. */
export interface ResultSets {
  /** Shows or hides one result; showing one while all are hidden shows overlays again. */
  toggleRun(request: { runId: string }): void;
  /** Lays two results on one another, in the state's `comparison`. */
  compareRuns(request: { a: string; b: string }): Promise<void>;
  closeComparison(): void;
  /** Puts the compared results beside one another in the viewer's grid, or ends that. */
  compareSideBySide(): void;
}

/** Lets the page breathe between chunks of voxels. */
const pause = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 0));

const withPauses = async (
  steps: Generator<void, RunComparison>,
  stale: () => boolean,
): Promise<RunComparison | undefined> => {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await pause();
    if (stale()) return undefined;
  }
};

export const createResultSets = (
  session: Session,
  { sideBySide }: { sideBySide?: SideBySideDisplay },
): ResultSets => {
  const { facts, records, show, update } = session;

  const known = (runId: string): boolean => {
    if (records.has(runId)) return true;
    show(refusal('unknownRun', `No result of the open study has the id "${runId}"`, { runId }));
    return false;
  };
  /** The viewer shows two results beside one another, by us. */
  let isOpen = false;
  const endSideBySide = () => {
    const { comparison } = facts;
    if (comparison?.sideBySide) update({ comparison: { ...comparison, sideBySide: false } });
  };
  sideBySide?.onLeft(() => {
    isOpen = false;
    endSideBySide();
  });
  // Whatever ends a comparison (a result that goes, another study) ends its layout with it.
  session.state.subscribe(({ comparison }) => {
    if (!isOpen || comparison?.sideBySide) return;
    isOpen = false;
    sideBySide?.close();
  });

  return {
    toggleRun({ runId }) {
      if (!known(runId)) return;
      const hiddenRuns = new Set(facts.hiddenRuns);
      const isShown = facts.overlayVisible && !hiddenRuns.has(runId);
      if (isShown) hiddenRuns.add(runId);
      else hiddenRuns.delete(runId);
      Object.assign(facts, { hiddenRuns, overlayVisible: true });
      session.showOverlays();
      update();
    },
    async compareRuns({ a, b }) {
      if (!known(a) || !known(b)) return;
      if (a === b) {
        return show(
          refusal('compareSame', 'A result was to be compared with itself; choose another'),
        );
      }
      const comparison = {
        ...{ a, b, pairs: [], refusals: [] },
        status: 'comparing' as const,
        sideBySide: false,
      };
      update({ comparison });
      const steps = compareRuns(records.get(a)!.run, records.get(b)!.run);
      const stale = () => facts.comparison !== comparison;
      const found = await withPauses(steps, stale);
      if (found && !stale()) update({ comparison: { ...comparison, ...found, status: 'done' } });
    },
    closeComparison: () => update({ comparison: undefined }),
    compareSideBySide() {
      const { comparison } = facts;
      if (!comparison || !sideBySide) return;
      if (comparison.sideBySide) return endSideBySide();
      const [left, right] = [records.get(comparison.a), records.get(comparison.b)];
      if (!left || !right) return;
      const placed = ({ run, displaySetInstanceUID }: typeof left) => ({
        runId: run.runId,
        displaySetInstanceUID,
      });
      const opened = sideBySide.open(placed(left), placed(right));
      if (!opened.ok) return show(opened.refusal);
      isOpen = true;
      update({ comparison: { ...comparison, sideBySide: true } });
    },
  };
};
