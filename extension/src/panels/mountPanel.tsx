import { mount } from '../components/Root';
import type { ReadingContext } from '../hooks/ReadingContext';
import { AIPanel } from './AIPanel';

/** Draws the AI panel inside an element of the host; returns the way to take it away. */
export const mountPanel = (element: HTMLElement, context: ReadingContext): (() => void) =>
  mount(element, context, 'sr-panel-root', <AIPanel />);
