import * as Menu from '@radix-ui/react-dropdown-menu';
import { useLayoutEffect, useRef, type KeyboardEvent, type ReactElement } from 'react';
import { REJECTION_REASONS, type RejectionReason } from '../core/review/types';
import { useReading } from '../hooks/ReadingContext';

interface RejectMenuProps {
  /** The finding's name, for the menu's question. */
  findingName: string;
  open: boolean;
  onOpenChange(open: boolean): void;
  onReason(reason: RejectionReason): void;
  /** The reason given before, which is marked. */
  current?: RejectionReason;
  /** Start of the items' `data-cy`. */
  dataCy: string;
  align?: Menu.DropdownMenuContentProps['align'];
  children: ReactElement;
}

/** The reasons for rejecting a finding, each with its number key. */
export function RejectMenu(props: RejectMenuProps) {
  const { findingName, open, onOpenChange, onReason, current, dataCy, align, children } = props;
  const { texts } = useReading();
  const focusedBefore = useRef<Element | null>(null);

  // Opened by a hotkey, the focus came from a viewport and goes back there, not to the button.
  useLayoutEffect(() => {
    if (open) {
      focusedBefore.current = document.activeElement;
    }
  }, [open]);

  const chooseByNumber = (event: KeyboardEvent) => {
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1] ?? event.key;
    const reason = /^[1-9]$/.test(digit) ? REJECTION_REASONS[Number(digit) - 1] : undefined;
    if (reason) {
      event.preventDefault();
      onReason(reason);
      onOpenChange(false);
    }
    // While the menu is open, no key is the host's: its digits are window presets.
    event.stopPropagation();
  };

  return (
    // Not modal: a modal menu would lock the host's page for as long as it is open.
    <Menu.Root open={open} onOpenChange={onOpenChange} modal={false}>
      <Menu.Trigger asChild>{children}</Menu.Trigger>
      <Menu.Portal>
        <Menu.Content
          className="sr-root sr-menu"
          data-cy={`${dataCy}-menu`}
          align={align}
          sideOffset={4}
          collisionPadding={8}
          onKeyDown={chooseByNumber}
          onCloseAutoFocus={event => {
            event.preventDefault();
            if (focusedBefore.current instanceof HTMLElement) {
              focusedBefore.current.focus();
            }
          }}
        >
          <Menu.Label className="sr-menu-label">
            {texts.t('toolbar.whyReject', { finding: findingName })}
          </Menu.Label>
          {REJECTION_REASONS.map((reason, index) => (
            <Menu.Item
              key={reason}
              className="sr-menu-item"
              data-cy={`${dataCy}-${reason}`}
              data-current={reason === current || undefined}
              aria-keyshortcuts={String(index + 1)}
              onSelect={() => onReason(reason)}
            >
              <span>{texts.t(`reject.${reason}`)}</span>
              <kbd className="sr-kbd">{index + 1}</kbd>
            </Menu.Item>
          ))}
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
