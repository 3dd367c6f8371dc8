import { Button } from '../components/Button';
import { useReading } from '../hooks/ReadingContext';

/** How far the run under way has come, and the way to stop it. */
export function RunProgress() {
  const { state, run, texts } = useReading();
  const { t } = texts;
  const { active, queued } = state;
  if (!active) {
    return null;
  }
  const model = state.models.find(({ modelId }) => modelId === active.modelId);
  const name = model ? texts.own(model.name) : active.modelId;
  const percent = Math.min(100, Math.max(0, active.percent));
  const phase = t(`phase.${active.phase}`);
  const left =
    active.secondsLeft === undefined
      ? undefined
      : t('panel.timeLeft', { duration: texts.duration(active.secondsLeft) });

  return (
    <div className="sr-progress">
      <div className="sr-progress-head">
        <span className="sr-progress-name">{name}</span>
        <Button
          data-cy="ai-cancel"
          aria-label={t('panel.cancelRun', { model: name })}
          onClick={() => run('cancelRun')}
        >
          {t('panel.cancel')}
        </Button>
      </div>
      <div
        className="sr-progress-bar"
        role="progressbar"
        data-cy="ai-progress"
        data-phase={active.phase}
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(percent)}
        aria-valuetext={[phase, texts.percent(percent), left].filter(Boolean).join(', ')}
      >
        <div className="sr-progress-track">
          <div className="sr-progress-fill" style={{ transform: `scaleX(${percent / 100})` }} />
        </div>
        <div className="sr-progress-foot">
          <span>{phase}</span>
          <span className="sr-number">{texts.percent(percent)}</span>
          {left && <span className="sr-progress-left">{left}</span>}
        </div>
      </div>
      {/* Only the phase is spoken: a percentage read aloud every second helps nobody. */}
      <span className="sr-sr-only" role="status">
        {name}: {phase}
      </span>
      {queued.length > 0 && (
        <p className="sr-quiet">{t('panel.waiting', { count: queued.length })}</p>
      )}
    </div>
  );
}
