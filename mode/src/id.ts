export const MODE_ID = '@second-reader/mode';

/** What the mode knows of the extension: references by string, resolved by the host. */
export const EXTENSION = {
  panel: '@second-reader/extension.panelModule.secondReader',
  hangingProtocol: '@second-reader/ai-reading',
  feedbackToolbar: 'secondReader.feedback',
  commands: 'SECOND_READER',
} as const;
