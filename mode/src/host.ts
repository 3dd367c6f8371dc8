/** The few host types that the mode uses; the published `@ohif/*` packages carry none. */

interface Destroyable {
  destroy(): void;
}

export interface ToolGroupService extends Destroyable {
  createToolGroupAndAddTools(toolGroupId: string, tools: Record<string, unknown[]>): void;
}

export interface ModeServices {
  measurementService: { clearMeasurements(): void };
  toolbarService: {
    register(buttons: unknown[]): void;
    updateSection(section: string, buttonIds: readonly string[]): void;
    sections: {
      primary: string;
      viewportActionMenu: Record<'topLeft' | 'topRight' | 'bottomLeft' | 'bottomMiddle', string>;
    };
  };
  toolGroupService: ToolGroupService;
  customizationService: {
    setCustomizations(customizations: Record<string, unknown>, scope?: string): void;
  };
  cornerstoneViewportService: Destroyable & {
    getViewportInfo(
      viewportId: string,
    ): { viewportOptions?: { orientation?: string } } | undefined | null;
  };
  syncGroupService: Destroyable;
  segmentationService: Destroyable;
  uiDialogService: { hideAll(): void };
  uiModalService: { hide(): void };
}

export interface ToolNames {
  toolNames: Record<string, string>;
  Enums: { MouseBindings: Record<string, number>; KeyboardBindings: Record<string, number> };
}

export interface ModeContext {
  servicesManager: { services: ModeServices };
  extensionManager: { getModuleEntry(id: string): { exports: unknown } | undefined };
  commandsManager: {
    runCommand(name: string, options?: Record<string, unknown>, context?: string): unknown;
  };
}
