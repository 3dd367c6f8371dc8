import { EXTENSION } from './id';

const DEFAULT = '@ohif/extension-default';
const CORNERSTONE = '@ohif/extension-cornerstone';
const SEG = '@ohif/extension-cornerstone-dicom-seg';
const SR = '@ohif/extension-cornerstone-dicom-sr';
const RT = '@ohif/extension-cornerstone-dicom-rt';
const PMAP = '@ohif/extension-cornerstone-dicom-pmap';
const PDF = '@ohif/extension-dicom-pdf';

/**
 * The host's own extensions and nothing else: each key is imported by the host, and a name that it
 * does not hold fails. Ours is there already, by the site's `extensions` setting.
 */
export const hostExtensions = Object.fromEntries(
  [DEFAULT, CORNERSTONE, SEG, SR, RT, PMAP, PDF].map(name => [name, '^3.0.0']),
);

const handler = (extension: string, name: string) => `${extension}.sopClassHandlerModule.${name}`;
const images = handler(DEFAULT, 'stack');
const seg = handler(SEG, 'dicom-seg');
const sr = handler(SR, 'dicom-sr');
const sr3d = handler(SR, 'dicom-sr-3d');
const rt = handler(RT, 'dicom-rt');
const pmap = handler(PMAP, 'dicom-pmap');
const pdf = handler(PDF, 'dicom-pdf');

/** In order of precedence: of two that take the same SOP class, the general one comes last. */
export const sopClassHandlers = [seg, pmap, images, pdf, sr3d, sr, rt];

const viewport = (extension: string, name: string, displaySetsToDisplay: string[]) => ({
  namespace: `${extension}.viewportModule.${name}`,
  displaySetsToDisplay,
});

/** Studies on the left, findings on the right; stored evidence opens in the host's own viewports. */
export const layout = () => ({
  id: `${DEFAULT}.layoutTemplateModule.viewerLayout`,
  props: {
    leftPanels: [`${DEFAULT}.panelModule.seriesList`],
    leftPanelResizable: true,
    rightPanels: [
      EXTENSION.panel,
      `${CORNERSTONE}.panelModule.panelSegmentation`,
      `${CORNERSTONE}.panelModule.panelMeasurement`,
    ],
    rightPanelClosed: false,
    rightPanelResizable: true,
    viewports: [
      viewport(CORNERSTONE, 'cornerstone', [images]),
      viewport(SEG, 'dicom-seg', [seg]),
      viewport(SR, 'dicom-sr', [sr, sr3d]),
      viewport(RT, 'dicom-rt', [rt]),
      viewport(PMAP, 'dicom-pmap', [pmap]),
      viewport(PDF, 'dicom-pdf', [pdf]),
    ],
  },
});
