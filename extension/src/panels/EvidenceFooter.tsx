import { Button } from '../components/Button';
import { Icon } from '../components/icons';
import { Tip } from '../components/Tip';
import { useReading } from '../hooks/ReadingContext';
import {
  STORED_STATE,
  storeBlocked,
  storedSummary,
  waitingElsewhere,
  type StoredSummary,
} from '../stores/readingView';
import { HOTKEYS } from '../toolbar/hotkeys';
import type { Texts } from '../locales';

function storedText(summary: StoredSummary, texts: Texts): string {
  const { t } = texts;
  const because = (text: string, error?: Parameters<Texts['refusal']>[0]) =>
    error ? `${text}: ${texts.refusal(error)}` : text;
  switch (summary.kind) {
    case 'pending':
      return because(t('panel.stored.pending', { count: summary.count }), summary.error);
    case 'failed':
      return because(t('panel.stored.failed'), summary.error);
    default:
      return t(`panel.stored.${summary.kind}`);
  }
}

const STORE_LABELS: Partial<Record<StoredSummary['kind'], string>> = {
  failed: 'panel.store.again',
  pending: 'panel.store.now',
};

/** What the site's maturity allows to be stored, what is stored, and the button that stores. */
export function EvidenceFooter() {
  const { state, run, texts } = useReading();
  const { t } = texts;
  if (state.studyInstanceUID === undefined) {
    return null;
  }
  const summary = storedSummary(state);
  const blocked = storeBlocked(summary);
  const elsewhere = waitingElsewhere(state, summary);

  return (
    <footer className="sr-footer" aria-label={t('panel.evidence')}>
      <p className="sr-quiet" data-cy="ai-maturity" data-maturity={state.maturity}>
        {t(`panel.maturity.${state.maturity}`)}
      </p>
      <div className="sr-store">
        {/* First, so that a long reason flows around it. */}
        <Tip
          label={t(blocked ? `panel.store.${blocked}` : 'panel.store.hint')}
          hotkey={blocked ? undefined : HOTKEYS.store}
          side="top"
        >
          <Button
            look={blocked ? 'quiet' : 'solid'}
            data-cy="ai-store"
            blocked={blocked !== undefined}
            onClick={() => run('storeEvidence')}
          >
            {t(STORE_LABELS[summary.kind] ?? 'panel.store.label')}
          </Button>
        </Tip>
        <span
          className="sr-stored"
          role="status"
          data-cy="ai-stored"
          data-state={STORED_STATE[summary.kind]}
        >
          <Icon name={summary.kind === 'stored' ? 'accept' : 'archive'} size={14} />
          {storedText(summary, texts)}
        </span>
      </div>
      {elsewhere > 0 && (
        <p className="sr-quiet">{t('panel.waitingElsewhere', { count: elsewhere })}</p>
      )}
    </footer>
  );
}
