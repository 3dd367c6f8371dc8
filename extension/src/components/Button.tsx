import { forwardRef, type ButtonHTMLAttributes } from 'react';
import { Icon, type IconName } from './icons';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `solid` for the one thing to do next, `quiet` for the rest, `icon` for a square of an icon, `link` within text. */
  look?: 'solid' | 'quiet' | 'icon' | 'tool' | 'link';
  icon?: IconName;
  iconSize?: number;
  /**
   * Nothing happens on a click. Unlike `disabled` it keeps the focus and the pointer, so that its
   * tooltip can say why.
   */
  blocked?: boolean;
}

export const Button = forwardRef<HTMLButtonElement, ButtonProps>(function Button(
  { look = 'quiet', icon, iconSize, blocked = false, className, onClick, children, ...rest },
  ref,
) {
  return (
    <button
      ref={ref}
      type="button"
      {...rest}
      className={['sr-button', `sr-button-${look}`, className].filter(Boolean).join(' ')}
      aria-disabled={blocked || undefined}
      onClick={blocked ? event => event.preventDefault() : onClick}
    >
      {icon && <Icon name={icon} size={iconSize} />}
      {children}
    </button>
  );
});
