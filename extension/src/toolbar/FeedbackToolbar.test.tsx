/** @jest-environment jsdom */
import { act } from 'react';
import {
  all,
  click,
  lungs,
  opener,
  press,
  reading,
  settle,
  textOf,
  the,
  withResults,
} from '../components/harness.testing';
import type { ReadingState } from '../core/reading/state';
import { reviewHotkeys } from '../../../mode/src/hotkeys';
import { HOTKEYS } from './hotkeys';
import { mountToolbar } from './mountToolbar';

const open = opener(mountToolbar);

const chosen = (
  changes: Partial<Pick<ReadingState['findings'][number], 'verdict' | 'reason'>> = {},
): ReadingState => {
  const [left, right] = lungs();
  return withResults({
    findings: [{ ...left, selected: true, ...changes }, right],
    selectedFindingId: 'left',
  });
};
const TOOLS = ['ai-accept', 'ai-reject', 'ai-reopen', 'ai-next', 'ai-toggle'];
const live = () => TOOLS.filter(tool => the(tool).getAttribute('aria-disabled') !== 'true');

it.each<[string, ReadingState, string[]]>([
  ['there are no results', reading(), []],
  ['no finding is chosen', withResults(), ['ai-next', 'ai-toggle']],
  ['a new finding is chosen', chosen(), ['ai-accept', 'ai-reject', 'ai-next', 'ai-toggle']],
  [
    'an accepted finding is chosen',
    chosen({ verdict: 'accepted' }),
    ['ai-reject', 'ai-reopen', 'ai-next', 'ai-toggle'],
  ],
  [
    'a rejected finding is chosen',
    chosen({ verdict: 'rejected', reason: 'other' }),
    ['ai-accept', 'ai-reject', 'ai-reopen', 'ai-next', 'ai-toggle'],
  ],
  [
    'all are reviewed',
    withResults({ findings: lungs().map(each => ({ ...each, verdict: 'accepted' as const })) }),
    ['ai-toggle'],
  ],
])('offers what can be done when %s', (_name, state, tools) => {
  open(state);
  expect(live()).toEqual(tools);
});

it('does nothing on a tool that is not offered', () => {
  const { commands } = open(reading());
  TOOLS.forEach(tool => click(the(tool)));
  expect(commands).toEqual([]);
});

it('accepts, re-opens, goes to the next one and toggles', () => {
  const { commands } = open(chosen());
  click(the('ai-accept'));
  expect(the('ai-accept').getAttribute('aria-pressed')).toBe('true');
  click(the('ai-reopen'));
  click(the('ai-next'));
  expect(the('ai-toggle').getAttribute('aria-pressed')).toBe('true');
  click(the('ai-toggle'));
  expect(the('ai-toggle').getAttribute('aria-pressed')).toBe('false');
  expect(commands).toEqual([
    ['reviewFinding', { findingId: 'left', verdict: 'accepted' }],
    ['reviewFinding', { findingId: 'left', verdict: 'notReviewed' }],
    ['nextUnreviewedFinding', undefined],
    ['toggleAI', undefined],
  ]);
});

it('counts the findings that nobody reviewed', () => {
  const store = open(chosen());
  expect(textOf(the('ai-next'))).toBe('2');
  click(the('ai-accept'));
  expect(textOf(the('ai-next'))).toBe('1');
  store.set({ findings: [] });
  expect(textOf(the('ai-next'))).toBe('');
});

it('rejects with a reason that is chosen with the pointer', () => {
  const { commands } = open(chosen());
  click(the('ai-reject'));
  expect(textOf(the('ai-reject-menu'))).toContain('Why is “Left lung” wrong?');
  expect(document.querySelectorAll('[role="menuitem"]')).toHaveLength(6);
  click(the('ai-reject-wrongExtent'));
  expect(commands[0]).toEqual(['openRejection', { findingId: 'left' }]);
  expect(commands[1]).toEqual([
    'reviewFinding',
    { findingId: 'left', verdict: 'rejected', reason: 'wrongExtent' },
  ]);
  expect(all('ai-reject-menu')).toHaveLength(0);
});

it('rejects by keys alone: the hotkey opens the menu, a number gives the reason', async () => {
  const viewport = document.createElement('button');
  document.body.append(viewport);
  const store = open(chosen());
  act(() => viewport.focus());
  act(() => store.context.run('openRejection'));
  await settle();
  expect(the('ai-reject-menu').contains(document.activeElement)).toBe(true);
  // The host's own "3" would set a window preset.
  expect(press('3', 'Digit3')).toBe(false);
  expect(store.commands).toContainEqual([
    'reviewFinding',
    { findingId: 'left', verdict: 'rejected', reason: 'wrongExtent' },
  ]);
  await settle();
  expect(all('ai-reject-menu')).toHaveLength(0);
  expect(document.activeElement).toBe(viewport);
});

it('closes the menu on Escape without a verdict', async () => {
  const store = open(chosen());
  act(() => store.context.run('openRejection'));
  await settle();
  press('Escape');
  expect(store.commands.map(([command]) => command)).toEqual(['openRejection', 'closeRejection']);
  expect(all('ai-reject-menu')).toHaveLength(0);
});

it('rejects the finding that the menu was opened for, also when another one is chosen', () => {
  const { commands } = open({ ...chosen(), rejecting: 'right' });
  expect(textOf(the('ai-reject-menu'))).toContain('Right lung');
  click(the('ai-reject-other'));
  expect(commands[0][1]).toEqual({ findingId: 'right', verdict: 'rejected', reason: 'other' });
});

it('names every tool and its key, in the language of the host', () => {
  const store = open(chosen());
  expect(the('ai-accept').getAttribute('aria-label')).toBe('Accept finding');
  store.speak('uk');
  expect(the('ai-accept').getAttribute('aria-label')).toBe('Підтвердити знахідку');
  expect(TOOLS.map(tool => the(tool).getAttribute('aria-keyshortcuts'))).toEqual([
    HOTKEYS.accept,
    HOTKEYS.reject,
    HOTKEYS.reopen,
    HOTKEYS.next,
    HOTKEYS.toggle,
  ]);
});

it('shows the keys that the mode binds', () => {
  const keyOf = (command: string, verdict?: string) =>
    reviewHotkeys().find(
      ({ commandName, commandOptions }) =>
        commandName === command && commandOptions.verdict === verdict,
    )?.keys[0];
  const bound = {
    accept: keyOf('reviewFinding', 'accepted'),
    reject: keyOf('openRejection'),
    reopen: keyOf('reviewFinding', 'notReviewed'),
    next: keyOf('nextUnreviewedFinding'),
    toggle: keyOf('toggleAI'),
    store: keyOf('storeEvidence'),
  };
  expect(
    Object.fromEntries(Object.entries(HOTKEYS).map(([name, key]) => [name, key.toLowerCase()])),
  ).toEqual(bound);
});
