import archive from './archive.css';
import card from './card.css';
import dialog from './dialog.css';
import findings from './findings.css';
import models from './models.css';
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
  style.textContent = [shared, panel, findings, models, archive, dialog, card].join('\n');
  document.head.append(style);
}
