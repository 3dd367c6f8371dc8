export const MODE_ID = '@second-reader/mode';

/** What the mode knows of the extension: references by string, resolved by the host. */
export const EXTENSION = {
  panel: '@second-reader/extension.panelModule.secondReader',
  /** The host takes the one that fits best; the first is for studies with a prior opened along. */
  hangingProtocols: ['@second-reader/ai-comparison', '@second-reader/ai-reading'],
  feedbackToolbar: 'secondReader.feedback',
  commands: 'SECOND_READER',
} as const;
