import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { FindingRow } from '../components/FindingRow';
import { operatingPointText } from '../components/operatingPoints';
import { engineReason, engineText, originText } from '../components/verdicts';
import type { ReadingState } from '../core/reading/state';
import { useReading } from '../hooks/ReadingContext';
import { modelsByFit, runGroups, unreviewedCount, type RunGroup } from '../stores/readingView';

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

/** The findings by the run that made them; arrow keys go through all of them. */
export function FindingsSection() {
  const { state, texts } = useReading();
  const { t } = texts;
  const list = useRef<HTMLDivElement>(null);
  const [focusedId, setFocusedId] = useState<string>();
  const groups = runGroups(state);
  const all = state.findings.length;
  const { selectedFindingId } = state;

  // Chosen by a hotkey or on a viewport, the finding may lie outside the part that is in view.
  useEffect(() => {
    const row = rowsOf(list.current ?? document.createElement('div')).find(
      element => element.dataset.findingId === selectedFindingId,
    );
    row?.scrollIntoView?.({ block: 'nearest' });
    setFocusedId(selectedFindingId);
  }, [selectedFindingId]);

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

  const tabStop = state.findings.some(({ id }) => id === focusedId)
    ? focusedId
    : state.findings[0]?.id;
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
          role="grid"
          aria-label={t('panel.findings')}
          onKeyDown={moveFocus}
          onFocus={event => {
            const row = event.target.closest<HTMLElement>('[data-finding-id]');
            if (row) {
              setFocusedId(row.dataset.findingId);
            }
          }}
        >
          {groups.map(group => (
            <Run key={group.run.runId} group={group} tabStop={tabStop} />
          ))}
        </div>
      )}
    </div>
  );
}

function Run({ group, tabStop }: { group: RunGroup; tabStop: string | undefined }) {
  const { state, texts } = useReading();
  const { run, findings } = group;
  const title = `${texts.own(run.modelName)} ${run.modelVersion}`;
  const reason = engineReason(run.engine, texts);
  const point = operatingPointText(run, state.models, texts);
  const series = state.displaySetDescriptions?.[run.displaySetInstanceUID];

  return (
    <div className="sr-run" role="rowgroup" aria-label={title} data-run-id={run.runId}>
      <div className="sr-run-head" role="presentation">
        <span className="sr-run-name">{title}</span>
        {series && <span>{series}</span>}
        {point && <span data-cy="ai-operating-point">{point}</span>}
        <span data-cy="ai-engine" data-engine={run.engine?.engine} title={run.engine?.detail}>
          {engineText(run.engine, texts)}
          {reason && <span>{`: ${reason}`}</span>}
        </span>
        <span data-cy="ai-origin" data-origin={run.origin}>
          {originText(run, texts)}
        </span>
      </div>
      {findings.length === 0 && (
        <p className="sr-empty" data-cy="ai-nothing-found">
          {texts.t('panel.empty.noFindings')}
        </p>
      )}
      {findings.map(finding => (
        <FindingRow
          key={finding.id}
          finding={finding}
          run={run}
          tabbable={finding.id === tabStop}
        />
      ))}
    </div>
  );
}
