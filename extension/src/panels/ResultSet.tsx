import { useId } from 'react';
import { Button } from '../components/Button';
import { FindingRow } from '../components/FindingRow';
import { Icon } from '../components/icons';
import { operatingPointText } from '../components/operatingPoints';
import type { Texts } from '../locales';
import { isByPerson, makerText, originatorText, setTitle } from '../locales/resultSets';
import { engineReason, engineText, originText } from '../components/verdicts';
import type { RunState, WithdrawalState } from '../core/reading/state';
import { useReading } from '../hooks/ReadingContext';
import { comparableRuns, type RunGroup } from '../stores/readingView';
import { CompareMenu } from './CompareMenu';
import { ResultMenu } from './ResultMenu';

interface ResultSetProps {
  group: RunGroup;
  /** The one finding of the whole list that the Tab key stops at. */
  tabStop: string | undefined;
  collapsed: boolean;
  onToggle(): void;
}

/** One result: who made it and of what, whether it is shown, and its findings. */
export function ResultSet({ group, tabStop, collapsed, onToggle }: ResultSetProps) {
  const { state, texts } = useReading();
  const { t } = texts;
  const { run, findings } = group;
  const bodyId = useId();
  const title = setTitle(run, texts);
  const others = comparableRuns(state, run);
  const open = findings.filter(({ verdict }) => verdict === 'notReviewed').length;

  return (
    <section
      className="sr-run"
      aria-label={title}
      data-run-id={run.runId}
      data-cy="ai-result-set"
      data-foreign={run.foreign !== undefined || undefined}
    >
      <div className="sr-run-head">
        <div className="sr-run-title">
          <span className="sr-run-name">{title}</span>
          <span className="sr-run-controls">
            <Eye run={run} title={title} />
            {others.length > 0 && <CompareMenu run={run} title={title} others={others} />}
            <ResultMenu run={run} title={title} findings={findings.length} />
            <Button
              look="icon"
              icon={collapsed ? 'chevron' : 'collapse'}
              iconSize={14}
              data-cy="ai-set-collapse"
              aria-expanded={!collapsed}
              aria-controls={bodyId}
              aria-label={t(collapsed ? 'panel.set.expand' : 'panel.set.collapse', { set: title })}
              title={t(collapsed ? 'panel.set.expandHint' : 'panel.set.collapseHint')}
              onClick={onToggle}
            />
          </span>
        </div>
        <Facts run={run} title={title} />
        {findings.length > 0 && (state.runs.length > 1 || collapsed) && (
          <span data-cy="ai-set-unreviewed">
            {open > 0
              ? t('panel.unreviewedOf', { open, all: findings.length })
              : t('panel.allReviewed')}
          </span>
        )}
      </div>
      <div id={bodyId} hidden={collapsed}>
        {findings.length === 0 ? (
          <p className="sr-empty" data-cy="ai-nothing-found">
            {t(run.foreign ? 'panel.empty.noForeignFindings' : 'panel.empty.noFindings')}
          </p>
        ) : (
          !collapsed && (
            <div role="grid" aria-label={`${t('panel.findings')}: ${title}`}>
              {findings.map(finding => (
                <FindingRow
                  key={finding.id}
                  finding={finding}
                  run={run}
                  tabbable={finding.id === tabStop}
                />
              ))}
            </div>
          )
        )}
      </div>
    </section>
  );
}

/** A withdrawal that the archive has not acknowledged; why it will not, if that is so. */
const withdrawalText = ({ state, error }: WithdrawalState, texts: Texts): string => {
  if (state === 'pending') return texts.t('withdraw.pending');
  const said = texts.t('withdraw.failed');
  return error ? `${said}: ${texts.refusal(error)}` : said;
};

/** Shows and hides this result on the viewports. */
function Eye({ run, title }: { run: RunState; title: string }) {
  const { state, run: command, texts } = useReading();
  const { t } = texts;
  const isShown = state.overlayVisible && !run.hidden;
  return (
    <Button
      look="icon"
      icon={isShown ? 'shown' : 'hidden'}
      iconSize={15}
      data-cy="ai-set-toggle"
      aria-pressed={isShown}
      aria-label={t('panel.set.show', { set: title })}
      title={t(isShown ? 'panel.set.hideHint' : 'panel.set.showHint')}
      onClick={() => command('toggleRun', { runId: run.runId })}
    />
  );
}

/** Who made it, of which series, how, and where it comes from. */
function Facts({ run, title }: { run: RunState; title: string }) {
  const { state, texts } = useReading();
  const series = state.displaySetDescriptions?.[run.displaySetInstanceUID];
  const point = operatingPointText(run, state.models, texts);
  const reason = engineReason(run.engine, texts);
  const originator = originatorText(run, texts);
  const maker = makerText(run, texts);
  const described = run.foreign?.seriesDescription;
  const made = run.origin === 'run' ? undefined : texts.dateTime(run.madeAt);

  return (
    <>
      {originator && (
        <span className="sr-originator" data-cy="ai-originator">
          <Icon name={isByPerson(run) ? 'person' : 'program'} size={13} />
          <span>{originator}</span>
        </span>
      )}
      {maker && <span data-cy="ai-maker">{maker}</span>}
      <span>{[described !== title && described, series].filter(Boolean).join(' · ')}</span>
      {point && <span data-cy="ai-operating-point">{point}</span>}
      {!run.foreign && (
        <span data-cy="ai-engine" data-engine={run.engine?.engine} title={run.engine?.detail}>
          {engineText(run.engine, texts)}
          {reason && <span>{`: ${reason}`}</span>}
        </span>
      )}
      <span data-cy="ai-origin" data-origin={run.origin}>
        {[originText(run, texts), made].filter(Boolean).join(', ')}
      </span>
      {run.withdrawal && (
        <span className="sr-withdrawal" data-cy="ai-withdrawal" data-state={run.withdrawal.state}>
          {withdrawalText(run.withdrawal, texts)}
        </span>
      )}
    </>
  );
}
