import * as Tooltip from '@radix-ui/react-tooltip';
import { StrictMode, type KeyboardEvent, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import {
  ReadingSourceContext,
  type ReadingContext,
  type ReadingSource,
} from '../hooks/ReadingContext';
import { snapshotOf } from '../stores/snapshot';
import { injectStylesheet } from './stylesheet';

/**
 * The host listens for its hotkeys on the document and takes their default action away, so Space
 * on a button of ours would reset the viewport and press nothing. Keys that a focused control of
 * ours acts on end here; all others (accept, next, …) go on to the host.
 */
export function keepControlKeys(event: KeyboardEvent): void {
  const onButton = event.target instanceof Element && event.target.closest('button') !== null;
  if (onButton && (event.key === ' ' || event.key === 'Enter')) {
    event.stopPropagation();
  }
}

function sourceOf(context: ReadingContext): ReadingSource {
  return {
    run: (command, options) => context.run(command, options),
    modelCard: modelId => context.modelCard(modelId),
    state: snapshotOf(
      () => context.getState(),
      listener => context.subscribe(listener),
    ),
    language: snapshotOf(
      () => context.language(),
      listener => context.onLanguageChange(listener),
    ),
  };
}

/**
 * Draws a tree of ours inside an element of the host, in a React root of our own: hosts up to 3.13
 * do not share their React. Returns the way to take it away.
 */
export function mount(
  element: HTMLElement,
  context: ReadingContext,
  className: string,
  tree: ReactNode,
): () => void {
  const document = element.ownerDocument;
  injectStylesheet(document);
  // An element of its own, so that the host may mount again before the old root has gone.
  const container = document.createElement('div');
  container.className = `sr-root ${className}`;
  element.append(container);

  const root = createRoot(container);
  root.render(
    <StrictMode>
      <ReadingSourceContext.Provider value={sourceOf(context)}>
        <Tooltip.Provider delayDuration={400} skipDelayDuration={200}>
          <div className="sr-fill" onKeyDown={keepControlKeys}>
            {tree}
          </div>
        </Tooltip.Provider>
      </ReadingSourceContext.Provider>
    </StrictMode>,
  );
  return () => {
    container.remove();
    // The host calls this while its own React renders, when a root must not be unmounted.
    setTimeout(() => root.unmount(), 0);
  };
}
