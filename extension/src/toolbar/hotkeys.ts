/**
 * The keys that the mode binds to our commands, shown in tooltips. The mode knows the extension by
 * strings only and the host owns the keys, so they are named once more here.
 */
export const HOTKEYS = {
  accept: 'A',
  reject: 'R',
  reopen: 'U',
  next: 'N',
  toggle: 'T',
} as const;
