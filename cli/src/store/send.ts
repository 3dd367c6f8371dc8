import { accept, type Outcome } from '@second-reader/core/outcome';
import type { OutboxEntry } from '@second-reader/core/reading/ports';
import type { FolderOutbox } from '../outbox/folderOutbox';
import { archiveAt, sendPatiently } from '../outbox/send';
import type { Terminal } from '../terminal';
import { headersOf } from './credentials';
import type { SendingOptions } from './options';

export const objectsText = (count: number): string =>
  `${count} ${count === 1 ? 'object' : 'objects'}`;

const uidsOf = ({ objects }: OutboxEntry): string =>
  objects.map(({ sopInstanceUID }) => sopInstanceUID).join(', ');

const waitText = (milliseconds: number): string => `${Math.ceil(milliseconds / 1000)} s`;

const MOST_LINES = 20;

/** Why an entry waits, and whether it is worth trying again as it is. */
const waitingLine = (entry: OutboxEntry): string => {
  const { lastError, held, attempts, enqueuedAt } = entry;
  const tried = attempts === 0 ? 'not tried yet' : `tried ${attempts} ×`;
  const why = lastError ? `: ${lastError.message}` : '';
  const end = held ? ' (refused for good: the object or the archive has to change first)' : '';
  return `  ${uidsOf(entry)}, since ${enqueuedAt}, ${tried}${why}${end}`;
};

/** A line an entry, and how many there are beyond what anybody reads. */
export const waitingLines = (entries: readonly OutboxEntry[]): string[] => [
  ...entries.slice(0, MOST_LINES).map(waitingLine),
  ...(entries.length > MOST_LINES ? [`  … and ${entries.length - MOST_LINES} more`] : []),
];

export const damagedLines = ({ unreadable }: FolderOutbox): string[] =>
  unreadable.map(({ file, reason }) => `  ${file} cannot be read and is left there: ${reason}`);

/**
 * Sends all that waits in an outbox and says what became of it.
 *
 * @returns whether the archive has everything. Refuses with `badHeader`, `tokenFileUnusable`.
 */
export const sendAndTell = async (
  terminal: Terminal,
  outbox: FolderOutbox,
  root: string,
  options: SendingOptions,
): Promise<Outcome<boolean>> => {
  const headers = headersOf(options, process.env);
  if (!headers.ok) return headers;
  const { stored, warnings, objects, pending, failed } = await sendPatiently(
    outbox,
    archiveAt(root, headers.value),
    {
      milliseconds: options.wait * 60_000,
      // Refused access: only the token's file can change while this waits.
      goesOn: ({ lastError }) =>
        lastError?.code !== 'archiveUnauthorized' || options.tokenFile !== undefined,
      waiting: (report, milliseconds) => {
        const why = report.lastError?.message ?? '';
        const next = `next attempt in ${waitText(milliseconds)}`;
        terminal.say(`${objectsText(report.objects)} not stored yet, ${next}: ${why}`);
      },
    },
  );
  warnings.forEach(({ sopInstanceUID, warning }) =>
    terminal.say(`Stored with a warning: ${sopInstanceUID}: ${warning}`),
  );
  terminal.say(`The archive has acknowledged ${objectsText(stored.length)}: ${root}`);
  if (pending > 0) {
    const waits = objects === 1 ? 'waits' : 'wait';
    terminal.complain(`${objectsText(objects)} ${waits} in ${options.outbox}:`);
    waitingLines(failed.map(({ entry }) => entry)).forEach(line => terminal.complain(line));
    terminal.complain(`To send again: second-reader outbox --send --outbox ${options.outbox}`);
  }
  damagedLines(outbox).forEach(line => terminal.complain(line));
  return accept(pending === 0 && outbox.unreadable.length === 0);
};
