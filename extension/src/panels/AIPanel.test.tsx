/** @jest-environment jsdom */
import { act } from 'react';
import {
  all,
  click,
  finding,
  lungs,
  model,
  opener,
  press,
  reading,
  readingStore,
  run,
  settle,
  show,
  textOf,
  the,
  withResults,
} from '../components/harness.testing';
import type { ReadingState } from '../core/reading/state';
import { mountPanel } from './mountPanel';

const open = opener(mountPanel);

describe('before there are results', () => {
  it.each([
    ['no study is open', reading({ studyInstanceUID: undefined, models: [] }), 'Open a study'],
    ['no model is installed', reading({ models: [] }), 'No models are installed'],
    ['nothing was run', reading(), 'No results yet'],
    ['no model applies', reading({ models: [model({ admits: [] })] }), 'None of the models'],
  ])('says that %s', (_name, state, text) => {
    open(state);
    expect(textOf(the('ai-empty'))).toContain(text);
    expect(all('ai-notice')).toHaveLength(0);
  });

  it('runs a model', () => {
    const { commands } = open(reading());
    expect(textOf(the('ai-run-ct-lungs'))).toBe('Run');
    click(the('ai-run-ct-lungs'));
    expect(commands).toEqual([['runModel', { modelId: 'ct-lungs' }]]);
  });

  it('lists a model that does not apply with the value met, and offers no run', () => {
    const refusal = {
      code: 'gateSliceCount',
      values: { met: 3, allowed: 'at least 20' },
      message: '',
    };
    open(reading({ models: [model({ admits: [], refusal })] }));
    expect(textOf(the('ai-refusal'))).toBe('Slices in the series: 3; allowed: at least 20');
    expect(all('ai-run-ct-lungs')).toHaveLength(0);
  });

  it('lets the series be chosen where several suit the model', () => {
    const { commands } = open(
      reading({
        models: [model({ admits: ['soft', 'lung'] })],
        displaySetDescriptions: { soft: 'Chest 2.0 B30f', lung: 'Chest 1.0 B70f' },
      }),
    );
    click(document.querySelector('[aria-haspopup="menu"]')!);
    const items = Array.from(document.querySelectorAll('[role="menuitem"]'));
    expect(items.map(textOf)).toEqual(['Chest 2.0 B30f', 'Chest 1.0 B70f']);
    click(items[1]);
    expect(commands).toEqual([
      ['runModel', { modelId: 'ct-lungs', displaySetInstanceUID: 'lung' }],
    ]);
  });
});

describe('while a model runs', () => {
  const running = reading({
    active: {
      modelId: 'ct-lungs',
      displaySetInstanceUID: 'chest',
      phase: 'infer',
      percent: 43.7,
      secondsLeft: 12,
    },
    queued: [{ modelId: 'other', displaySetInstanceUID: 'chest' }],
  });

  it('shows phase, percent and time left', () => {
    open(running);
    const bar = the('ai-progress');
    expect(bar.getAttribute('role')).toBe('progressbar');
    expect(bar.getAttribute('aria-valuenow')).toBe('44');
    expect(bar.getAttribute('aria-valuetext')).toBe('Computing, 44%, about 12 sec left');
    expect(textOf(document.querySelector('.sr-progress'))).toContain('1 more run is waiting');
  });

  it('cancels, and does not start the same model twice', () => {
    const { commands } = open(running);
    click(the('ai-run-ct-lungs'));
    expect(the('ai-run-ct-lungs').getAttribute('aria-disabled')).toBe('true');
    click(the('ai-cancel'));
    expect(commands).toEqual([['cancelRun', undefined]]);
  });

  it('goes when the run ends', () => {
    const store = open(running);
    store.set({ active: undefined, queued: [], runs: [run()], findings: lungs() });
    expect(all('ai-progress')).toHaveLength(0);
    expect(textOf(the('ai-run-ct-lungs'))).toBe('Run again');
    expect(all('ai-finding')).toHaveLength(2);
  });
});

describe('a finding', () => {
  it('says what it is, how large, who made it and that nobody reviewed it', () => {
    open(withResults());
    const [left] = all('ai-finding');
    expect(left.dataset.findingId).toBe('left');
    expect(left.dataset.verdict).toBe('notReviewed');
    const text = textOf(left);
    for (const part of [
      'Left lung',
      'volume 2,431 mL',
      'mean -812 HU',
      'not reviewed',
      'Lungs on CT 1.0.0 · WASM, 2 threads',
    ]) {
      expect(text).toContain(part);
    }
    expect(textOf(the('ai-engine'))).toBe('WASM, 2 threads: no graphics card can be used');
    expect(textOf(the('ai-notice'))).toBe('AI results are for research, not for primary diagnosis');
    const swatch = left.querySelector<HTMLElement>('.sr-swatch')!;
    expect(swatch.style.backgroundColor).toMatch(/^rgb\(25[45], [01], [01]\)$/);
  });

  it.each([
    [{ verdict: 'accepted', reviewer: 'Doe^Jane' }, 'accepted by Jane Doe'],
    [{ verdict: 'accepted' }, 'accepted'],
    [{ verdict: 'rejected', reason: 'wrongExtent' }, 'rejected: Wrong extent'],
  ] as const)('shows the verdict %j', (verdict, text) => {
    const [left] = lungs();
    open(withResults({ findings: [{ ...left, ...verdict }] }));
    expect(textOf(the('ai-verdict'))).toBe(text);
    expect(the('ai-finding').dataset.verdict).toBe(verdict.verdict);
  });

  it('is chosen by a click and marked as chosen', () => {
    const { commands } = open(withResults());
    click(all('ai-finding')[1]);
    expect(commands).toEqual([['selectFinding', { findingId: 'right' }]]);
    expect(all('ai-finding').map(row => row.getAttribute('aria-selected'))).toEqual([
      'false',
      'true',
    ]);
  });

  it('is reached by arrow keys and chosen by Enter, which the host does not hear', () => {
    const { commands } = open(withResults());
    const rows = all('ai-finding');
    expect(rows.map(row => row.tabIndex)).toEqual([0, -1]);
    act(() => rows[0].focus());
    expect(press('ArrowDown')).toBe(false);
    expect(document.activeElement).toBe(rows[1]);
    expect(rows.map(row => row.tabIndex)).toEqual([-1, 0]);
    expect(press('Enter')).toBe(false);
    expect(commands).toEqual([['selectFinding', { findingId: 'right' }]]);
    press('Home');
    expect(document.activeElement).toBe(rows[0]);
    press('ArrowUp');
    expect(document.activeElement).toBe(rows[0]);
  });

  it('leaves the keys it does not use to the host', () => {
    open(withResults());
    act(() => all('ai-finding')[0].focus());
    expect(press('y', 'KeyY')).toBe(true);
  });

  it('keeps Space on a focused button from the host', () => {
    open(withResults());
    act(() => the('ai-store').focus());
    expect(press(' ', 'Space')).toBe(false);
  });

  it('is judged in place without being chosen', () => {
    const { commands } = open(withResults());
    click(all('ai-finding-accept')[0]);
    expect(commands).toEqual([['reviewFinding', { findingId: 'left', verdict: 'accepted' }]]);
    click(all('ai-finding-accept')[0]);
    expect(commands[1]).toEqual(['reviewFinding', { findingId: 'left', verdict: 'notReviewed' }]);
    click(all('ai-finding-reject')[1]);
    click(the('ai-finding-reject-artefact'));
    expect(commands[2]).toEqual([
      'reviewFinding',
      { findingId: 'right', verdict: 'rejected', reason: 'artefact' },
    ]);
    expect(all('ai-finding-reject-menu')).toHaveLength(0);
  });

  it('is grouped with the others of its run, and says where the run came from', () => {
    const other = run({ runId: '2.25.2', modelName: { en: 'Nodules' }, origin: 'archive' });
    const nodule = finding('nodule', { en: 'Nodule', uk: 'Вогнище' }, { runId: '2.25.2' });
    open(withResults({ runs: [run(), other], findings: [...lungs(), nodule] }));
    const groups = Array.from(document.querySelectorAll('[data-run-id]'));
    expect(groups.map(group => group.querySelectorAll('[data-finding-id]').length)).toEqual([2, 1]);
    expect(all('ai-origin').map(textOf)).toEqual([
      'Run in this session, took 12 sec',
      'From the archive, model not run again',
    ]);
  });
});

describe('the archive', () => {
  const archive = {
    code: 'archiveUnreachable',
    values: { url: 'http://pacs/dicom-web' },
    message: '',
  };
  it.each<[string, Partial<ReadingState>, string, RegExp, boolean]>([
    ['research', { maturity: 'research' }, 'no', /^Not stored: research$/, false],
    ['not stored', {}, 'no', /^Not stored yet$/, true],
    ['stored', { runs: [run({ stored: 'stored' })] }, 'stored', /^Stored in the archive$/, false],
    [
      'changed since',
      { runs: [run({ stored: 'stored', changedSinceStored: true })] },
      'no',
      /^Verdicts changed/,
      true,
    ],
    [
      'waiting',
      { runs: [run({ stored: 'pending' })], outbox: { pending: 2, lastError: archive } },
      'pending',
      /^2 objects are waiting to be sent: The archive at http:\/\/pacs\/dicom-web cannot be reached/,
      true,
    ],
    [
      'failed',
      { runs: [run({ stored: 'failed', storeError: archive })] },
      'failed',
      /^Could not be stored: The archive at/,
      true,
    ],
  ])('%s', (_name, changes, state, text, canStore) => {
    const { commands } = open(withResults(changes));
    expect(the('ai-stored').dataset.state).toBe(state);
    expect(textOf(the('ai-stored'))).toMatch(text);
    click(the('ai-store'));
    expect(commands).toEqual(canStore ? [['storeEvidence', undefined]] : []);
  });

  it('says at research that nothing is stored', () => {
    open(withResults({ maturity: 'research' }));
    expect(textOf(the('ai-maturity'))).toBe('Research: nothing is stored');
    expect(the('ai-store').getAttribute('aria-disabled')).toBe('true');
  });

  it('names what waits for other studies', () => {
    open(withResults({ runs: [run({ stored: 'stored' })], outbox: { pending: 3 } }));
    expect(textOf(document.querySelector('.sr-footer'))).toContain('3 objects of other studies');
  });
});

it('tells refusals as alerts and dismisses them', () => {
  const { commands } = open(
    reading({
      refusals: [
        {
          code: 'runInterrupted',
          values: { modelId: 'ct-lungs' },
          message: '',
          modelId: 'ct-lungs',
        },
        { code: 'neverHeardOf', values: {}, message: 'Something new went wrong' },
      ],
    }),
  );
  const alerts = all('ai-refusal');
  expect(alerts.map(alert => alert.getAttribute('role'))).toEqual(['alert', 'alert']);
  expect(textOf(alerts[0])).toContain('Lungs on CT');
  expect(textOf(alerts[0])).toContain('interrupted');
  expect(textOf(alerts[1])).toBe('Something new went wrong');
  click(alerts[1].querySelector('button')!);
  expect(commands).toEqual([['dismissRefusal', { code: 'neverHeardOf' }]]);
});

it('says that overlays are hidden, and shows them', () => {
  const { commands } = open(withResults({ overlayVisible: false }));
  click(the('ai-hidden-hint').querySelector('button')!);
  expect(commands).toEqual([['toggleAI', undefined]]);
  expect(all('ai-hidden-hint')).toHaveLength(0);
});

it('speaks Ukrainian, and changes language with the host', () => {
  const store = open(withResults(), 'uk-UA');
  const left = textOf(all('ai-finding')[0]);
  expect(left).toContain('Ліва легеня');
  expect(left).toContain('об’єм 2 431 мл');
  expect(left).toContain('не розглянуто');
  expect(left).toContain('WASM, 2 потоки');
  store.speak('en-US');
  expect(textOf(all('ai-finding')[0])).toContain('Left lung');
});

it('leaves nothing behind when it is taken away, and can be mounted again at once', async () => {
  const store = readingStore(withResults());
  const { element, unmount: first } = show(mountPanel, store);
  first();
  let second: () => void = () => undefined;
  act(() => {
    second = mountPanel(element, store.context);
  });
  await settle();
  expect(all('ai-panel')).toHaveLength(1);
  expect(document.querySelectorAll('#second-reader-styles')).toHaveLength(1);
  act(() => second());
  await settle();
  expect(store.listeners.size).toBe(0);
  expect(element.childElementCount).toBe(0);
});
