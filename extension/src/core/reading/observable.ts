/** A value with listeners: the whole of the state machinery the panels need. */
export interface Observable<T> {
  get(): T;
  set(next: T): void;
  subscribe(listener: (value: T) => void): () => void;
}

export const createObservable = <T>(initial: T): Observable<T> => {
  let value = initial;
  const listeners = new Set<(value: T) => void>();
  return {
    get: () => value,
    set: next => {
      value = next;
      // A copy: a listener may unsubscribe itself or others while it is called.
      [...listeners].forEach(listener => listener(value));
    },
    subscribe: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
