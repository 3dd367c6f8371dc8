import * as Menu from '@radix-ui/react-dropdown-menu';
import { Button } from '../components/Button';
import type { ModelState } from '../core/reading/state';
import { useReading } from '../hooks/ReadingContext';
import { hasRun, modelActivity, modelsByFit } from '../stores/readingView';

/** The models of this study: those that can run, and quietly those that cannot, with the reason. */
export function ModelsSection() {
  const { state, texts } = useReading();
  const { t } = texts;
  if (state.models.length === 0) {
    return null;
  }
  const { fit, unfit } = modelsByFit(state);
  return (
    <div className="sr-section">
      <h2 className="sr-heading">{t('panel.models')}</h2>
      {fit.map(model => (
        <Model key={model.modelId} model={model} />
      ))}
      {fit.length > 0 && state.runs.length === 0 && !state.crossOriginIsolated && (
        <p className="sr-quiet sr-padded">{t('panel.noThreads')}</p>
      )}
      {unfit.length > 0 && (
        <ul className="sr-unfit" aria-label={t('panel.unfit')}>
          {unfit.map(model => (
            <li key={model.modelId} data-model-id={model.modelId}>
              <span>
                {texts.own(model.name)} {model.version}
              </span>
              {model.refusal && (
                <span data-cy="ai-refusal" data-code={model.refusal.code}>
                  {texts.refusal(model.refusal)}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Model({ model }: { model: ModelState }) {
  const { state, run, texts } = useReading();
  const { t } = texts;
  const name = texts.own(model.name);
  const activity = modelActivity(state, model.modelId);
  const again = hasRun(state, model.modelId);
  const label = {
    idle: t(again ? 'panel.runAgain' : 'panel.run'),
    running: t('panel.running'),
    queued: t('panel.queued'),
  }[activity];

  return (
    <div className="sr-model">
      <div className="sr-model-name">
        <span>{name}</span>
        <span className="sr-quiet">{model.version}</span>
      </div>
      <span className="sr-split">
        <Button
          look={again ? 'quiet' : 'solid'}
          icon={activity === 'idle' ? 'run' : undefined}
          iconSize={13}
          data-cy={`ai-run-${model.modelId}`}
          data-activity={activity}
          aria-label={
            activity === 'idle'
              ? t(again ? 'panel.runAgainModel' : 'panel.runModel', { model: name })
              : `${label}: ${name}`
          }
          blocked={activity !== 'idle'}
          onClick={() => run('runModel', { modelId: model.modelId })}
        >
          {label}
        </Button>
        {model.admits.length > 1 && activity === 'idle' && <SeriesMenu model={model} name={name} />}
      </span>
    </div>
  );
}

/** Several series of the study suit the model: which one to run on. */
function SeriesMenu({ model, name }: { model: ModelState; name: string }) {
  const { state, run, texts } = useReading();
  const { t } = texts;
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger asChild>
        <Button
          look="icon"
          icon="chevron"
          iconSize={14}
          aria-label={t('panel.runOn', { model: name })}
          title={t('panel.runOn', { model: name })}
        />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content
          className="sr-root sr-menu"
          align="end"
          sideOffset={4}
          collisionPadding={8}
          onKeyDown={event => event.stopPropagation()}
        >
          <Menu.Label className="sr-menu-label">{t('panel.runOnSeries')}</Menu.Label>
          {model.admits.map((displaySetInstanceUID, index) => (
            <Menu.Item
              key={displaySetInstanceUID}
              className="sr-menu-item"
              onSelect={() => run('runModel', { modelId: model.modelId, displaySetInstanceUID })}
            >
              <span>
                {state.displaySetDescriptions?.[displaySetInstanceUID] ||
                  t('panel.seriesNumber', { number: index + 1 })}
              </span>
            </Menu.Item>
          ))}
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
