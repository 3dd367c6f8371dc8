/** A value that stays the same object until its source says that it changed. */
export interface Snapshot<T> {
  get(): T;
  subscribe(listener: () => void): () => void;
}

/**
 * Holds the last value of a source that may make a new object on every read, as React's
 * `useSyncExternalStore` asks: a value that is new on each read would render for ever. The source
 * is subscribed to once, however many listen here.
 */
export function snapshotOf<T>(
  read: () => T,
  subscribe: (listener: () => void) => () => void,
): Snapshot<T> {
  const listeners = new Set<() => void>();
  let value = read();
  let stop: (() => void) | undefined;

  /** For when the source may have changed unheard: keeps the old object if nothing did. */
  const refresh = () => {
    const next = read();
    if (JSON.stringify(next) !== JSON.stringify(value)) {
      value = next;
    }
  };
  const changed = () => {
    value = read();
    listeners.forEach(listener => listener());
  };

  return {
    get: () => {
      if (!stop) {
        refresh();
      }
      return value;
    },
    subscribe: listener => {
      listeners.add(listener);
      if (!stop) {
        stop = subscribe(changed);
        refresh();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) {
          stop?.();
          stop = undefined;
        }
      };
    },
  };
}
