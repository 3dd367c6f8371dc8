import type { HostManagers } from '../../types/host';

/** Hosts do not say their version; each line is known by something that came with it. */
export type HostVersion = '3.11' | '3.12' | '3.13' | '3.14+';

export function hostVersion({ extensionManager, servicesManager }: HostManagers): HostVersion {
  const page = globalThis as unknown as Record<string, unknown>;
  if (page['@ohif/core']) return '3.14+';
  const customization = servicesManager.services.customizationService as
    { applyModeCustomizations?: unknown } | undefined;
  if (customization?.applyModeCustomizations) return '3.13';
  const labelMapPanel =
    '@ohif/extension-cornerstone.panelModule.panelSegmentationWithToolsLabelMap';
  return extensionManager.getModuleEntry(labelMapPanel) ? '3.12' : '3.11';
}
