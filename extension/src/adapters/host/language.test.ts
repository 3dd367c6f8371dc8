/** @jest-environment jsdom */
import { hostLanguage, onHostLanguageChange } from './language';

describe('the language of the host', () => {
  beforeEach(() => {
    jest.useFakeTimers();
    localStorage.clear();
    history.replaceState(null, '', '/');
  });
  afterEach(() => jest.useRealTimers());

  it('is what the host has kept, else what the address asks, else the browser’s', () => {
    expect(hostLanguage()).toBe(navigator.language);
    history.replaceState(null, '', '/?lng=uk');
    expect(hostLanguage()).toBe('uk');
    localStorage.setItem('i18nextLng', 'de');
    expect(hostLanguage()).toBe('de');
  });

  it('is told once for each change, until no one listens', () => {
    const heard: string[] = [];
    const stop = onHostLanguageChange(language => heard.push(language));
    localStorage.setItem('i18nextLng', 'uk');
    jest.advanceTimersByTime(5000);
    stop();
    localStorage.setItem('i18nextLng', 'de');
    jest.advanceTimersByTime(5000);
    expect(heard).toEqual(['uk']);
  });
});
