import { createContext, useContext, useMemo, useSyncExternalStore } from 'react';
import type { Outcome } from '../core/outcome';
import type { ReadingState } from '../core/reading/state';
import { textsFor, type Texts } from '../locales';
import type { Snapshot } from '../stores/snapshot';

/**
 * All that the panels and the toolbar are given: a state to show, commands to change it with, and
 * the host's language. Nothing of the host, of cornerstone or of the archive is behind it.
 */
export interface ReadingContext {
  getState(): ReadingState;
  /** Calls back after every change; returns the way to stop. */
  subscribe(listener: () => void): () => void;
  /** Runs one of the extension's commands by its name. */
  run(command: string, options?: Record<string, unknown>): void;
  /** A model's `MODEL_CARD.md`, as Markdown. */
  modelCard(modelId: string): Promise<Outcome<string>>;
  /** The host's language, BCP 47. */
  language(): string;
  onLanguageChange(listener: (language: string) => void): () => void;
}

/** A reading context with its two changing values held still between changes. */
export interface ReadingSource {
  run: ReadingContext['run'];
  modelCard: ReadingContext['modelCard'];
  state: Snapshot<ReadingState>;
  language: Snapshot<string>;
}

export const ReadingSourceContext = createContext<ReadingSource | null>(null);

export interface Reading {
  state: ReadingState;
  run: ReadingContext['run'];
  modelCard: ReadingContext['modelCard'];
  texts: Texts;
}

/** The state of the reading, its commands, and texts in the host's language. */
export function useReading(): Reading {
  const source = useContext(ReadingSourceContext);
  if (!source) {
    throw new Error('useReading was called outside mountPanel or mountToolbar');
  }
  const state = useSyncExternalStore(source.state.subscribe, source.state.get);
  const language = useSyncExternalStore(source.language.subscribe, source.language.get);
  const { run, modelCard } = source;
  return useMemo(
    () => ({ state, run, modelCard, texts: textsFor(language) }),
    [state, run, modelCard, language],
  );
}
