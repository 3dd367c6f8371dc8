import * as Menu from '@radix-ui/react-dropdown-menu';
import { Button } from '../components/Button';
import { MenuList } from '../components/MenuList';
import { operatingPointFacts } from '../components/operatingPoints';
import type { ModelState } from '../core/reading/state';
import { useReading } from '../hooks/ReadingContext';
import { lastRunOf } from '../stores/readingView';

/**
 * How else a model can be run: on another series, where several suit it, and with another
 * operating point, where it has several. Another point is tried on the series that was run on.
 */
export function RunMenu({ model, name }: { model: ModelState; name: string }) {
  const { state, run, texts } = useReading();
  const { t } = texts;
  const { modelId, operatingPoints, admits } = model;
  const last = lastRunOf(state, modelId);
  const series = last && admits.includes(last.displaySetInstanceUID) ? last : undefined;
  const label = t(operatingPoints.length > 1 ? 'panel.runWith' : 'panel.runOn', { model: name });

  return (
    <Menu.Root modal={false}>
      <Menu.Trigger asChild>
        <Button
          look="icon"
          icon="chevron"
          iconSize={14}
          data-cy={`ai-run-menu-${modelId}`}
          aria-label={label}
          title={label}
        />
      </Menu.Trigger>
      <MenuList>
        {admits.length > 1 && (
          <Menu.Group>
            <Menu.Label className="sr-menu-label">{t('panel.runOnSeries')}</Menu.Label>
            {admits.map((displaySetInstanceUID, index) => (
              <Menu.Item
                key={displaySetInstanceUID}
                className="sr-menu-item"
                onSelect={() => run('runModel', { modelId, displaySetInstanceUID })}
              >
                <span>
                  {state.displaySetDescriptions?.[displaySetInstanceUID] ||
                    t('panel.seriesNumber', { number: index + 1 })}
                </span>
              </Menu.Item>
            ))}
          </Menu.Group>
        )}
        {operatingPoints.length > 1 && (
          <Menu.RadioGroup value={last?.operatingPoint?.key ?? ''}>
            <Menu.Label className="sr-menu-label">{t('panel.operatingPoints')}</Menu.Label>
            {operatingPoints.map(point => (
              <Menu.RadioItem
                key={point.key}
                value={point.key}
                className="sr-menu-item sr-menu-point"
                data-cy={`ai-operating-point-${point.key}`}
                onSelect={() =>
                  run('runModel', {
                    modelId,
                    operatingPoint: point.key,
                    ...(series && { displaySetInstanceUID: series.displaySetInstanceUID }),
                  })
                }
              >
                <span>{texts.own(point.name)}</span>
                <span className="sr-quiet">{operatingPointFacts(point, texts)}</span>
                {point.measuredOn && (
                  <span className="sr-quiet">
                    {t('operatingPoint.measuredOn', { data: texts.own(point.measuredOn) })}
                  </span>
                )}
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
        )}
      </MenuList>
    </Menu.Root>
  );
}
