import { EXTENSION_ID } from './id';
import { getHangingProtocolModule } from './getHangingProtocolModule';
import { getPanelModule } from './getPanelModule';
import { getToolbarModule } from './getToolbarModule';

const text = (value: string, cy: string) => (element: HTMLElement) => {
  element.textContent = value;
  element.dataset.cy = cy;
  return () => element.replaceChildren();
};

const extension = {
  id: EXTENSION_ID,
  getPanelModule: () => getPanelModule(text('Second Reader', 'ai-panel'), 'AI'),
  getToolbarModule: () => getToolbarModule(text('Feedback', 'ai-toolbar')),
  getHangingProtocolModule,
};

export default extension;
