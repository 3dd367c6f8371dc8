import * as Dialog from '@radix-ui/react-dialog';
import { useRef, useState } from 'react';
import { Button } from '../components/Button';
import { Tip } from '../components/Tip';
import type { RunState } from '../core/reading/state';
import type { WithdrawalReason } from '../core/review/withdrawal';
import { useReading } from '../hooks/ReadingContext';

/** What a reader can know. That a retention period has ended is the archive's own business. */
const OFFERED: readonly WithdrawalReason[] = ['quality', 'patientSafety', 'incorrectWorklistEntry'];

interface WithdrawDialogProps {
  run: RunState;
  title: string;
  findings: number;
  open: boolean;
  onOpenChange(open: boolean): void;
  /** Where the focus goes when the dialog closes, and the result is still there. */
  opener: React.RefObject<HTMLButtonElement | null>;
}

/** What withdrawing a result means, the reason for it, and the button that does it. */
export function WithdrawDialog(props: WithdrawDialogProps) {
  const { run: set, title, findings, open, onOpenChange, opener } = props;
  const { state, run, texts } = useReading();
  const { t } = texts;
  const [reason, setReason] = useState<WithdrawalReason>();
  const first = useRef<HTMLInputElement>(null);
  const series = state.displaySetDescriptions?.[set.displaySetInstanceUID];

  return (
    <Dialog.Root
      open={open}
      onOpenChange={next => {
        setReason(undefined);
        onOpenChange(next);
      }}
    >
      <Dialog.Portal>
        <Dialog.Overlay className="sr-root sr-dialog-overlay" />
        <Dialog.Content
          className="sr-root sr-dialog sr-dialog-question"
          role="alertdialog"
          data-cy="ai-withdraw-dialog"
          data-run-id={set.runId}
          onOpenAutoFocus={event => {
            event.preventDefault();
            first.current?.focus();
          }}
          onCloseAutoFocus={event => {
            event.preventDefault();
            opener.current?.focus();
          }}
          // While a question is open no key is the host's.
          onKeyDown={event => event.stopPropagation()}
        >
          <header className="sr-dialog-head">
            <Dialog.Title className="sr-dialog-title">{t('withdraw.title')}</Dialog.Title>
          </header>
          <div className="sr-dialog-body">
            <Dialog.Description asChild>
              <div>
                <p className="sr-withdraw-what" data-cy="ai-withdraw-what">
                  <strong>{title}</strong>
                  <span className="sr-quiet">
                    {[
                      series,
                      t('withdraw.findings', { count: findings }),
                      t('withdraw.objects', { count: set.storedObjects ?? 0 }),
                    ]
                      .filter(Boolean)
                      .join(' · ')}
                  </span>
                </p>
                <p>{t('withdraw.marked')}</p>
                <p>{t('withdraw.final')}</p>
              </div>
            </Dialog.Description>
            <fieldset className="sr-choices">
              <legend>{t('withdraw.why')}</legend>
              {OFFERED.map((each, index) => (
                <label key={each}>
                  <input
                    ref={index === 0 ? first : undefined}
                    type="radio"
                    name={`sr-withdraw-${set.runId}`}
                    value={each}
                    checked={reason === each}
                    data-cy={`ai-withdraw-${each}`}
                    onChange={() => setReason(each)}
                  />
                  <span>{t(`withdraw.reason.${each}`)}</span>
                </label>
              ))}
            </fieldset>
          </div>
          <footer className="sr-dialog-foot">
            <Dialog.Close asChild>
              <Button data-cy="ai-withdraw-cancel">{t('withdraw.cancel')}</Button>
            </Dialog.Close>
            <Tip label={t(reason ? 'withdraw.confirmHint' : 'withdraw.chooseFirst')} side="top">
              <Button
                look={reason ? 'solid' : 'quiet'}
                data-cy="ai-withdraw-confirm"
                blocked={!reason}
                onClick={() => {
                  if (!reason) return;
                  run('withdrawEvidence', { runId: set.runId, reason });
                  onOpenChange(false);
                }}
              >
                {t('withdraw.confirm')}
              </Button>
            </Tip>
          </footer>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
