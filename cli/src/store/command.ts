import { Command } from 'commander';
import { refusal } from '@second-reader/core/outcome';
import { claimDestination, destinationOf } from '../outbox/destination';
import { openFolderOutbox } from '../outbox/folderOutbox';
import { passedOverLines } from '../start/ingest';
import { parseUpstream } from '../start/proxy';
import { fail, type Terminal } from '../terminal';
import { headersOf } from './credentials';
import { addSendingOptions, DEFAULT_OUTBOX, type SendingOptions } from './options';
import { putFiles } from './putFiles';
import { damagedLines, objectsText, sendAndTell, waitingLines } from './send';

const withoutSlash = (url: URL): string => url.href.replace(/\/+$/, '');

/** `second-reader store <file…> --archive <url>`. */
export function storeCommand(terminal: Terminal): Command {
  const store = new Command('store')
    .showHelpAfterError('(second-reader store --help lists the options)')
    .description(
      'store DICOM objects in an archive by STOW-RS: into an outbox on the disk first, out of it when acknowledged',
    )
    .argument('<file|folder...>', 'DICOM objects, such as evidence')
    .requiredOption('--archive <url>', "the archive's DICOMweb root");
  return addSendingOptions(store).action(
    async (files: string[], options: SendingOptions & { archive: string }) => {
      const archive = parseUpstream(options.archive, {}, '--archive');
      if (!archive.ok) return fail(terminal, archive.refusal);
      // Before anything is put anywhere.
      const headers = headersOf(options, process.env);
      if (!headers.ok) return fail(terminal, headers.refusal);
      const outbox = await openFolderOutbox(options.outbox);
      if (!outbox.ok) return fail(terminal, outbox.refusal);
      const root = withoutSlash(archive.value.url);
      const put = await putFiles(
        outbox.value,
        files,
        isEmpty => claimDestination(options.outbox, root, isEmpty),
        terminal.progress,
      );
      if (!put.ok) return fail(terminal, put.refusal);
      const { added, already, passedOver, damaged } = put.value;
      const before = already > 0 ? `; ${already} waited there already` : '';
      terminal.say(`Put ${objectsText(added)} into the outbox ${options.outbox}${before}.`);
      passedOverLines(passedOver).forEach(line => terminal.complain(line));
      if (damaged) process.exitCode = 1;
      const all = await sendAndTell(terminal, outbox.value, root, options);
      if (!all.ok) return fail(terminal, all.refusal);
      if (!all.value) process.exitCode = 1;
    },
  );
}

/** `second-reader outbox [--send]`. */
export function outboxCommand(terminal: Terminal): Command {
  const command = new Command('outbox')
    .showHelpAfterError('(second-reader outbox --help lists the options)')
    .description('show what waits to be stored and why, or send it now')
    .option('--send', 'send it to the archive that it is for');
  return addSendingOptions(command).action(async (options: SendingOptions & { send?: boolean }) => {
    const outbox = await openFolderOutbox(options.outbox);
    if (!outbox.ok) return fail(terminal, outbox.refusal);
    const root = await destinationOf(options.outbox);
    const entries = await outbox.value.list();
    if (entries.length + outbox.value.unreadable.length === 0) {
      return terminal.say(`Nothing waits in ${options.outbox}.`);
    }
    if (!options.send) {
      const count = entries.reduce((sum, { objects }) => sum + objects.length, 0);
      terminal.say(`${objectsText(count)} in ${options.outbox} for ${root ?? 'no known archive'}:`);
      waitingLines(entries).forEach(line => terminal.say(line));
      damagedLines(outbox.value).forEach(line => terminal.complain(line));
      const where = options.outbox === DEFAULT_OUTBOX ? '' : ` --outbox ${options.outbox}`;
      return terminal.say(`Tried again by: second-reader outbox --send${where}`);
    }
    if (!root) {
      const why = `${options.outbox} does not say which archive it is for; second-reader store … --archive <url> does.`;
      return fail(terminal, refusal('outboxWithoutArchive', why, { folder: options.outbox }));
    }
    const all = await sendAndTell(terminal, outbox.value, root, options);
    if (!all.ok) return fail(terminal, all.refusal);
    if (!all.value) process.exitCode = 1;
  });
}
