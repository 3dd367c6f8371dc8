import { Button } from '../components/Button';
import { Icon } from '../components/icons';
import { useReading } from '../hooks/ReadingContext';

/** What went wrong or could not be done, newest first, until it is dismissed. */
export function RefusalList() {
  const { state, run, texts } = useReading();
  const { t } = texts;
  if (state.refusals.length === 0) {
    return null;
  }
  return (
    <ul className="sr-refusals" aria-label={t('panel.messages')}>
      {state.refusals.map((refusal, index) => {
        const model = state.models.find(({ modelId }) => modelId === refusal.modelId);
        return (
          <li
            // The same refusal may stand here for two models.
            key={`${refusal.code}/${refusal.modelId ?? ''}/${index}`}
            className="sr-refusal"
            role="alert"
            data-cy="ai-refusal"
            data-code={refusal.code}
          >
            <Icon name="warning" size={14} />
            <div className="sr-refusal-text">
              {model && <strong>{texts.own(model.name)}</strong>}
              <span>{texts.refusal(refusal)}</span>
            </div>
            <Button
              look="icon"
              icon="dismiss"
              iconSize={14}
              aria-label={t('panel.dismiss')}
              title={t('panel.dismiss')}
              onClick={() => run('dismissRefusal', { code: refusal.code })}
            />
          </li>
        );
      })}
    </ul>
  );
}
