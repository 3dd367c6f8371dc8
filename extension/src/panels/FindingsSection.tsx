import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { ReadingState } from '../core/reading/state';
import { useReading } from '../hooks/ReadingContext';
import { modelsByFit, runGroups, unreviewedCount } from '../stores/readingView';
import { ResultSet } from './ResultSet';
import { WithdrawnList } from './WithdrawnList';

/** Why there is nothing to show; key of `panel.empty.<reason>`. */
function emptyReason(state: ReadingState): string {
  if (state.studyInstanceUID === undefined) {
    return 'noStudy';
  }
  if (state.active || state.queued.length > 0) {
    return 'running';
  }
  if (state.models.length === 0) {
    return 'noModels';
  }
  return modelsByFit(state).fit.length === 0 ? 'noneApply' : 'notRun';
}

const rowsOf = (list: HTMLElement): HTMLElement[] =>
  Array.from(list.querySelectorAll<HTMLElement>('[data-finding-id]'));

/** The findings by the result they belong to; arrow keys go through all of them. */
export function FindingsSection() {
  const { state, texts } = useReading();
  const { t } = texts;
  const list = useRef<HTMLDivElement>(null);
  const [focusedId, setFocusedId] = useState<string>();
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const groups = runGroups(state);
  const all = state.findings.length;
  const { selectedFindingId } = state;
  const chosenIn = state.findings.find(({ id }) => id === selectedFindingId)?.runId;

  // Chosen by a hotkey or on a viewport, the finding may lie in a set that is folded up …
  const [lastChosen, setLastChosen] = useState(selectedFindingId);
  if (lastChosen !== selectedFindingId) {
    setLastChosen(selectedFindingId);
    if (chosenIn !== undefined && collapsed.has(chosenIn)) {
      setCollapsed(new Set([...collapsed].filter(runId => runId !== chosenIn)));
    }
  }
  // … or outside the part that is in view.
  useEffect(() => {
    const row = rowsOf(list.current ?? document.createElement('div')).find(
      element => element.dataset.findingId === selectedFindingId,
    );
    row?.scrollIntoView?.({ block: 'nearest' });
    setFocusedId(selectedFindingId);
  }, [selectedFindingId]);

  const toggle = (runId: string) => {
    const next = new Set(collapsed);
    if (!next.delete(runId)) next.add(runId);
    setCollapsed(next);
  };

  const moveFocus = (event: KeyboardEvent<HTMLDivElement>) => {
    const rows = rowsOf(event.currentTarget);
    const at = rows.findIndex(row => row.contains(event.target as Node));
    const to = {
      ArrowDown: Math.min(at + 1, rows.length - 1),
      ArrowUp: Math.max(at - 1, 0),
      Home: 0,
      End: rows.length - 1,
    }[event.key];
    if (at < 0 || to === undefined) {
      return;
    }
    event.preventDefault();
    // The host scrolls the stack by the arrow keys.
    event.stopPropagation();
    rows[to].focus();
  };

  const listed = state.findings.filter(({ runId }) => !collapsed.has(runId));
  const tabStop = listed.some(({ id }) => id === focusedId) ? focusedId : listed[0]?.id;
  const open = unreviewedCount(state);

  return (
    <div className="sr-section">
      <h2 className="sr-heading">
        <span>{t('panel.findings')}</span>
        {all > 0 && (
          <span className="sr-heading-count" data-cy="ai-unreviewed">
            {open > 0 ? t('panel.unreviewedOf', { open, all }) : t('panel.allReviewed')}
          </span>
        )}
      </h2>
      {groups.length === 0 ? (
        <p className="sr-empty" data-cy="ai-empty">
          {t(`panel.empty.${emptyReason(state)}`)}
        </p>
      ) : (
        <div
          ref={list}
          onKeyDown={moveFocus}
          onFocus={event => {
            const row = event.target.closest<HTMLElement>('[data-finding-id]');
            if (row) {
              setFocusedId(row.dataset.findingId);
            }
          }}
        >
          {groups.map(group => (
            <ResultSet
              key={group.run.runId}
              group={group}
              tabStop={tabStop}
              collapsed={collapsed.has(group.run.runId)}
              onToggle={() => toggle(group.run.runId)}
            />
          ))}
        </div>
      )}
      <WithdrawnList />
    </div>
  );
}
