/** @jest-environment jsdom */
import { act } from 'react';
import {
  all,
  click,
  opener,
  press,
  reading,
  run,
  settle,
  textOf,
  the,
  withResults,
} from '../components/harness.testing';
import type { ReadingState, RunState } from '../core/reading/state';
import { mountPanel } from './mountPanel';

const open = opener(mountPanel);

const storedRun = (changes: Partial<RunState> = {}): RunState =>
  run({ stored: 'stored', storedObjects: 2, ...changes });
const stored = (changes: Partial<RunState> = {}, more: Partial<ReadingState> = {}) =>
  withResults({ runs: [storedRun(changes)], ...more });

/** Opens the menu and the question by the keyboard. */
const ask = async () => {
  act(() => the('ai-set-menu').focus());
  press('Enter');
  await settle();
  expect(document.activeElement).toBe(the('ai-withdraw'));
  press('Enter');
  await settle();
};
const choose = (reason: string) => click(the(`ai-withdraw-${reason}`));

const withdrawal = {
  reason: 'quality' as const,
  withdrawnAt: '2026-03-05T10:00:00.000Z',
  withdrawnBy: 'Doe^Jane',
};

describe('withdrawing a stored result', () => {
  it('asks first: what it is, that nothing is deleted, and why', async () => {
    const { commands } = open(stored({}, { displaySetDescriptions: { chest: 'Chest 2.0' } }));
    await ask();
    const said = textOf(the('ai-withdraw-dialog'));
    expect(textOf(the('ai-withdraw-what'))).toBe(
      'Lungs on CT 1.0.0Chest 2.0 · 2 findings · 2 objects in the archive',
    );
    expect(said).toContain('The objects are not deleted');
    expect(said).toContain('cannot be taken back');
    expect(document.activeElement).toBe(the('ai-withdraw-quality'));
    // No key is the host's while the question is open.
    expect(press('y')).toBe(false);

    click(the('ai-withdraw-confirm'));
    expect(commands).toEqual([]);
    choose('patientSafety');
    click(the('ai-withdraw-confirm'));
    expect(commands).toEqual([['withdrawEvidence', { runId: '2.25.1', reason: 'patientSafety' }]]);
    expect(all('ai-withdraw-dialog')).toHaveLength(0);
  });

  it('is dropped by Escape, without a trace, and the focus is where it was', async () => {
    const { commands } = open(stored());
    await ask();
    choose('quality');
    press('Escape');
    await settle();
    expect(all('ai-withdraw-dialog')).toHaveLength(0);
    expect(document.activeElement).toBe(the('ai-set-menu'));
    await ask();
    expect((the('ai-withdraw-quality') as HTMLInputElement).checked).toBe(false);
    expect(commands).toEqual([]);
  });

  it('is asked in Ukrainian', async () => {
    open(stored({ storedObjects: 5 }), 'uk');
    await ask();
    expect(textOf(the('ai-withdraw-what'))).toBe(
      'Легені на КТ 1.0.02 знахідки · 5 об’єктів в архіві',
    );
    expect(textOf(the('ai-withdraw-confirm'))).toBe('Відкликати');
  });

  it.each<[string, ReadingState]>([
    ['not stored', withResults({ runs: [run({ storedObjects: 0 })] })],
    [
      'of another program',
      stored({ foreign: { instances: [], algorithmType: 'automatic' }, engine: undefined }),
    ],
    ['of a site at research', stored({}, { maturity: 'research' })],
    ['of a model at research', stored({ maturity: 'research' })],
    ['being withdrawn', stored({ withdrawal: { ...withdrawal, state: 'pending' } })],
  ])('is not offered for a result %s', (_name, state) => {
    open(state);
    expect(all('ai-set-menu')).toHaveLength(0);
  });

  it('is not for a result that is being stored, and says so', async () => {
    const { commands } = open(stored({ stored: 'pending' }));
    click(the('ai-set-menu'));
    await settle();
    expect(textOf(the('ai-withdraw'))).toContain('Not while it is being stored');
    click(the('ai-withdraw'));
    await settle();
    expect(all('ai-withdraw-dialog')).toHaveLength(0);
    expect(commands).toEqual([]);
  });
});

describe('a withdrawal', () => {
  const error = { code: 'archiveUnreachable', values: { url: 'http://a' }, message: 'down' };

  it('is told to wait until the archive has acknowledged it', () => {
    open(
      stored(
        { withdrawal: { ...withdrawal, state: 'pending', error } },
        { outbox: { pending: 1, objects: 1, nextAttemptAt: '2026-03-05T10:01:00.000Z' } },
      ),
    );
    expect(the('ai-withdrawal').dataset.state).toBe('pending');
    expect(textOf(the('ai-withdrawal'))).toBe(
      'To be withdrawn: waits for the archive’s acknowledgement',
    );
    expect(all('ai-withdrawn')).toHaveLength(0);
    expect(textOf(the('ai-outbox'))).toMatch(/^A withdrawal is waiting to be sent. Next attempt/);
  });

  it('that the archive refused says why, and can be asked for again', async () => {
    const refused = {
      code: 'archiveRefusedInstances',
      values: { count: 1, reason: 'SOP class not supported (0x0122)' },
      message: 'refused',
    };
    open(stored({ withdrawal: { ...withdrawal, state: 'failed', error: refused } }));
    expect(textOf(the('ai-withdrawal'))).toBe(
      'Could not be withdrawn: The archive refused 1 object: SOP class not supported (0x0122)',
    );
    await ask();
    expect(all('ai-withdraw-dialog')).toHaveLength(1);
  });

  it('that is done is told with who, why and which, in the language of the page', () => {
    const store = open(
      reading({
        withdrawn: [
          {
            ...withdrawal,
            runId: '2.25.1',
            modelId: 'ct-lungs',
            modelVersion: '1.0.0',
            modelName: 'Lungs on CT',
          },
        ],
      }),
    );
    expect(the('ai-withdrawn').dataset.reason).toBe('quality');
    expect(textOf(the('ai-withdrawn'))).toMatch(
      /^Lungs on CT 1\.0\.0: withdrawn from the archivePoor quality: .*, Jane Doe, Mar 5, 2026/,
    );
    store.speak('uk');
    expect(textOf(the('ai-withdrawn'))).toMatch(/^Легені на КТ 1\.0\.0: відкликано з архіву/);
  });
});

describe('the outbox', () => {
  it('says Sending while it is sending, and not that nobody will', () => {
    const waiting = { pending: 1, objects: 2 };
    const store = open(
      withResults({ runs: [run({ stored: 'pending' })], outbox: { ...waiting, sending: true } }),
    );
    expect(textOf(the('ai-outbox'))).toBe('Sending…Try now');
    click(the('ai-outbox-retry'));
    expect(store.commands).toEqual([]);
    store.set({ outbox: waiting });
    expect(textOf(the('ai-outbox'))).toBe('It is not tried again by itselfTry now');
  });
});
