import * as Menu from '@radix-ui/react-dropdown-menu';
import { Button } from '../components/Button';
import { MenuList } from '../components/MenuList';
import { originatorText, setTitle } from '../locales/resultSets';
import type { RunState } from '../core/reading/state';
import { useReading } from '../hooks/ReadingContext';

interface CompareMenuProps {
  run: RunState;
  title: string;
  others: readonly RunState[];
}

/** The other results of the study, to lay this one on. */
export function CompareMenu({ run: chosen, title, others }: CompareMenuProps) {
  const { state, run, texts } = useReading();
  const { t } = texts;
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger asChild>
        <Button
          look="icon"
          icon="compare"
          iconSize={15}
          data-cy="ai-compare"
          aria-label={t('compare.named', { set: title })}
          title={t('compare.with')}
        />
      </Menu.Trigger>
      <MenuList>
        <Menu.Label className="sr-menu-label">{t('compare.with')}</Menu.Label>
        {others.map(other => (
          <Menu.Item
            key={other.runId}
            className="sr-menu-item sr-menu-point"
            data-cy="ai-compare-with"
            data-run-id={other.runId}
            onSelect={() => run('compareRuns', { a: chosen.runId, b: other.runId })}
          >
            <span>{setTitle(other, texts)}</span>
            <span className="sr-quiet">
              {[
                originatorText(other, texts),
                state.displaySetDescriptions?.[other.displaySetInstanceUID],
              ]
                .filter(Boolean)
                .join(' · ')}
            </span>
          </Menu.Item>
        ))}
      </MenuList>
    </Menu.Root>
  );
}
