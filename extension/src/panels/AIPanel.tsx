import { Button } from '../components/Button';
import { Icon } from '../components/icons';
import { useReading } from '../hooks/ReadingContext';
import { ComparisonSection } from './ComparisonSection';
import { EvidenceFooter } from './EvidenceFooter';
import { FindingsSection } from './FindingsSection';
import { ModelsSection } from './ModelsSection';
import { RefusalList } from './RefusalList';
import { RunProgress } from './RunProgress';

/** Everything AI has to say about the open study: results first, then what can be run. */
export function AIPanel() {
  const { state, run, texts } = useReading();
  const { t } = texts;
  const hasResults = state.runs.length > 0;

  return (
    <section className="sr-panel" aria-label={t('panel.title')} data-cy="ai-panel">
      {hasResults && (
        <p className="sr-notice" data-cy="ai-notice">
          <Icon name="warning" size={14} />
          <span>{t('panel.notice')}</span>
        </p>
      )}
      <div className="sr-scroll">
        <RefusalList />
        <RunProgress />
        {hasResults && !state.overlayVisible && (
          <div className="sr-hidden-hint" data-cy="ai-hidden-hint">
            <Icon name="hidden" size={14} />
            <span>{t('panel.hidden')}</span>
            <Button onClick={() => run('toggleAI')}>{t('panel.show')}</Button>
          </div>
        )}
        <ComparisonSection />
        <FindingsSection />
        <ModelsSection />
      </div>
      <EvidenceFooter />
    </section>
  );
}
