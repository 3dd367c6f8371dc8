import { useId, useState } from 'react';
import { Button } from '../components/Button';
import type { Refusal } from '../core/outcome';
import type { ModelState } from '../core/reading/state';
import { useReading } from '../hooks/ReadingContext';
import { hasRun, modelActivity, modelsByFit } from '../stores/readingView';
import { ModelCardDialog } from './ModelCardDialog';
import { RunMenu } from './RunMenu';

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
        <>
          <h3 className="sr-subheading">{t('panel.unfit')}</h3>
          <ul className="sr-unfit" aria-label={t('panel.unfit')}>
            {unfit.map(model => (
              <Unfit key={model.modelId} model={model} />
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

/** Name and version, then what kind of model it is, how large, and whether the site added it. */
function Identity({ model }: { model: ModelState }) {
  const { texts } = useReading();
  const { t } = texts;
  const facts = [
    t(`task.${model.task}`),
    texts.bytes(model.bytes),
    model.fromSite && t('panel.fromSite'),
  ];
  return (
    <div className="sr-model-identity">
      <div className="sr-model-name">
        <span>{texts.own(model.name)}</span>
        <span className="sr-quiet">{model.version}</span>
      </div>
      <span className="sr-quiet" data-cy={`ai-model-facts-${model.modelId}`}>
        {facts.filter(Boolean).join(' · ')}
      </span>
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
  const hasChoice = model.admits.length > 1 || model.operatingPoints.length > 1;

  return (
    <div className="sr-model" data-cy={`ai-model-${model.modelId}`}>
      <Identity model={model} />
      <span className="sr-split">
        <ModelCardDialog model={model} />
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
        {hasChoice && activity === 'idle' && <RunMenu model={model} name={name} />}
      </span>
    </div>
  );
}

/** A model that this study does not admit: the first reason, and the others on demand. */
function Unfit({ model }: { model: ModelState }) {
  const { texts } = useReading();
  const { t } = texts;
  const [expanded, setExpanded] = useState(false);
  const listId = useId();
  const all = model.refusals.length > 0 ? model.refusals : [model.refusal].flatMap(r => r ?? []);
  const [first, ...others] = all;

  return (
    <li data-model-id={model.modelId} data-cy={`ai-model-unfit-${model.modelId}`}>
      <div className="sr-unfit-head">
        <Identity model={model} />
        <ModelCardDialog model={model} />
      </div>
      {first && <Reason refusal={first} />}
      {others.length > 0 && (
        <>
          <ul id={listId} className="sr-reasons" hidden={!expanded}>
            {others.map((refusal, index) => (
              <li key={`${refusal.code}/${index}`}>
                <Reason refusal={refusal} />
              </li>
            ))}
          </ul>
          <Button
            look="link"
            data-cy={`ai-model-reasons-${model.modelId}`}
            aria-expanded={expanded}
            aria-controls={listId}
            onClick={() => setExpanded(!expanded)}
          >
            {expanded ? t('panel.fewerReasons') : t('panel.moreReasons', { count: others.length })}
          </Button>
        </>
      )}
    </li>
  );
}

function Reason({ refusal }: { refusal: Refusal }) {
  const { texts } = useReading();
  return (
    <span className="sr-reason" data-cy="ai-refusal" data-code={refusal.code}>
      {texts.refusal(refusal)}
    </span>
  );
}
