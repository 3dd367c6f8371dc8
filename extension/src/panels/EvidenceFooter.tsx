import { Button } from '../components/Button';
import { Icon } from '../components/icons';
import { Tip } from '../components/Tip';
import { useReading } from '../hooks/ReadingContext';
import {
  outboxView,
  STORED_STATE,
  storeBlocked,
  storedSummary,
  type OutboxView,
  type StoredSummary,
} from '../stores/readingView';
import { HOTKEYS } from '../toolbar/hotkeys';
import type { Texts } from '../locales';

const because = (text: string, error: OutboxView['lastError'], texts: Texts) =>
  error ? `${text}: ${texts.refusal(error)}` : text;

function storedText(summary: StoredSummary, texts: Texts): string {
  const { t } = texts;
  switch (summary.kind) {
    case 'pending':
      return because(t('panel.stored.pending', { count: summary.count }), summary.error, texts);
    case 'failed':
      return because(t('panel.stored.failed'), summary.error, texts);
    case 'warned':
      return t('panel.stored.warned', { warning: texts.archiveReason(summary.warning) });
    default:
      return t(`panel.stored.${summary.kind}`);
  }
}

/** What the site's maturity allows to be stored, what is stored, and the button that stores. */
export function EvidenceFooter() {
  const { state, run, texts } = useReading();
  const { t } = texts;
  if (state.studyInstanceUID === undefined) {
    return null;
  }
  const summary = storedSummary(state);
  const blocked = storeBlocked(summary);
  const outbox = outboxView(state, summary);

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
            look={blocked || summary.kind === 'pending' ? 'quiet' : 'solid'}
            data-cy="ai-store"
            blocked={blocked !== undefined}
            onClick={() => run('storeEvidence')}
          >
            {t(summary.kind === 'failed' ? 'panel.store.again' : 'panel.store.label')}
          </Button>
        </Tip>
        <span
          className="sr-stored"
          role="status"
          data-cy="ai-stored"
          data-state={STORED_STATE[summary.kind]}
        >
          <Icon name={STORED_STATE[summary.kind] === 'stored' ? 'accept' : 'archive'} size={14} />
          {storedText(summary, texts)}
        </span>
      </div>
      {outbox && <Outbox outbox={outbox} />}
    </footer>
  );
}

/** What this workstation still has to send, when it tries again, and the way to try now. */
function Outbox({ outbox }: { outbox: OutboxView }) {
  const { run, texts } = useReading();
  const { t } = texts;
  const { count, what, sending, nextAttemptAt, lastError } = outbox;
  const waiting = {
    here: undefined,
    elsewhere: because(t('panel.waitingElsewhere', { count }), lastError, texts),
    withdrawal: t('withdraw.waiting'),
  }[what];
  const next = sending
    ? t('panel.outbox.sending')
    : nextAttemptAt
      ? t('panel.outbox.next', { time: texts.time(nextAttemptAt) })
      : t('panel.outbox.held');

  return (
    <div
      className="sr-outbox"
      data-cy="ai-outbox"
      data-count={count}
      data-sending={sending || undefined}
    >
      <span className="sr-quiet">
        {[waiting?.replace(/\.$/, ''), next].filter(Boolean).join('. ')}
      </span>
      <Button
        look="link"
        data-cy="ai-outbox-retry"
        title={t('panel.outbox.hint')}
        blocked={sending}
        onClick={() => run('retryOutbox')}
      >
        {t('panel.outbox.retry')}
      </Button>
    </div>
  );
}
