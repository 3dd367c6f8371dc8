import type { ModeContext } from './host';
import { reviewHotkeys } from './hotkeys';
import { EXTENSION, MODE_ID } from './id';
import { labels } from './labels';
import { hostExtensions, layout, sopClassHandlers } from './layout';
import { fillToolbar } from './toolbar';
import { createToolGroups } from './toolGroups';

/** Objects about images, or of whole slides and waveforms: a study of these alone is not read here. */
const NOT_READ = new Set(
  ['SEG', 'SR', 'PR', 'KO', 'SM', 'ECG', 'AU', 'DOC', 'REG', 'FID', 'RWV', 'PLAN'].concat([
    'RTSTRUCT',
    'RTPLAN',
    'RTDOSE',
    'RTRECORD',
  ]),
);

/** Whether a study with these modalities (joined by a backslash, as DICOM joins values) is read here. */
export function isValidMode({ modalities }: { modalities: string }) {
  const valid = modalities.split('\\').some(modality => modality && !NOT_READ.has(modality));
  return { valid, description: valid ? '' : labels().noImages };
}

function onModeEnter(context: ModeContext): void {
  const { services } = context.servicesManager;
  services.measurementService.clearMeasurements();
  createToolGroups(context);
  fillToolbar(services);
  services.customizationService.setCustomizations({
    'ohif.hotkeyBindings': { $push: reviewHotkeys() },
    // What AI drew is judged finding by finding; the host's list of segments shows it, unedited.
    'panelSegmentation.disableEditing': { $set: true },
  });
}

function onModeExit({ servicesManager }: ModeContext): void {
  const { services } = servicesManager;
  services.uiDialogService.hideAll();
  services.uiModalService.hide();
  services.toolGroupService.destroy();
  services.syncGroupService.destroy();
  services.segmentationService.destroy();
  services.cornerstoneViewportService.destroy();
}

const mode = {
  id: MODE_ID,
  modeFactory: () => ({
    id: MODE_ID,
    routeName: 'second-reader',
    displayName: labels().mode,
    onModeEnter,
    onModeExit,
    validationTags: { study: [], series: [] },
    isValidMode,
    routes: [{ path: 'second-reader', layoutTemplate: layout }],
    extensions: hostExtensions,
    hangingProtocol: [...EXTENSION.hangingProtocols],
    sopClassHandlers,
  }),
  extensionDependencies: hostExtensions,
};

export default mode;
