/**
 * Lets waiting messages and events in. Unlike a timer it is neither clamped to 4 ms nor slowed down
 * in a tab that is not looked at.
 */
export const yieldToEventLoop = (): Promise<void> =>
  new Promise(resolve => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
