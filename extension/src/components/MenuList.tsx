import type { ComponentProps, ReactNode } from 'react';
import * as Menu from '@radix-ui/react-dropdown-menu';

interface MenuListProps {
  children: ReactNode;
  onCloseAutoFocus?: ComponentProps<typeof Menu.Content>['onCloseAutoFocus'];
}

/** What opens under a button of a row. Its keys are its own: the host's shortcuts do not hear them. */
export const MenuList = ({ children, onCloseAutoFocus }: MenuListProps) => (
  <Menu.Portal>
    <Menu.Content
      className="sr-root sr-menu"
      align="end"
      sideOffset={4}
      collisionPadding={8}
      onKeyDown={event => event.stopPropagation()}
      onCloseAutoFocus={onCloseAutoFocus}
    >
      {children}
    </Menu.Content>
  </Menu.Portal>
);
