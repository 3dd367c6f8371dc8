/** @jest-environment jsdom */
import { act } from 'react';
import {
  all,
  click,
  finding,
  model,
  opener,
  press,
  reading,
  readingStore,
  run,
  settle,
  textOf,
  the,
} from '../components/harness.testing';
import { accept, refusal, refuse } from '../core/outcome';
import type { FindingState } from '../core/reading/state';
import { mountPanel } from './mountPanel';

const open = opener(mountPanel);

const nodules = model({
  modelId: 'nodules',
  name: { en: 'Nodules', uk: 'Вогнища' },
  task: 'detection',
  bytes: 12_345_678,
  fromSite: true,
  operatingPoints: [
    {
      key: 'balanced',
      name: { en: 'Balanced', uk: 'Збалансована' },
      threshold: 0.5,
      sensitivity: 0.93,
      falsePositivesPerScan: 1.25,
      measuredOn: { en: '12 phantoms' },
    },
    { key: 'sensitive', name: { en: 'Sensitive' }, threshold: 0.2 },
  ],
});

describe('a model', () => {
  it('says what it does, how large it is and that the site added it', () => {
    open(reading({ models: [nodules] }));
    expect(textOf(the('ai-model-facts-nodules'))).toBe('detection · 12.3 MB · added by this site');
    expect(all('ai-run-menu-ct-lungs')).toHaveLength(0);
  });

  it('is run with another operating point, of which it tells what is known', () => {
    const { commands } = open(reading({ models: [nodules] }));
    click(the('ai-run-menu-nodules'));
    expect(textOf(the('ai-operating-point-balanced'))).toBe(
      'Balancedthreshold 0.5, sensitivity 93%, 1.3 false positives per scanmeasured on 12 phantoms',
    );
    expect(textOf(the('ai-operating-point-sensitive'))).toBe('Sensitivethreshold 0.2');
    click(the('ai-operating-point-sensitive'));
    expect(commands).toEqual([['runModel', { modelId: 'nodules', operatingPoint: 'sensitive' }]]);
  });

  it('is run again on the series that it was run on, its point marked', () => {
    const made = run({
      modelId: 'nodules',
      displaySetInstanceUID: 'lung',
      operatingPoint: { key: 'balanced', threshold: 0.5 },
    });
    const models = [{ ...nodules, admits: ['soft', 'lung'] }];
    const { commands } = open(reading({ models, runs: [made] }));
    expect(textOf(the('ai-operating-point'))).toBe('Balanced (threshold 0.5)');
    click(the('ai-run-menu-nodules'));
    expect(the('ai-operating-point-balanced').getAttribute('aria-checked')).toBe('true');
    click(the('ai-operating-point-sensitive'));
    expect(commands).toEqual([
      [
        'runModel',
        { modelId: 'nodules', operatingPoint: 'sensitive', displaySetInstanceUID: 'lung' },
      ],
    ]);
  });

  it('that does not apply tells its first reason, and the others on demand', () => {
    const refusals = [
      refusal('gateModality', 'x', { met: 'CT', allowed: 'MR' }),
      refusal('gateSliceCount', 'x', { met: 3, allowed: 'at least 20' }),
      refusal('gateBodyPart', 'x', { met: 'CHEST', allowed: 'HEAD' }),
    ];
    open(reading({ models: [model({ admits: [], refusal: refusals[0], refusals })] }));
    const unfit = the('ai-model-unfit-ct-lungs');
    const shown = () =>
      Array.from(unfit.querySelectorAll('[data-cy="ai-refusal"]'))
        .filter(reason => !reason.closest('[hidden]'))
        .map(textOf);
    expect(shown()).toEqual(['The modality is CT; allowed: MR']);
    const more = the('ai-model-reasons-ct-lungs');
    expect(textOf(more)).toBe('2 more reasons');
    click(more);
    expect(more.getAttribute('aria-expanded')).toBe('true');
    expect(shown()).toHaveLength(3);
    click(more);
    expect(shown()).toHaveLength(1);
  });
});

describe('a model card', () => {
  const opened = async (
    state = reading({ models: [nodules] }),
    language?: string,
    prepare: (store: ReturnType<typeof readingStore>) => void = () => undefined,
  ) => {
    const store = open(state, language, prepare);
    act(() => the('ai-model-card-nodules').focus());
    click(the('ai-model-card-nodules'));
    await settle();
    return store;
  };
  const fact = (name: string) =>
    textOf(the('ai-card-dialog').querySelector(`[data-fact="${name}"] dd`));

  it('tells what the manifest declares, and what it does not', async () => {
    await opened();
    const dialog = the('ai-card-dialog');
    expect(dialog.getAttribute('role')).toBe('dialog');
    expect(textOf(dialog.querySelector('h2'))).toBe('Nodules 1.0.0');
    expect(fact('intendedUse')).toBe('Outlines of the lungs');
    expect(fact('regulatoryStatus')).toBe('None stated');
    expect(fact('performance')).toBe('None stated');
    expect(fact('licence')).toBe('MIT');
    expect(fact('sha256')).toBe('ab'.repeat(32));
    expect(fact('operatingPoints')).toContain('Balanced: threshold 0.5, sensitivity 93%');
    expect(dialog.querySelector('[data-fact="outOfScope"]')).toBeNull();
  });

  it('shows what the manifest says of performance, scope and clearance', async () => {
    const facts = {
      ...nodules.facts,
      outOfScope: [{ en: 'Screening' }],
      regulatoryStatus: { en: 'CE, class IIa' },
      performance: [
        { metric: { en: 'Dice' }, value: '0.97', measuredOn: { en: '5 left-out patients' } },
      ],
    };
    await opened(reading({ models: [{ ...nodules, facts }] }));
    expect(fact('outOfScope')).toBe('Screening');
    expect(fact('regulatoryStatus')).toBe('CE, class IIa');
    expect(fact('performance')).toContain('Dice0.975 left-out patients');
  });

  it('renders the authors’ Markdown below', async () => {
    await opened();
    const text = the('ai-card-text');
    expect(textOf(text.querySelector('h4'))).toBe('Card of nodules');
    expect(textOf(text.querySelector('strong'))).toBe('0.98');
  });

  it('opens links beside the viewer, and lets no HTML in', async () => {
    await opened(undefined, undefined, store => {
      store.context.modelCard = async () =>
        accept('[a](https://example.org) <img src=x onerror=alert(1)> [b](javascript:alert(1))');
    });
    const links = Array.from(the('ai-card-text').querySelectorAll('a'));
    expect(links.map(link => [link.href, link.target, link.rel])).toEqual([
      ['https://example.org/', '_blank', 'noopener noreferrer'],
    ]);
    expect(the('ai-card-text').querySelector('img')).toBeNull();
  });

  it('says why the card cannot be read', async () => {
    await opened(undefined, undefined, store => {
      store.context.modelCard = async () =>
        refuse('unknownModel', 'x', { modelId: 'nodules', known: '–' });
    });
    expect(textOf(the('ai-card-refusal'))).toContain('No model is called “nodules”');
  });

  it('takes the focus, keeps keys from the host, and gives the focus back on Escape', async () => {
    await opened();
    const dialog = the('ai-card-dialog');
    expect(dialog.contains(document.activeElement)).toBe(true);
    expect(press('y', 'KeyY')).toBe(false);
    press('Escape');
    await settle();
    expect(all('ai-card-dialog')).toHaveLength(0);
    expect(document.activeElement).toBe(the('ai-model-card-nodules'));
  });

  it('is there for a model that does not apply, and in Ukrainian', async () => {
    await opened(reading({ models: [{ ...nodules, admits: [] }] }), 'uk');
    expect(textOf(the('ai-card-dialog').querySelector('[data-fact="limitations"] dt'))).toBe(
      'Обмеження',
    );
    expect(fact('intendedUse')).toBe('Контури легень');
  });
});

describe('findings of other kinds', () => {
  const concept = {
    key: 'nodule-1',
    label: { en: 'Nodule 1', uk: 'Вогнище 1' },
    type: { value: '27925004', scheme: 'SCT', meaning: 'Nodule' },
  };
  const {
    segment: _segment,
    kind: _kind,
    measurements,
    ...base
  } = finding('a', concept.label) as Extract<FindingState, { kind: 'segment' }>;
  const row = (made: FindingState) => {
    open(reading({ runs: [run()], findings: [made] }));
    return Array.from(the('ai-finding').querySelectorAll<HTMLElement>('[data-measurement]')).map(
      each => [each.dataset.measurement, textOf(each)],
    );
  };

  it('a detection tells how sure and how large it is', () => {
    const made = { ...base, kind: 'detection', concept, score: 0.923, measurements: [] } as const;
    expect(row({ ...made, size: [8.25, 7, 9.125], measurements: [] })).toEqual([
      ['score', 'probability 92%'],
      ['size', 'size 8.3 × 7.0 × 9.1 mm'],
    ]);
    expect(textOf(the('ai-finding'))).toContain('not reviewed');
    expect(the('ai-finding').dataset.kind).toBe('detection');
  });

  it('a round detection has one diameter, and its measurements', () => {
    const made = { ...base, kind: 'detection', concept, score: 0.5 } as const;
    expect(row({ ...made, size: [8, 8, 8.04], measurements: [measurements[0]] })).toEqual([
      ['score', 'probability 50%'],
      ['size', 'size 8.0 mm'],
      ['volume', 'volume 2,431 mL'],
    ]);
  });

  it('a class tells its probability', () => {
    const made = { ...base, kind: 'classification', concept, score: 0.876 } as const;
    expect(row({ ...made, measurements: [] })).toEqual([['score', 'probability 88%']]);
  });

  it('a value is its value', () => {
    expect(row({ ...base, kind: 'regression', concept, measurements: [measurements[1]] })).toEqual([
      ['meanIntensity', '-812 HU'],
    ]);
  });

  it('a run that found nothing says so, with its model and engine', () => {
    open(reading({ runs: [run()], findings: [] }));
    expect(textOf(the('ai-nothing-found'))).toContain('Nothing found');
    const group = document.querySelector('[data-run-id]');
    expect(textOf(group)).toContain('Lungs on CT 1.0.0');
    expect(textOf(group)).toContain('WASM, 2 threads');
  });
});
