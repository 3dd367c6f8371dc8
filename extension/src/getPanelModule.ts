import { mountable, type Mount } from './adapters/host/mountable';

/**
 * The AI panel, `@second-reader/extension.panelModule.secondReader`.
 *
 * @param label shown by the host as the tab's name; read once, when extensions are registered.
 */
export function getPanelModule(mountPanel: Mount, label: string): unknown[] {
  return [
    {
      name: 'secondReader',
      // In the icon set of every build from 3.11.1 to 3.14.0-beta.6.
      iconName: 'clipboard',
      iconLabel: label,
      label,
      component: mountable(mountPanel),
    },
  ];
}
