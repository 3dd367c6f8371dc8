/**
 * The keys that the mode binds to our commands, shown in tooltips. The mode knows the extension by
 * strings only and the host owns the keys, so they are named once more here.
 */
export const HOTKEYS = {
  accept: 'Y',
  reject: 'X',
  reopen: 'U',
  next: 'J',
  toggle: 'T',
  store: 'Shift+S',
} as const;
