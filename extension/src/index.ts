import { EXTENSION_ID } from './id';
import { getPanelModule } from './getPanelModule';

const extension = {
  id: EXTENSION_ID,
  getPanelModule: () =>
    getPanelModule(element => {
      element.textContent = 'Second Reader';
      element.dataset.cy = 'ai-panel';
      return () => element.replaceChildren();
    }, 'AI'),
};

export default extension;
