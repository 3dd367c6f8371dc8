import { getCommandsModule } from './commandsModule';
import { getHangingProtocolModule } from './getHangingProtocolModule';
import { getPanelModule } from './getPanelModule';
import { getToolbarModule } from './getToolbarModule';
import { EXTENSION_ID } from './id';
import { compose, type Composition } from './init';
import { textsFor } from './locales';
import { mountPanel } from './panels/mountPanel';
import { mountToolbar } from './toolbar/mountToolbar';
import type { HostManagers } from './types/host';

let composition: Composition | undefined;

const composed = (): Composition => {
  if (!composition) throw new Error('The host asked for a module before preRegistration');
  return composition;
};

/** The OHIF extension: the host calls `preRegistration` first, then asks for each module. */
const extension = {
  id: EXTENSION_ID,
  preRegistration(managers: HostManagers) {
    composition = compose(managers);
  },
  onModeEnter: () => composed().host.modeEntered(),
  onModeExit: () => composed().host.modeExited(),
  getPanelModule() {
    const { context, host } = composed();
    const label = textsFor(host.language()).t('panel.title');
    return getPanelModule(element => mountPanel(element, context), label);
  },
  getToolbarModule() {
    const { context } = composed();
    return getToolbarModule(element => mountToolbar(element, context));
  },
  getHangingProtocolModule,
  getCommandsModule() {
    const { reading, warn } = composed();
    return getCommandsModule(reading, warn);
  },
};

export default extension;
