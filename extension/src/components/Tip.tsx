import * as Tooltip from '@radix-ui/react-tooltip';
import { forwardRef, type ReactElement, type ReactNode } from 'react';

interface TipProps {
  /** What the control does, or why it does nothing now. */
  label: ReactNode;
  /** The key that does the same. */
  hotkey?: string;
  side?: Tooltip.TooltipContentProps['side'];
  children: ReactElement;
}

/**
 * A tooltip in the document's body, where no panel can clip it. What a parent such as a menu's
 * trigger gives it (handlers, attributes, the ref) goes on to the control.
 */
export const Tip = forwardRef<HTMLButtonElement, TipProps>(function Tip(
  { label, hotkey, side = 'bottom', children, ...rest },
  ref,
) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger ref={ref} {...rest} asChild>
        {children}
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className="sr-root sr-tip" side={side} sideOffset={6} collisionPadding={8}>
          <span>{label}</span>
          {hotkey && <kbd className="sr-kbd">{hotkey}</kbd>}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
});
