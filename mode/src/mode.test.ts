/** @jest-environment jsdom */
import mode, { isValidMode } from './index';
import { reviewHotkeys } from './hotkeys';

/** `hotkeyBindings` of 3.11.1 to 3.14.0-beta.6. */
const HOST_KEYS = (
  'z + - = r l h v c i right left pageup pagedown . , down up home end space esc 1 2 3 4 ' +
  'backspace enter ctrl+z ctrl+y n ] [ e b a'
).split(' ');

describe('the mode', () => {
  it.each([
    ['CT', true],
    ['CT\\SEG\\SR', true],
    ['CR', true],
    ['SR', false],
    ['SEG\\SR', false],
    ['SM', false],
    ['', false],
  ])('reads %j: %s', (modalities, valid) => {
    const answer = isValidMode({ modalities });
    expect(answer.valid).toBe(valid);
    expect(answer.description === '').toBe(valid);
  });

  it('names only the host’s own extensions, which the host can load', () => {
    const { extensions } = mode.modeFactory();
    expect(Object.keys(extensions).every(name => name.startsWith('@ohif/'))).toBe(true);
  });

  it('takes no key from the host, and none twice', () => {
    const keys = reviewHotkeys().map(hotkey => hotkey.keys.join('+'));
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.filter(key => HOST_KEYS.includes(key))).toEqual([]);
  });

  it('speaks the language of the host', () => {
    localStorage.setItem('i18nextLng', 'uk');
    expect(mode.modeFactory().displayName).toBe('Читання з ШІ');
    localStorage.setItem('i18nextLng', 'en-US');
    expect(mode.modeFactory().displayName).toBe('AI reading');
  });
});
