import { Icon } from '../components/icons';
import type { WithdrawnRun } from '../core/review/withdrawal';
import { useReading } from '../hooks/ReadingContext';

/** Results that are no more: who withdrew them, when and why. */
export function WithdrawnList() {
  const { state, texts } = useReading();
  const { t } = texts;
  const { withdrawn = [], models } = state;
  if (withdrawn.length === 0) return null;

  const nameOf = ({ modelId, modelName, modelVersion }: WithdrawnRun) => {
    const name = models.find(model => model.modelId === modelId)?.name ?? { en: modelName };
    return `${texts.own(name)} ${modelVersion}`;
  };

  return (
    <ul className="sr-withdrawn" aria-label={t('withdraw.list')}>
      {withdrawn.map(run => (
        <li key={run.runId} data-cy="ai-withdrawn" data-run-id={run.runId} data-reason={run.reason}>
          <Icon name="archive" size={14} />
          <span>
            <span>{t('withdraw.done', { set: nameOf(run) })}</span>
            <span className="sr-quiet">
              {[
                t(`withdraw.reason.${run.reason}`),
                texts.person(run.withdrawnBy),
                texts.dateTime(run.withdrawnAt),
              ]
                .filter(Boolean)
                .join(', ')}
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}
