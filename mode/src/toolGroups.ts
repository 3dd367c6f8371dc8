import type { ModeContext, ToolNames } from './host';

/** Reference lines in the colours that the host's own modes give the three planes. */
const PLANE_COLOURS: Record<string, string> = {
  axial: 'rgb(200, 0, 0)',
  sagittal: 'rgb(200, 200, 0)',
  coronal: 'rgb(0, 200, 0)',
};
const OTHER_PLANE = 'rgb(0, 200, 200)';

/** Tool names differ between builds (a tool that a build lacks is `undefined`): those are left out. */
const named = (tools: Array<{ toolName: string | undefined } & Record<string, unknown>>) =>
  tools.filter(tool => tool.toolName !== undefined);

function navigation({ toolNames, Enums }: ToolNames) {
  const { Primary, Secondary, Auxiliary, Wheel } = Enums.MouseBindings;
  return named([
    { toolName: toolNames.WindowLevel, bindings: [{ mouseButton: Primary }] },
    { toolName: toolNames.Pan, bindings: [{ mouseButton: Auxiliary }] },
    {
      toolName: toolNames.Zoom,
      bindings: [{ mouseButton: Secondary }, { numTouchPoints: 2 }],
    },
    {
      toolName: toolNames.StackScroll,
      bindings: [{ mouseButton: Wheel }, { numTouchPoints: 3 }],
    },
  ]);
}

function annotation({ toolNames }: ToolNames, { commandsManager }: ModeContext) {
  const askForText = (data: Record<string, unknown>) =>
    commandsManager.runCommand('arrowTextCallback', data);
  return named([
    { toolName: toolNames.Length },
    { toolName: toolNames.Bidirectional },
    {
      toolName: toolNames.ArrowAnnotate,
      configuration: {
        getTextCallback: (callback: unknown, eventDetails: unknown) =>
          askForText({ callback, eventDetails }),
        changeTextCallback: (data: unknown, eventDetails: unknown, callback: unknown) =>
          askForText({ callback, data, eventDetails }),
      },
    },
    { toolName: toolNames.EllipticalROI },
    { toolName: toolNames.RectangleROI },
    { toolName: toolNames.CircleROI },
    { toolName: toolNames.PlanarFreehandROI },
    // Stored evidence of others may hold contours; drawing them needs the tool, not its button.
    {
      toolName: toolNames.PlanarFreehandContourSegmentation,
      configuration: { displayOnePointAsCrosshairs: true },
    },
    { toolName: toolNames.Probe },
    { toolName: toolNames.Angle },
    { toolName: toolNames.CobbAngle },
    { toolName: toolNames.Magnify },
    { toolName: toolNames.WindowLevelRegion },
  ]);
}

/**
 * The tool groups the host's viewports ask for by name: `default` (stacks), `mpr` (the host's MPR
 * layouts), `volume3d`, and `SRToolGroup`, in which the host shows measurements of stored SRs.
 */
export function createToolGroups(context: ModeContext): void {
  const { extensionManager, servicesManager } = context;
  const { toolGroupService, cornerstoneViewportService } = servicesManager.services;
  const cornerstone = extensionManager.getModuleEntry(
    '@ohif/extension-cornerstone.utilityModule.tools',
  )?.exports as ToolNames;
  const { toolNames, Enums } = cornerstone;

  toolGroupService.createToolGroupAndAddTools('default', {
    active: navigation(cornerstone),
    passive: annotation(cornerstone, context),
    enabled: named([{ toolName: toolNames.ImageOverlayViewer }]),
    disabled: named([{ toolName: toolNames.ReferenceLines }]),
  });

  toolGroupService.createToolGroupAndAddTools('mpr', {
    active: navigation(cornerstone),
    passive: annotation(cornerstone, context),
    disabled: named([
      {
        toolName: toolNames.Crosshairs,
        bindings: [
          {
            mouseButton: Enums.MouseBindings.Primary,
            modifierKey: Enums.KeyboardBindings.Shift,
          },
        ],
        configuration: {
          viewportIndicators: true,
          viewportIndicatorsConfig: { circleRadius: 5, xOffset: 0.95, yOffset: 0.05 },
          disableOnPassive: true,
          autoPan: { enabled: false, panSize: 10 },
          getReferenceLineColor: (viewportId: string) => {
            const info = cornerstoneViewportService.getViewportInfo(viewportId);
            return PLANE_COLOURS[info?.viewportOptions?.orientation ?? ''] ?? OTHER_PLANE;
          },
        },
      },
      { toolName: toolNames.ReferenceLines },
    ]),
  });

  toolGroupService.createToolGroupAndAddTools('volume3d', {
    active: named([
      {
        toolName: toolNames.TrackballRotateTool,
        bindings: [{ mouseButton: Enums.MouseBindings.Primary }],
      },
      {
        toolName: toolNames.Zoom,
        bindings: [{ mouseButton: Enums.MouseBindings.Secondary }, { numTouchPoints: 2 }],
      },
      {
        toolName: toolNames.Pan,
        bindings: [{ mouseButton: Enums.MouseBindings.Auxiliary }],
      },
    ]),
  });

  const reports = extensionManager.getModuleEntry(
    '@ohif/extension-cornerstone-dicom-sr.utilityModule.tools',
  )?.exports as Pick<ToolNames, 'toolNames'> | undefined;
  if (!reports) return;
  toolGroupService.createToolGroupAndAddTools('SRToolGroup', {
    active: navigation(cornerstone),
    passive: named(
      [
        'SRLength',
        'SRArrowAnnotate',
        'SRBidirectional',
        'SREllipticalROI',
        'SRCircleROI',
        'SRPlanarFreehandROI',
        'SRRectangleROI',
      ].map(name => ({ toolName: reports.toolNames[name] })),
    ),
    enabled: named([{ toolName: reports.toolNames.DICOMSRDisplay }]),
  });
}
