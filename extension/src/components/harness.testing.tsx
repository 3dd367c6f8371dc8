import { act } from 'react';
import type { CodedConcept } from '../core/findings/types';
import { accept } from '../core/outcome';
import type { FindingState, ModelState, ReadingState, RunState } from '../core/reading/state';
import type { ReadingContext } from '../hooks/ReadingContext';

/** What jsdom lacks and Radix asks for. */
function preparePage(): void {
  Object.assign(globalThis, {
    IS_REACT_ACT_ENVIRONMENT: true,
    ResizeObserver: class {
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  });
  Object.assign(Element.prototype, { scrollIntoView() {}, hasPointerCapture: () => false });
}

const concept = (value: string, scheme: string, meaning: string): CodedConcept => ({
  value,
  scheme,
  meaning,
});

export const run = (changes: Partial<RunState> = {}): RunState => ({
  runId: '2.25.1',
  modelId: 'ct-lungs',
  modelName: { en: 'Lungs on CT', uk: 'Легені на КТ' },
  modelVersion: '1.0.0',
  engine: { engine: 'wasm-threads', threads: 2, fallbackReason: 'noAdapter' },
  displaySetInstanceUID: 'chest',
  madeAt: '',
  origin: 'run',
  timing: { preprocess: 2000, infer: 9000, measure: 1000 },
  stored: 'no',
  changedSinceStored: false,
  ...changes,
});

export const finding = (
  id: string,
  label: { en: string; uk: string },
  changes: Partial<Extract<FindingState, { kind: 'segment' }>> = {},
): FindingState => ({
  id,
  trackingIdentifier: label.en,
  runId: '2.25.1',
  kind: 'segment',
  segment: {
    segmentNumber: 1,
    key: id,
    label,
    category: concept('123037004', 'SCT', 'Anatomical Structure'),
    type: concept('39607008', 'SCT', 'Lung'),
    recommendedDisplayCIELab: [54.29, 80.81, 69.89],
  },
  measurements: [
    {
      name: 'volume',
      concept: concept('118565006', 'SCT', 'Volume'),
      value: 2431.07,
      unit: concept('mL', 'UCUM', 'milliliter'),
    },
    {
      name: 'meanIntensity',
      concept: concept('112031', 'DCM', 'Attenuation Coefficient'),
      value: -812.4,
      unit: concept("[hnsf'U]", 'UCUM', 'Hounsfield unit'),
    },
  ],
  middleSlice: 60,
  centroid: [0, 0, 0],
  referencedSOPInstanceUID: '2.25.9',
  modelId: 'ct-lungs',
  modelVersion: '1.0.0',
  verdict: 'notReviewed',
  selected: false,
  ...changes,
});

export const lungs = (): FindingState[] => [
  finding('left', { en: 'Left lung', uk: 'Ліва легеня' }),
  finding('right', { en: 'Right lung', uk: 'Права легеня' }),
];

export const model = (changes: Partial<ModelState> = {}): ModelState => ({
  modelId: 'ct-lungs',
  version: '1.0.0',
  name: { en: 'Lungs on CT', uk: 'Легені на КТ' },
  task: 'segmentation',
  admits: ['chest'],
  refusals: [],
  operatingPoints: [],
  bytes: 874173,
  fromSite: false,
  sha256: 'ab'.repeat(32),
  facts: {
    intendedUse: { en: 'Outlines of the lungs', uk: 'Контури легень' },
    limitations: [{ en: 'Adults only', uk: 'Лише дорослі' }],
    licence: 'MIT',
    trainingData: { en: 'Phantoms', uk: 'Фантоми' },
    manufacturer: 'Second Reader',
    algorithmFamily: concept('123110', 'DCM', 'Artificial Intelligence'),
  },
  ...changes,
});

export const reading = (changes: Partial<ReadingState> = {}): ReadingState => ({
  studyInstanceUID: '2.25.7',
  maturity: 'feedback',
  overlayVisible: true,
  models: [model()],
  queued: [],
  runs: [],
  findings: [],
  refusals: [],
  outbox: { pending: 0 },
  crossOriginIsolated: true,
  ...changes,
});

export const withResults = (changes: Partial<ReadingState> = {}): ReadingState =>
  reading({ runs: [run()], findings: lungs(), ...changes });

type Options = Record<string, unknown>;

/** A reading that obeys the commands that only change what is shown, and notes all of them. */
export function readingStore(initial: ReadingState, language = 'en-US') {
  let state = initial;
  let spoken = language;
  const listeners = new Set<() => void>();
  const languageListeners = new Set<(language: string) => void>();
  const commands: Array<[string, Options | undefined]> = [];

  const set = (changes: Partial<ReadingState>) => {
    state = { ...state, ...changes };
    listeners.forEach(listener => listener());
  };
  const select = (findingId?: string) =>
    set({
      selectedFindingId: findingId,
      findings: state.findings.map(each => ({ ...each, selected: each.id === findingId })),
    });
  const obey: Record<string, (options: Options) => void> = {
    selectFinding: ({ findingId }) => select(findingId as string),
    openRejection: ({ findingId }) =>
      set({ rejecting: (findingId as string | undefined) ?? state.selectedFindingId }),
    closeRejection: () => set({ rejecting: undefined }),
    toggleAI: () => set({ overlayVisible: !state.overlayVisible }),
    reviewFinding: ({ findingId, verdict, reason }) =>
      set({
        rejecting: undefined,
        findings: state.findings.map(each =>
          each.id === findingId
            ? ({ ...each, verdict, reason, reviewer: 'Doe^Jane' } as FindingState)
            : each,
        ),
      }),
  };

  const context: ReadingContext = {
    getState: () => ({ ...state }),
    subscribe: listener => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    run: (command, options) => {
      commands.push([command, options]);
      obey[command]?.(options ?? {});
    },
    modelCard: async modelId => accept(`# Card of ${modelId}\n\nDice **0.98**`),
    language: () => spoken,
    onLanguageChange: listener => {
      languageListeners.add(listener);
      return () => {
        languageListeners.delete(listener);
      };
    },
  };
  return {
    context,
    commands,
    listeners,
    set: (changes: Partial<ReadingState>) => act(() => set(changes)),
    speak: (next: string) =>
      act(() => {
        spoken = next;
        languageListeners.forEach(listener => listener(next));
      }),
  };
}

type Mount = (element: HTMLElement, context: ReadingContext) => () => void;

/** Mounts as the host does: into an element of its own, in a document with its own hotkeys. */
export function show(mount: Mount, store: ReturnType<typeof readingStore>) {
  const element = document.createElement('div');
  document.body.append(element);
  let unmount: () => void = () => undefined;
  act(() => {
    unmount = mount(element, store.context);
  });
  return { element, unmount: () => act(() => unmount()) };
}

/** What the tests of one panel have in common: a prepared page, left empty after each of them. */
export function opener(mount: Mount) {
  preparePage();
  let unmount: () => void = () => undefined;
  afterEach(async () => {
    unmount();
    unmount = () => undefined;
    await settle();
    document.body.replaceChildren();
  });
  return (
    state: ReadingState,
    language?: string,
    prepare: (store: ReturnType<typeof readingStore>) => void = () => undefined,
  ) => {
    const store = readingStore(state, language);
    prepare(store);
    ({ unmount } = show(mount, store));
    return store;
  };
}

/** Lets timers and focus handling of the page take their turn. */
export const settle = (): Promise<void> =>
  act(() => new Promise<void>(done => setTimeout(done, 5)));

/** The one element with this `data-cy`, wherever on the page. */
export function the(dataCy: string): HTMLElement {
  const found = all(dataCy);
  if (found.length !== 1) {
    throw new Error(`${found.length} elements with data-cy="${dataCy}"`);
  }
  return found[0];
}

export const all = (dataCy: string): HTMLElement[] =>
  Array.from(document.querySelectorAll<HTMLElement>(`[data-cy="${dataCy}"]`));

/** Text as it is read: no-break spaces are spaces. */
export const textOf = (element: Element | null): string =>
  (element?.textContent ?? '').replace(/[\u00a0\u202f]/g, ' ');

export const click = (element: Element): void =>
  act(() => {
    // Radix opens its menus on pointerdown.
    element.dispatchEvent(new MouseEvent('pointerdown', { bubbles: true, button: 0 }));
    element.dispatchEvent(new MouseEvent('click', { bubbles: true, button: 0 }));
  });

/** Presses a key where the focus is; false when it was kept from the host's hotkeys. */
export function press(key: string, code = key): boolean {
  let reached = false;
  const host = () => {
    reached = true;
  };
  document.addEventListener('keydown', host);
  act(() => {
    (document.activeElement ?? document.body).dispatchEvent(
      new KeyboardEvent('keydown', { key, code, bubbles: true, cancelable: true }),
    );
  });
  document.removeEventListener('keydown', host);
  return reached;
}
