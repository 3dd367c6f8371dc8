import * as Menu from '@radix-ui/react-dropdown-menu';
import { useRef, useState } from 'react';
import { Button } from '../components/Button';
import { MenuList } from '../components/MenuList';
import type { RunState } from '../core/reading/state';
import { useReading } from '../hooks/ReadingContext';
import { withdrawable } from '../stores/readingView';
import { WithdrawDialog } from './WithdrawDialog';

interface ResultMenuProps {
  run: RunState;
  title: string;
  findings: number;
}

/** What is seldom done with a result: nothing, until the archive has something of it. */
export function ResultMenu({ run, title, findings }: ResultMenuProps) {
  const { state, texts } = useReading();
  const { t } = texts;
  const [asking, setAsking] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const can = withdrawable(state, run);
  if (can === 'no') return null;

  return (
    <>
      <Menu.Root modal={false}>
        <Menu.Trigger asChild>
          <Button
            ref={button}
            look="icon"
            icon="more"
            iconSize={15}
            data-cy="ai-set-menu"
            aria-label={t('withdraw.menu', { set: title })}
            title={t('withdraw.menuHint')}
          />
        </Menu.Trigger>
        <MenuList
          onCloseAutoFocus={event => {
            // The dialog that opens has the focus.
            if (asking) event.preventDefault();
          }}
        >
          <Menu.Item
            className="sr-menu-item sr-menu-point"
            data-cy="ai-withdraw"
            disabled={can === 'whileStoring'}
            onSelect={() => setAsking(true)}
          >
            <span>{t('withdraw.open')}</span>
            {can === 'whileStoring' && (
              <span className="sr-quiet">{t('withdraw.whileStoring')}</span>
            )}
          </Menu.Item>
        </MenuList>
      </Menu.Root>
      <WithdrawDialog
        run={run}
        title={title}
        findings={findings}
        open={asking}
        onOpenChange={setAsking}
        opener={button}
      />
    </>
  );
}
