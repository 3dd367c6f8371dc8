/** How often the host's choice of language is looked at while someone listens. */
const LOOK_EVERY_MS = 1000;
const KEPT_AS = 'i18nextLng';

const keptLanguage = (): string | undefined => {
  try {
    return globalThis.localStorage.getItem(KEPT_AS) ?? undefined;
  } catch {
    // Storage is closed to pages in some frames; the host then keeps no language either.
    return undefined;
  }
};

/**
 * The host's language (BCP 47). Hosts up to 3.13 do not share their i18next; what they all do is
 * keep the language in local storage on each change, so that is what is read. Before the first
 * change it is the address's `lng`, else the browser's.
 */
export const hostLanguage = (): string =>
  keptLanguage() ??
  new URLSearchParams(globalThis.location.search).get('lng') ??
  globalThis.navigator.language ??
  'en-US';

/**
 * Calls back when the host's language has changed; returns the way to stop. A page is not told of
 * its own changes to local storage, so the value is looked at once a second while anyone listens.
 */
export function onHostLanguageChange(listener: (language: string) => void): () => void {
  let last = hostLanguage();
  const look = (): void => {
    const now = hostLanguage();
    if (now === last) return;
    last = now;
    listener(now);
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}
