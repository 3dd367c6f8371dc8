import { EXTENSION } from './id';
import { labels } from './labels';

export interface Hotkey {
  commandName: string;
  commandOptions: Record<string, unknown>;
  context: string;
  label: string;
  keys: string[];
  isEditable: boolean;
}

/**
 * One key for each step of the review, none of them taken by the host's defaults: 3.11.1–3.14.0-beta.6
 * bind a b c e h i l n r v z, 1–4, + - = . , [ ], ctrl+z, ctrl+y, space, enter, esc, backspace and
 * the arrows. Users can rebind them in the host's preferences.
 *
 * Without a `findingId` the commands act on the selected finding.
 */
export function reviewHotkeys(): Hotkey[] {
  const text = labels();
  const hotkey = (
    key: string,
    label: string,
    commandName: string,
    commandOptions: Record<string, unknown> = {},
  ): Hotkey => ({
    commandName,
    commandOptions,
    context: EXTENSION.commands,
    label,
    keys: [key],
    isEditable: true,
  });
  return [
    hotkey('y', text.accept, 'reviewFinding', { verdict: 'accepted' }),
    hotkey('x', text.reject, 'openRejection'),
    hotkey('u', text.reopen, 'reviewFinding', { verdict: 'notReviewed' }),
    hotkey('j', text.next, 'nextUnreviewedFinding'),
    hotkey('t', text.toggle, 'toggleAI'),
    hotkey('shift+s', text.store, 'storeEvidence'),
  ];
}
