import { mount } from '../components/Root';
import type { ReadingContext } from '../hooks/ReadingContext';
import { FeedbackToolbar } from './FeedbackToolbar';

/** Draws the feedback toolbar inside an element of the host; returns the way to take it away. */
export const mountToolbar = (element: HTMLElement, context: ReadingContext): (() => void) =>
  mount(element, context, 'sr-toolbar-root', <FeedbackToolbar />);
