import { useEffect, useRef } from 'react';
import { Button } from '../components/Button';
import { agreementText, sideText, volumeDifference } from '../components/comparison';
import { setTitle } from '../locales/resultSets';
import { findingName } from '../components/verdicts';
import type { FindingPair } from '../core/compare/compareRuns';
import type { FindingState } from '../core/reading/state';
import { useReading } from '../hooks/ReadingContext';
import { verdictAgreement } from '../stores/readingView';

/** Two results laid on one another: what both found and how well they agree, what only one did. */
export function ComparisonSection() {
  const { state, run, texts } = useReading();
  const { t } = texts;
  const { comparison } = state;
  const section = useRef<HTMLElement>(null);
  const pairOf = comparison && `${comparison.a} ${comparison.b}`;

  useEffect(() => {
    if (pairOf) section.current?.scrollIntoView?.({ block: 'nearest' });
  }, [pairOf]);

  const [a, b] = [comparison?.a, comparison?.b].map(id => state.runs.find(r => r.runId === id));
  if (!comparison || !a || !b) {
    return null;
  }
  const found = new Map(state.findings.map(finding => [finding.id, finding]));

  return (
    <section
      ref={section}
      className="sr-section"
      aria-label={t('compare.title')}
      data-cy="ai-comparison"
      data-status={comparison.status}
    >
      <h2 className="sr-heading">
        <span>{t('compare.title')}</span>
        <Button
          look="icon"
          icon="dismiss"
          iconSize={14}
          data-cy="ai-compare-close"
          aria-label={t('compare.close')}
          title={t('compare.close')}
          onClick={() => run('closeComparison')}
        />
      </h2>
      <div className="sr-compare-head">
        <div className="sr-compare-sets">
          <span>
            <b>A</b> {setTitle(a, texts)}
          </span>
          <span>
            <b>B</b> {setTitle(b, texts)}
          </span>
        </div>
        <Button
          data-cy="ai-side-by-side"
          icon="compare"
          iconSize={14}
          aria-pressed={comparison.sideBySide}
          onClick={() => run('compareSideBySide')}
        >
          {t('compare.sideBySide')}
        </Button>
      </div>
      {comparison.refusals.map(refusal => (
        <p key={refusal.code} className="sr-quiet sr-padded" data-cy="ai-compare-refusal">
          {texts.refusal(refusal)}
        </p>
      ))}
      {comparison.status === 'comparing' ? (
        <p className="sr-empty" role="status">
          {t('compare.comparing')}
        </p>
      ) : comparison.pairs.length === 0 ? (
        <p className="sr-empty">{t('compare.nothing')}</p>
      ) : (
        <table className="sr-compare">
          <caption className="sr-sr-only">{t('compare.title')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('compare.finding')}</th>
              <th scope="col">A</th>
              <th scope="col">B</th>
              <th scope="col">{t('compare.agreement')}</th>
            </tr>
          </thead>
          <tbody>
            {comparison.pairs.map(pair => (
              <Pair
                key={`${pair.a ?? ''} ${pair.b ?? ''}`}
                pair={pair}
                a={pair.a === undefined ? undefined : found.get(pair.a)}
                b={pair.b === undefined ? undefined : found.get(pair.b)}
              />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

interface PairProps {
  pair: FindingPair;
  a: FindingState | undefined;
  b: FindingState | undefined;
}

function Pair({ pair, a, b }: PairProps) {
  const { run, texts } = useReading();
  const { t } = texts;
  const shown = a ?? b;
  if (!shown) {
    return null;
  }
  const names = [...new Set([a, b].flatMap(each => (each ? [findingName(each, texts)] : [])))];
  const select = () => run('selectFinding', { findingId: shown.id });
  const difference = volumeDifference(pair, texts);

  return (
    <tr
      data-cy="ai-compare-pair"
      data-kind={pair.kind}
      data-found-by={a && b ? 'both' : a ? 'a' : 'b'}
      data-dice={pair.dice?.toFixed(4)}
      data-selected={a?.selected || b?.selected || undefined}
      onClick={select}
    >
      <th scope="row">
        {/* The click of the button is the row's. */}
        <Button look="link" className="sr-compare-name">
          {names.join(' / ')}
        </Button>
        {a && b && (
          <span className="sr-quiet">{t(`compare.verdicts.${verdictAgreement(a, b)}`)}</span>
        )}
      </th>
      <td className="sr-number">{a ? sideText(a, pair.volume?.a, texts) : '–'}</td>
      <td className="sr-number">{b ? sideText(b, pair.volume?.b, texts) : '–'}</td>
      <td className="sr-number">
        {a && b ? agreementText(pair, a, b, texts) : t(a ? 'compare.onlyA' : 'compare.onlyB')}
        {difference && <span className="sr-quiet">{difference}</span>}
      </td>
    </tr>
  );
}
