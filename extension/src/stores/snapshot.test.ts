import { snapshotOf } from './snapshot';

/** A source that makes a new object on every read, as a service that projects its state may. */
function source() {
  let count = 0;
  const listeners = new Set<() => void>();
  return {
    subscriptions: () => listeners.size,
    read: () => ({ count }),
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    change: () => {
      count += 1;
      listeners.forEach(listener => listener());
    },
  };
}

it('gives the same object until the source says that it changed', () => {
  const { read, subscribe, change } = source();
  const snapshot = snapshotOf(read, subscribe);
  const stop = snapshot.subscribe(() => undefined);
  const first = snapshot.get();
  expect(snapshot.get()).toBe(first);
  change();
  expect(snapshot.get()).toEqual({ count: 1 });
  expect(snapshot.get()).toBe(snapshot.get());
  stop();
});

it('misses nothing that changed while nobody listened', () => {
  const { read, subscribe, change } = source();
  const snapshot = snapshotOf(read, subscribe);
  const first = snapshot.get();
  expect(snapshot.get()).toBe(first);
  change();
  snapshot.subscribe(() => undefined);
  expect(snapshot.get()).toEqual({ count: 1 });
});

it('subscribes once for all listeners and lets go after the last', () => {
  const { read, subscribe, change, subscriptions } = source();
  const snapshot = snapshotOf(read, subscribe);
  const heard: string[] = [];
  const stops = ['a', 'b'].map(name => snapshot.subscribe(() => heard.push(name)));
  expect(subscriptions()).toBe(1);
  change();
  expect(heard).toEqual(['a', 'b']);
  stops.forEach(stop => stop());
  expect(subscriptions()).toBe(0);
});
