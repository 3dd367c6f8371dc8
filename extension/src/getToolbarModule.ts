import { mountable, type Mount } from './adapters/host/mountable';

/** Name of the toolbar component; the mode's toolbar names it as `uiType`. */
export const FEEDBACK_TOOLBAR = 'secondReader.feedback';

/** The feedback toolbar as one component of the host's toolbar, as wide as what is in it. */
export function getToolbarModule(mountToolbar: Mount): unknown[] {
  return [
    {
      name: FEEDBACK_TOOLBAR,
      defaultComponent: mountable(mountToolbar, {
        style: { display: 'flex', alignItems: 'center' },
      }),
    },
  ];
}
