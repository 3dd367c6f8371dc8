import { Button } from '../components/Button';
import { RejectMenu } from '../components/RejectMenu';
import { Tip } from '../components/Tip';
import type { IconName } from '../components/icons';
import { findingName } from '../components/verdicts';
import { useReading } from '../hooks/ReadingContext';
import { selectedFinding, unreviewedCount } from '../stores/readingView';
import { HOTKEYS } from './hotkeys';

interface ToolProps {
  dataCy: string;
  icon: IconName;
  label: string;
  hotkey: string;
  /** Why the tool does nothing now; it then stands in the tooltip instead of the key. */
  blocked?: string;
  pressed?: boolean;
  badge?: string;
  onClick?(): void;
}

function Tool({ dataCy, icon, label, hotkey, blocked, pressed, badge, onClick }: ToolProps) {
  return (
    <Tip label={blocked ? `${label}. ${blocked}` : label} hotkey={blocked ? undefined : hotkey}>
      <Button
        look="tool"
        icon={icon}
        iconSize={24}
        data-cy={dataCy}
        aria-label={label}
        aria-keyshortcuts={hotkey}
        aria-pressed={pressed}
        blocked={blocked !== undefined}
        onClick={onClick}
      >
        {badge && (
          <span className="sr-badge" aria-hidden="true">
            {badge}
          </span>
        )}
      </Button>
    </Tip>
  );
}

/** One row of tools for the chosen finding, and one that hides and shows all that AI drew. */
export function FeedbackToolbar() {
  const { state, run, texts } = useReading();
  const { t } = texts;
  const selected = selectedFinding(state);
  const open = unreviewedCount(state);
  const noResults = state.runs.length === 0 ? t('toolbar.blocked.noResults') : undefined;
  const noSelection = noResults ?? (selected ? undefined : t('toolbar.blocked.noSelection'));
  const verdict = selected?.verdict;
  const review = (options: Record<string, unknown>) =>
    selected && run('reviewFinding', { findingId: selected.id, ...options });

  // A hotkey may ask for the reason of a finding other than the chosen one.
  const rejected = state.findings.find(finding => finding.id === state.rejecting) ?? selected;

  return (
    <div className="sr-toolbar" role="toolbar" aria-label={t('toolbar.label')} data-cy="ai-toolbar">
      <Tool
        dataCy="ai-accept"
        icon="accept"
        label={t('toolbar.accept')}
        hotkey={HOTKEYS.accept}
        pressed={verdict === 'accepted'}
        blocked={
          noSelection ?? (verdict === 'accepted' ? t('toolbar.blocked.accepted') : undefined)
        }
        onClick={() => review({ verdict: 'accepted' })}
      />
      {noSelection && state.rejecting === undefined ? (
        <Tool
          dataCy="ai-reject"
          icon="reject"
          label={t('toolbar.reject')}
          hotkey={HOTKEYS.reject}
          pressed={false}
          blocked={noSelection}
        />
      ) : (
        <RejectMenu
          dataCy="ai-reject"
          findingName={rejected ? findingName(rejected, texts) : ''}
          current={rejected?.reason}
          open={state.rejecting !== undefined}
          onOpenChange={next =>
            next ? run('openRejection', { findingId: selected?.id }) : run('closeRejection')
          }
          onReason={reason =>
            rejected &&
            run('reviewFinding', { findingId: rejected.id, verdict: 'rejected', reason })
          }
        >
          <Tip label={t('toolbar.reject')} hotkey={HOTKEYS.reject}>
            <Button
              look="tool"
              icon="reject"
              iconSize={24}
              data-cy="ai-reject"
              data-pressed={verdict === 'rejected' || undefined}
              aria-label={t('toolbar.reject')}
              aria-keyshortcuts={HOTKEYS.reject}
            />
          </Tip>
        </RejectMenu>
      )}
      <Tool
        dataCy="ai-reopen"
        icon="reopen"
        label={t('toolbar.reopen')}
        hotkey={HOTKEYS.reopen}
        blocked={
          noSelection ?? (verdict === 'notReviewed' ? t('toolbar.blocked.notReviewed') : undefined)
        }
        onClick={() => review({ verdict: 'notReviewed' })}
      />
      <span className="sr-separator" role="separator" aria-orientation="vertical" />
      <Tool
        dataCy="ai-next"
        icon="next"
        label={t('toolbar.next')}
        hotkey={HOTKEYS.next}
        badge={open > 0 ? texts.number(open) : undefined}
        blocked={noResults ?? (open === 0 ? t('toolbar.blocked.allReviewed') : undefined)}
        onClick={() => run('nextUnreviewedFinding')}
      />
      <Tool
        dataCy="ai-toggle"
        icon={state.overlayVisible ? 'shown' : 'hidden'}
        label={t(state.overlayVisible ? 'toolbar.hide' : 'toolbar.show')}
        hotkey={HOTKEYS.toggle}
        pressed={state.overlayVisible}
        blocked={noResults}
        onClick={() => run('toggleAI')}
      />
    </div>
  );
}
