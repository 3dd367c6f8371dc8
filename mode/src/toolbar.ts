import type { ModeServices } from './host';
import { EXTENSION } from './id';
import { labels } from './labels';

const TOOL_GROUPS = ['default', 'mpr', 'SRToolGroup', 'volume3d'];

const tool = (id: string, icon: string, label: string) => ({
  id,
  uiType: 'ohif.toolButton',
  props: {
    type: 'tool',
    icon,
    label,
    tooltip: label,
    commands: {
      commandName: 'setToolActiveToolbar',
      commandOptions: { toolGroupIds: TOOL_GROUPS },
    },
    evaluate: 'evaluate.cornerstoneTool',
  },
});

const action = (id: string, icon: string, label: string, commands: string) => ({
  id,
  uiType: 'ohif.toolButton',
  props: { type: 'action', icon, label, tooltip: label, commands, evaluate: 'evaluate.action' },
});

/** A menu or badge in a viewport's corner; the host draws it and knows when it applies. */
const corner = (name: string, icon: string, label: string, hideWhenDisabled = true) => ({
  id: name,
  uiType: `ohif.${name}`,
  props: {
    icon,
    label,
    tooltip: label,
    evaluate: hideWhenDisabled
      ? { name: `evaluate.${name}`, hideWhenDisabled: true }
      : `evaluate.${name}`,
  },
});

/** Buttons by the ids, components and evaluators that 3.11.1–3.14.0-beta.6 have in common. */
const buttons = () => [
  tool('WindowLevel', 'tool-window-level', 'Window Level'),
  tool('Pan', 'tool-move', 'Pan'),
  tool('Zoom', 'tool-zoom', 'Zoom'),
  tool('StackScroll', 'tool-stack-scroll', 'Stack Scroll'),
  tool('Length', 'tool-length', 'Length'),
  tool('Bidirectional', 'tool-bidirectional', 'Bidirectional'),
  tool('ArrowAnnotate', 'tool-annotate', 'Arrow Annotate'),
  tool('EllipticalROI', 'tool-ellipse', 'Ellipse'),
  tool('RectangleROI', 'tool-rectangle', 'Rectangle'),
  tool('Probe', 'tool-probe', 'Probe'),
  tool('Angle', 'tool-angle', 'Angle'),
  tool('Magnify', 'tool-magnify', 'Zoom-in'),
  action('Reset', 'tool-reset', 'Reset View', 'resetViewport'),
  action('rotate-right', 'tool-rotate-right', 'Rotate Right', 'rotateViewportCW'),
  {
    id: 'flipHorizontal',
    uiType: 'ohif.toolButton',
    props: {
      type: 'action',
      icon: 'tool-flip-horizontal',
      label: 'Flip Horizontal',
      tooltip: 'Flip Horizontally',
      commands: 'flipViewportHorizontal',
      evaluate: [
        'evaluate.viewportProperties.toggle',
        { name: 'evaluate.viewport.supported', unsupportedViewportTypes: ['volume3d'] },
      ],
    },
  },
  {
    id: 'invert',
    uiType: 'ohif.toolButton',
    props: {
      type: 'toggle',
      icon: 'tool-invert',
      label: 'Invert',
      tooltip: 'Invert Colors',
      commands: 'invertViewport',
      evaluate: 'evaluate.viewportProperties.toggle',
    },
  },
  {
    id: 'Crosshairs',
    uiType: 'ohif.toolButton',
    props: {
      type: 'tool',
      icon: 'tool-crosshair',
      label: 'Crosshairs',
      tooltip: 'Crosshairs',
      commands: { commandName: 'setToolActiveToolbar', commandOptions: { toolGroupIds: ['mpr'] } },
      evaluate: {
        name: 'evaluate.cornerstoneTool',
        disabledText: 'Select an MPR viewport to enable this tool',
      },
    },
  },
  {
    id: 'Layout',
    uiType: 'ohif.layoutSelector',
    props: { rows: 3, columns: 4, evaluate: 'evaluate.action' },
  },
  {
    id: 'TagBrowser',
    uiType: 'ohif.toolButton',
    props: {
      type: 'action',
      icon: 'dicom-tag-browser',
      label: 'Dicom Tag Browser',
      tooltip: 'Dicom Tag Browser',
      commands: 'openDICOMTagViewer',
    },
  },
  { id: 'MeasurementTools', uiType: 'ohif.toolButtonList', props: { buttonSection: true } },
  { id: 'MoreTools', uiType: 'ohif.toolButtonList', props: { buttonSection: true } },
  corner('modalityLoadBadge', 'Status', 'Status'),
  corner('navigationComponent', 'Navigation', 'Navigation'),
  corner('orientationMenu', 'OrientationSwitch', 'Orientation', false),
  corner('dataOverlayMenu', 'ViewportViews', 'Data Overlay', false),
  corner('windowLevelMenu', 'WindowLevel', 'Window Level', false),
  {
    id: EXTENSION.feedbackToolbar,
    uiType: EXTENSION.feedbackToolbar,
    props: { type: 'custom', icon: 'tab-segmentation', label: labels().feedback },
  },
];

export function fillToolbar({ toolbarService }: ModeServices): void {
  const { primary, viewportActionMenu } = toolbarService.sections;
  toolbarService.register(buttons());
  toolbarService.updateSection(primary, [
    'MeasurementTools',
    'Zoom',
    'Pan',
    'WindowLevel',
    'Layout',
    'Crosshairs',
    'MoreTools',
    EXTENSION.feedbackToolbar,
  ]);
  toolbarService.updateSection('MeasurementTools', [
    'Length',
    'Bidirectional',
    'ArrowAnnotate',
    'EllipticalROI',
    'RectangleROI',
  ]);
  toolbarService.updateSection('MoreTools', [
    'Reset',
    'StackScroll',
    'rotate-right',
    'flipHorizontal',
    'invert',
    'Probe',
    'Angle',
    'Magnify',
    'TagBrowser',
  ]);
  toolbarService.updateSection(viewportActionMenu.topLeft, ['orientationMenu', 'dataOverlayMenu']);
  toolbarService.updateSection(viewportActionMenu.topRight, [
    'modalityLoadBadge',
    'navigationComponent',
  ]);
  toolbarService.updateSection(viewportActionMenu.bottomLeft, ['windowLevelMenu']);
}
