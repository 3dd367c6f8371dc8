import type { HostManagers, Subscription } from '../../types/host';

/** Route of our mode: models start by themselves there and nowhere else. */
const READING_ROUTE = 'second-reader';
const DISPLAY_SET_EVENTS = [
  'DISPLAY_SETS_ADDED',
  'DISPLAY_SETS_CHANGED',
  'DISPLAY_SETS_REMOVED',
] as const;

/** The first study of the address, else that of the first display set: the one being read. */
export function openStudy({ servicesManager }: HostManagers): string | undefined {
  const query = [...new URLSearchParams(globalThis.location.search)];
  const asked = query.find(([key]) => /^studyinstanceuids?$/i.test(key))?.[1];
  const first = asked?.split(',')[0].trim();
  const { displaySetService } = servicesManager.services;
  return first || displaySetService.getActiveDisplaySets()[0]?.StudyInstanceUID;
}

export const inReadingRoute = (): boolean =>
  globalThis.location.pathname.split('/').includes(READING_ROUTE);

/** What the extension tells the host adapter of, and what others hear from it. */
export interface StudyEvents {
  /** To be called from the extension's `onModeEnter` and `onModeExit`. */
  modeEntered(): void;
  modeExited(): void;
  onStudyOpened(listener: (studyInstanceUID: string) => void): () => void;
  onDisplaySetsChanged(listener: () => void): () => void;
  onModeExit(listener: () => void): () => void;
}

/** Events of a set of listeners; a listener that throws does not keep the others from hearing. */
function listeners<T extends unknown[]>() {
  const set = new Set<(...values: T) => void>();
  return {
    add(listener: (...values: T) => void) {
      set.add(listener);
      return () => void set.delete(listener);
    },
    tell(...values: T) {
      for (const listener of set) {
        try {
          listener(...values);
        } catch (error) {
          console.error('Second Reader: a listener failed', error);
        }
      }
    },
  };
}

export function createStudyEvents(managers: HostManagers): StudyEvents {
  const { displaySetService } = managers.servicesManager.services;
  const opened = listeners<[string]>();
  const changed = listeners();
  const exited = listeners();
  let subscriptions: Subscription[] = [];
  let study: string | undefined;
  let scheduled: ReturnType<typeof setTimeout> | undefined;

  const look = () => {
    scheduled = undefined;
    const now = openStudy(managers);
    if (now !== undefined && now !== study) {
      study = now;
      opened.tell(now);
    }
    changed.tell();
  };
  const leave = () => {
    subscriptions.forEach(subscription => subscription.unsubscribe());
    subscriptions = [];
    clearTimeout(scheduled);
    scheduled = undefined;
    study = undefined;
  };

  return {
    modeEntered() {
      leave();
      // The host adds display sets series by series: what comes in one burst is told once.
      const schedule = () => (scheduled ??= setTimeout(look, 0));
      subscriptions = DISPLAY_SET_EVENTS.map(name => displaySetService.EVENTS[name])
        .filter(event => event !== undefined)
        .map(event => displaySetService.subscribe(event, schedule));
      if (displaySetService.getActiveDisplaySets().length > 0) schedule();
    },
    modeExited() {
      leave();
      exited.tell();
    },
    onStudyOpened: opened.add,
    onDisplaySetsChanged: changed.add,
    onModeExit: exited.add,
  };
}
