import path from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';

export const DEFAULT_OUTBOX = path.join('.second-reader', 'outbox');

const list = (value: string, before: string[] = []): string[] => [...before, value];

function minutes(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('Allowed is a number of minutes from 0 (one attempt) on.');
  }
  return value;
}

/** How things are sent; `store` and `outbox` share it. */
export interface SendingOptions {
  outbox: string;
  header?: string[];
  tokenFile?: string;
  wait: number;
}

export const addSendingOptions = (command: Command): Command =>
  command
    .option('--outbox <folder>', 'folder of what the archive has not acknowledged', DEFAULT_OUTBOX)
    .option('--header <"Name: value">', 'sent with each request (repeatable)', list)
    .option('--token-file <file>', 'a token or a whole Authorization value, read for each request')
    .option('--wait <minutes>', 'go on trying for so long, 0 for one attempt', minutes, 5)
    .addHelpText(
      'after',
      `
Credentials are better kept off the command line, which others on the machine can read: --token-file, or
  SECOND_READER_DICOMWEB_USER and SECOND_READER_DICOMWEB_PASSWORD, or
  SECOND_READER_DICOMWEB_AUTHORIZATION (a whole Authorization header)
The exit code is 0 only where the archive has acknowledged every object.`,
    );
