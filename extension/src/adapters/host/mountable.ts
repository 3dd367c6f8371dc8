import type { HostComponent } from '../../types/host';

/** Mounts our UI into an element that the host gave, and returns how to take it out again. */
export type Mount = (element: HTMLElement) => () => void;

/**
 * React up to 18 knows an element by this mark; React 19 has another (`react.transitional.element`),
 * which no build up to 3.14.0-beta.6 uses. The element is written out because our own React must not
 * make elements for the host's: the host may have another copy, or another version.
 */
const REACT_ELEMENT = Symbol.for('react.element');

/** Without `minHeight` it would push what is long out of the host's panel, below the page's end. */
const FILL: Record<string, string> = { height: '100%', width: '100%', minHeight: '0' };

/**
 * A component for the host's React which renders one plain element; when that is in the page,
 * `mount` builds its own root in it. The host may show the component in several places at once.
 *
 * @param options.style of the element; by default it fills its parent.
 */
export function mountable(
  mount: Mount,
  options: { className?: string; style?: Record<string, string> } = {},
): HostComponent {
  const mounted = new Map<HTMLElement, () => void>();

  const unmountDetached = (): void => {
    for (const [element, unmount] of mounted) {
      if (element.isConnected) continue;
      mounted.delete(element);
      unmount();
    }
  };

  const ref = (element: HTMLElement | null): void => {
    // React says that an element goes, not which, and before it has gone: look in the next task.
    // That is also when no root of the host's is rendering, during which ours may not be unmounted.
    if (!element) setTimeout(unmountDetached, 0);
    else if (!mounted.has(element)) mounted.set(element, mount(element));
  };

  return () => ({
    $$typeof: REACT_ELEMENT,
    type: 'div',
    key: null,
    ref,
    props: { className: options.className, style: options.style ?? FILL },
    _owner: null,
    _store: {},
  });
}
