/** @jest-environment jsdom */
import { act } from 'react';
import {
  all,
  click,
  finding,
  lungs,
  opener,
  press,
  reading,
  run,
  textOf,
  the,
  withResults,
} from '../components/harness.testing';
import type { ForeignOrigin } from '../core/findings/types';
import type { ComparisonState, FindingState, ReadingState, RunState } from '../core/reading/state';
import { mountPanel } from './mountPanel';

const open = opener(mountPanel);

const foreignRun = (foreign: Partial<ForeignOrigin>, changes: Partial<RunState> = {}): RunState =>
  run({
    runId: '2.25.5',
    modelId: 'LungSeg',
    modelName: { en: 'LungSeg' },
    modelVersion: '2.1',
    engine: undefined,
    foreign: { instances: [], algorithmType: 'automatic', ...foreign },
    manufacturer: foreign.manufacturer,
    origin: 'archive',
    stored: 'stored',
    timing: {},
    ...changes,
  });
const concept = (meaning: string, uk = meaning) => ({
  key: meaning,
  label: { en: meaning, uk },
  type: { value: '1', scheme: '99T', meaning },
});
const {
  segment: _segment,
  kind: _kind,
  ...base
} = finding('base', { en: 'B', uk: 'Б' }) as Extract<FindingState, { kind: 'segment' }>;
const other = (id: string): FindingState =>
  finding(id, { en: 'Left lung', uk: 'Ліва легеня' }, { runId: '2.25.5' });
const both = (changes: Partial<ReadingState> = {}): ReadingState =>
  withResults({
    runs: [run(), foreignRun({ manufacturer: 'Acme' })],
    findings: [...lungs(), other('theirs')],
    displaySetDescriptions: { chest: 'Chest 2.0' },
    ...changes,
  });
const sets = () => all('ai-result-set');

describe('a result of another program', () => {
  it('says whose it is, and nothing of our engines', () => {
    open(
      both({
        runs: [
          foreignRun({
            manufacturer: 'Acme',
            manufacturerModelName: 'Reader Plus',
            softwareVersions: '7',
            seriesDescription: 'Acme lungs',
          }),
        ],
      }),
    );
    const [head] = sets();
    expect(textOf(head.querySelector('.sr-run-name'))).toBe('LungSeg 2.1');
    expect(textOf(the('ai-originator'))).toBe('Another program, automatic');
    expect(textOf(the('ai-maker'))).toBe('Acme, Reader Plus 7');
    expect(textOf(head)).toContain('Acme lungs');
    expect(textOf(head)).toContain('Chest 2.0');
    expect(textOf(the('ai-origin'))).toBe('From the archive');
    expect(all('ai-engine')).toHaveLength(0);
    expect(textOf(head)).not.toMatch(/WASM|not run again|Second Reader/);
    expect(textOf(the('ai-finding'))).toContain('LungSeg 2.1 · Another program, automatic');
  });

  it('does not say its product twice', () => {
    const product = { manufacturerModelName: 'LungSeg', softwareVersions: '2.1 build 7' };
    open(both({ runs: [foreignRun({ manufacturer: 'Acme', ...product })] }));
    expect(textOf(the('ai-maker'))).toBe('Acme');
  });

  it.each<[string, Partial<ForeignOrigin>, string]>([
    ['a person who drew it', { author: 'Doe^Jane', algorithmType: 'manual' }, 'Jane Doe, manual'],
    ['a person with help', { author: 'Doe^Jane', algorithmType: 'unknown' }, 'Jane Doe'],
    ['nobody by name', { algorithmType: 'manual' }, 'Another reader, manual'],
    ['a program that someone ran', { author: 'Doe^Jane' }, 'Another program (Jane Doe), automatic'],
  ])('names %s', (_name, foreign, text) => {
    open(both({ runs: [foreignRun(foreign)] }));
    expect(textOf(the('ai-originator'))).toBe(text);
  });

  it('is called by its series or product where it has no name', () => {
    const unnamed = { modelName: { en: '' }, modelVersion: '' };
    open(
      both({
        runs: [
          foreignRun({ seriesDescription: 'Contours' }, { ...unnamed, runId: '1' }),
          foreignRun({ manufacturerModelName: 'Reader' }, { ...unnamed, runId: '2' }),
          foreignRun({}, { ...unnamed, runId: '3' }),
        ],
      }),
    );
    expect(sets().map(set => textOf(set.querySelector('.sr-run-name')))).toEqual([
      'Contours',
      'Reader',
      'Unnamed result',
    ]);
  });

  it('is judged as ours is', () => {
    const { commands } = open(both());
    click(all('ai-finding-accept')[2]);
    expect(commands).toEqual([['reviewFinding', { findingId: 'theirs', verdict: 'accepted' }]]);
  });
});

describe('a result set', () => {
  it('is shown and hidden by itself', () => {
    const { commands } = open(both());
    const eyes = all('ai-set-toggle');
    expect(eyes.map(eye => eye.getAttribute('aria-pressed'))).toEqual(['true', 'true']);
    expect(eyes[1].getAttribute('aria-label')).toBe('Show “LungSeg 2.1” on the images');
    click(eyes[1]);
    expect(commands).toEqual([['toggleRun', { runId: '2.25.5' }]]);
  });

  it('has its eye closed while it, or everything, is hidden', () => {
    const store = open(both({ runs: [run({ hidden: true }), foreignRun({})] }));
    const pressed = () => all('ai-set-toggle').map(eye => eye.getAttribute('aria-pressed'));
    expect(pressed()).toEqual(['false', 'true']);
    store.set({ overlayVisible: false });
    expect(pressed()).toEqual(['false', 'false']);
  });

  it('folds up, says what is left to review, and unfolds when one of it is chosen', () => {
    const { set } = open(both());
    const [button] = all('ai-set-collapse');
    expect(all('ai-set-unreviewed').map(textOf)).toEqual([
      '2 of 2 not reviewed',
      '1 of 1 not reviewed',
    ]);
    click(button);
    expect(button.getAttribute('aria-expanded')).toBe('false');
    expect(all('ai-finding').map(row => row.dataset.findingId)).toEqual(['theirs']);
    // The Tab key still reaches the list.
    expect(the('ai-finding').tabIndex).toBe(0);
    set({ selectedFindingId: 'right' });
    expect(all('ai-finding')).toHaveLength(3);
  });

  it('takes arrow keys over to the next set', () => {
    open(both());
    act(() => all('ai-finding')[1].focus());
    press('ArrowDown');
    expect((document.activeElement as HTMLElement).dataset.findingId).toBe('theirs');
  });

  it('holds only rows in its grid', () => {
    open(both());
    for (const grid of document.querySelectorAll('[role="grid"]')) {
      expect(Array.from(grid.children, child => child.getAttribute('role'))).toEqual(
        Array.from(grid.children, () => 'row'),
      );
    }
  });
});

describe('findings of every kind', () => {
  const row = (made: FindingState) => {
    open(reading({ runs: [foreignRun({})], findings: [{ ...made, runId: '2.25.5' }] }));
    return the('ai-finding');
  };

  it('an annotation has its words, its evaluations and its score', () => {
    const made = row({
      ...base,
      kind: 'annotation',
      concept: concept('Nodule'),
      score: 0.71,
      measurements: [],
      shapes: [{ graphicType: 'TEXT', points: [[0, 0, 0]], text: 'see here' }],
      evaluations: [
        {
          concept: { value: '1', scheme: '99T', meaning: 'Malignancy' },
          value: { value: '2', scheme: '99T', meaning: 'Probable' },
        },
        { concept: { value: '3', scheme: '99T', meaning: 'Remark' }, value: 'stable' },
      ],
    });
    expect(textOf(made)).toContain('probability 71%');
    expect(all('ai-evaluation').map(textOf)).toEqual(['Malignancy Probable', 'Remark stable']);
    expect(textOf(made)).toContain('“see here”');
  });

  it('key images are counted', () => {
    const made = row({
      ...base,
      kind: 'keyImage',
      concept: concept('For Referring Provider'),
      measurements: [],
      images: [{ sopInstanceUID: '1' }, { sopInstanceUID: '2' }],
      text: 'compare with last year',
    });
    expect(textOf(made.querySelector('[data-measurement="images"]'))).toBe('2 images');
    expect(textOf(made)).toContain('compare with last year');
  });

  it('a map has a legend with its range and unit', () => {
    row({
      ...base,
      kind: 'map',
      concept: concept('Saliency'),
      measurements: [],
      mapKey: 'saliency',
      range: { min: 0, max: 0.85, unit: { value: '1', scheme: 'UCUM', meaning: 'no units' } },
    });
    expect(the('ai-map-legend').getAttribute('aria-label')).toBe('Colours from 0 to 0.85');
  });
});

describe('comparing two results', () => {
  const comparison = (changes: Partial<ComparisonState> = {}): ComparisonState => ({
    a: '2.25.1',
    b: '2.25.5',
    status: 'done',
    pairs: [
      {
        kind: 'segment',
        a: 'left',
        b: 'theirs',
        dice: 0.9731,
        volume: { a: 2431, b: 2440 },
        distance: 1,
      },
      { kind: 'segment', a: 'right', volume: { a: 2000 } },
    ],
    refusals: [],
    sideBySide: false,
    ...changes,
  });
  const pairs = () =>
    all('ai-compare-pair').map(pair => Array.from(pair.children, cell => textOf(cell)));

  it('starts from a result, with any other', () => {
    const { commands } = open(both());
    click(all('ai-compare')[0]);
    const [item] = all('ai-compare-with');
    expect(textOf(item)).toBe('LungSeg 2.1Another program, automatic · Chest 2.0');
    click(item);
    expect(commands).toEqual([['compareRuns', { a: '2.25.1', b: '2.25.5' }]]);
  });

  it('is not offered where there is nothing to compare with', () => {
    open(withResults());
    expect(all('ai-compare')).toHaveLength(0);
  });

  it('lists findings with both values, Dice and the difference', () => {
    open(both({ comparison: comparison() }));
    expect(textOf(the('ai-comparison'))).toContain('A Lungs on CT 1.0.0');
    expect(pairs()).toEqual([
      ['Left lungnot reviewed', '2,431 mL', '2,440 mL', 'Dice 0.97+9.00 mL'],
      ['Right lung', '2,000 mL', '–', 'only A'],
    ]);
    expect(all('ai-compare-pair').map(pair => pair.dataset.foundBy)).toEqual(['both', 'a']);
  });

  it('tells whether the reader judged both alike', () => {
    const judged = (verdict: 'accepted' | 'rejected') => [
      ...lungs().map(each => ({ ...each, verdict: 'accepted' as const })),
      { ...other('theirs'), verdict },
    ];
    const store = open(both({ comparison: comparison(), findings: judged('accepted') }));
    expect(pairs()[0][0]).toContain('both accepted');
    store.set({ findings: judged('rejected') });
    expect(pairs()[0][0]).toContain('verdicts differ');
  });

  it('tells distances of places and differences of probabilities', () => {
    const spot = (id: string, runId: string, score: number): FindingState => ({
      ...base,
      ...{ id, runId, score, measurements: [] },
      kind: 'detection',
      concept: concept('Nodule'),
      size: [8, 8, 8],
    });
    const said = (id: string, runId: string, score: number): FindingState => ({
      ...base,
      ...{ id, runId, score, measurements: [] },
      kind: 'classification',
      concept: concept('Effusion'),
    });
    open(
      both({
        findings: [
          ...[spot('1', '2.25.1', 0.9), spot('2', '2.25.5', 0.8)],
          ...[said('3', '2.25.1', 0.6), said('4', '2.25.5', 0.85)],
        ],
        comparison: comparison({
          pairs: [
            { kind: 'detection', a: '1', b: '2', distance: 1.234, iou: 0.7 },
            { kind: 'classification', a: '3', b: '4' },
          ],
        }),
      }),
    );
    expect(pairs().map(cells => cells.slice(1))).toEqual([
      ['90%', '80%', '1.2 mm apart'],
      ['60%', '85%', '+25%'],
    ]);
  });

  it('jumps from a row, by mouse and by keyboard', () => {
    const { commands } = open(both({ comparison: comparison() }));
    click(all('ai-compare-pair')[0]);
    click(all('ai-compare-pair')[1].querySelector('button')!);
    expect(commands).toEqual([
      ['selectFinding', { findingId: 'left' }],
      ['selectFinding', { findingId: 'right' }],
    ]);
  });

  it('says why contours could not be laid on one another, and that it is at work', () => {
    const refusals = [
      { code: 'compareGridsDiffer', values: { met: '2 × 2', allowed: '3 × 3' }, message: '' },
    ];
    const store = open(both({ comparison: comparison({ refusals }) }));
    expect(textOf(the('ai-compare-refusal'))).toContain('different grids (3 × 3 and 2 × 2)');
    store.set({ comparison: comparison({ status: 'comparing', pairs: [] }) });
    expect(textOf(the('ai-comparison'))).toContain('Comparing');
  });

  it('is laid out side by side, and closed', () => {
    const { commands, set } = open(both({ comparison: comparison() }));
    click(the('ai-side-by-side'));
    set({ comparison: comparison({ sideBySide: true }) });
    expect(the('ai-side-by-side').getAttribute('aria-pressed')).toBe('true');
    click(the('ai-compare-close'));
    expect(commands.map(([name]) => name)).toEqual(['compareSideBySide', 'closeComparison']);
  });

  it('speaks Ukrainian', () => {
    open(both({ comparison: comparison() }), 'uk');
    expect(textOf(the('ai-comparison'))).toContain('Порівняння');
    expect(pairs()[1][3]).toBe('лише A');
  });
});

describe('the outbox', () => {
  const lastError = { code: 'archiveUnreachable', values: { url: 'http://pacs' }, message: '' };
  const nextAttemptAt = new Date(2026, 0, 2, 14, 5, 7).toISOString();

  it('says how much waits, why, when it is tried again, and tries now', () => {
    const { commands } = open(
      withResults({
        runs: [run({ stored: 'pending', storeError: lastError })],
        outbox: { pending: 1, objects: 4, nextAttemptAt, lastError },
      }),
    );
    expect(textOf(the('ai-stored'))).toMatch(/^4 objects are waiting to be sent: The archive at/);
    expect(textOf(the('ai-outbox'))).toContain('Next attempt at 2:05:07 PM');
    click(the('ai-outbox-retry'));
    expect(commands).toEqual([['retryOutbox', undefined]]);
  });

  it('names what waits of other studies', () => {
    open(
      withResults({
        runs: [run({ stored: 'stored' })],
        outbox: { pending: 1, objects: 2, nextAttemptAt },
      }),
    );
    expect(textOf(the('ai-outbox'))).toContain('2 objects of other studies are waiting to be sent');
  });

  it('is not there when nothing waits', () => {
    open(withResults());
    expect(all('ai-outbox')).toHaveLength(0);
  });

  it('tells a warning of the archive', () => {
    open(withResults({ runs: [run({ stored: 'stored', storeWarnings: ['Coerced'] })] }));
    expect(the('ai-stored').dataset.state).toBe('stored');
    expect(textOf(the('ai-stored'))).toBe('Stored; the archive gave a warning: Coerced');
  });
});
