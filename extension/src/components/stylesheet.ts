import panel from './panel.css';
import shared from './styles.css';

const STYLE_ID = 'second-reader-styles';

/** Puts our stylesheet into a document, once however many panels are mounted. */
export function injectStylesheet(document: Document): void {
  if (document.getElementById(STYLE_ID)) {
    return;
  }
  const style = document.createElement('style');
  style.id = STYLE_ID;
  style.textContent = shared + panel;
  document.head.append(style);
}
