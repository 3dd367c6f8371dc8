import { useState, type KeyboardEvent } from 'react';
import { heatGradient } from '../core/findings/heatColours';
import type { FindingState, RunState } from '../core/reading/state';
import { useReading } from '../hooks/ReadingContext';
import { Button } from './Button';
import { RejectMenu } from './RejectMenu';
import { Icon, type IconName } from './icons';
import { findingColour } from './findingColour';
import { MapLegend } from './MapLegend';
import { evaluationsOf, measuresOf, remarksOf } from './measures';
import { originatorText, setTitle } from '../locales/resultSets';
import { engineText, findingName, reviewedBy, verdictText } from './verdicts';

const VERDICT_ICONS: Record<FindingState['verdict'], IconName> = {
  notReviewed: 'open',
  accepted: 'accept',
  rejected: 'reject',
};

interface FindingRowProps {
  finding: FindingState;
  run: RunState;
  /** The one row of the list that the Tab key stops at. */
  tabbable: boolean;
}

/** One finding: what it is, how large, who found it, what the radiologist said of it. */
export function FindingRow({ finding, run: made, tabbable }: FindingRowProps) {
  const { run, texts } = useReading();
  const { t } = texts;
  const [rejecting, setRejecting] = useState(false);
  const name = findingName(finding, texts);
  const select = () => run('selectFinding', { findingId: finding.id });
  const tabIndex = tabbable ? 0 : -1;

  const selectByKey = (event: KeyboardEvent) => {
    if (event.target === event.currentTarget && (event.key === 'Enter' || event.key === ' ')) {
      event.preventDefault();
      event.stopPropagation();
      select();
    }
  };

  return (
    <div
      className="sr-finding"
      role="row"
      tabIndex={tabIndex}
      aria-selected={finding.selected}
      data-cy="ai-finding"
      data-finding-id={finding.id}
      data-verdict={finding.verdict}
      data-kind={finding.kind}
      data-model-id={finding.modelId}
      onClick={select}
      onKeyDown={selectByKey}
    >
      <span
        className="sr-swatch"
        role="presentation"
        style={
          finding.kind === 'map'
            ? { background: heatGradient() }
            : { backgroundColor: findingColour(finding) }
        }
      />
      <div className="sr-finding-body" role="gridcell">
        <span className="sr-finding-name">{name}</span>
        <span className="sr-measurements">
          {measuresOf(finding, texts).map(({ key, name: measure, value }) => (
            <span key={key} data-measurement={key}>
              {measure && <span className="sr-quiet">{measure} </span>}
              <span className="sr-number">{value}</span>
            </span>
          ))}
          {evaluationsOf(finding).map(({ key, name: concept, value }) => (
            <span key={key} className="sr-evaluation" data-cy="ai-evaluation">
              <span className="sr-quiet">{concept} </span>
              {value}
            </span>
          ))}
        </span>
        {finding.kind === 'map' && finding.range && <MapLegend range={finding.range} />}
        {remarksOf(finding).map(text => (
          <span key={text} className="sr-remark">
            {t('panel.quoted', { text })}
          </span>
        ))}
        <span className="sr-verdict" title={reviewedBy(finding, texts)}>
          <Icon name={VERDICT_ICONS[finding.verdict]} size={13} />
          <span data-cy="ai-verdict">{verdictText(finding, texts)}</span>
        </span>
        <span className="sr-quiet">
          {[
            setTitle(made, texts),
            originatorText(made, texts) ?? engineText(made.engine, texts),
          ].join(' · ')}
        </span>
      </div>
      {/* A click on a verdict is not a click on the row: the radiologist stays where they look. */}
      <div
        className="sr-finding-actions"
        role="gridcell"
        onClick={event => event.stopPropagation()}
      >
        <Button
          look="icon"
          icon="accept"
          className="sr-accept"
          data-cy="ai-finding-accept"
          tabIndex={tabIndex}
          aria-label={t('toolbar.acceptNamed', { finding: name })}
          title={t('toolbar.accept')}
          aria-pressed={finding.verdict === 'accepted'}
          onClick={() =>
            run('reviewFinding', {
              findingId: finding.id,
              verdict: finding.verdict === 'accepted' ? 'notReviewed' : 'accepted',
            })
          }
        />
        <RejectMenu
          dataCy="ai-finding-reject"
          findingName={name}
          current={finding.reason}
          align="end"
          open={rejecting}
          onOpenChange={setRejecting}
          onReason={reason =>
            run('reviewFinding', { findingId: finding.id, verdict: 'rejected', reason })
          }
        >
          <Button
            look="icon"
            icon="reject"
            className="sr-reject"
            data-cy="ai-finding-reject"
            data-pressed={finding.verdict === 'rejected' || undefined}
            tabIndex={tabIndex}
            aria-label={t('toolbar.rejectNamed', { finding: name })}
            title={t('toolbar.reject')}
          />
        </RejectMenu>
      </div>
    </div>
  );
}
