import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { DEFAULT_OHIF_VERSION, TESTED_OHIF_VERSIONS } from '../ohif/versions';
import { ownVersion } from '../workspace';
import { fail, type Terminal } from '../terminal';
import { MATURITIES } from './appConfig';
import { canOpenBrowser, openBrowser } from './browser';
import { startServer } from './server';

function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65535) {
    throw new InvalidArgumentError('Allowed is a whole number from 0 (any free port) to 65535.');
  }
  return value;
}

const parsedOptions = z.object({
  port: z.number(),
  data: z.string(),
  dicom: z.array(z.string()).default([]),
  dicomweb: z.string().optional(),
  ohif: z.string(),
  maturity: z.enum(MATURITIES).optional(),
  models: z.string().optional(),
  sample: z.boolean(),
  open: z.boolean(),
});

const countOf = (studies: number): string => `${studies} ${studies === 1 ? 'study' : 'studies'}`;

/** `second-reader start`. */
export function startCommand(terminal: Terminal): Command {
  return new Command('start')
    .showHelpAfterError('(second-reader start --help lists the options)')
    .description('serve a stock OHIF with the plugin and an archive on this machine')
    .option('--port <number>', 'port on 127.0.0.1', port, 3000)
    .option('--data <folder>', 'folder of the development archive', '.second-reader')
    .option('--dicom <path...>', 'DICOM files and folders to add to the development archive')
    .addOption(
      new Option(
        '--dicomweb <url>',
        "a PACS's DICOMweb root in place of the development archive",
      ).conflicts('dicom'),
    )
    .option(
      '--ohif <version|folder>',
      `version of @ohif/app or a folder of a built one; tested are ${Object.keys(TESTED_OHIF_VERSIONS).join(', ')}`,
      DEFAULT_OHIF_VERSION,
    )
    .addOption(
      new Option(
        '--maturity <level>',
        'what is stored: research nothing, production results, feedback results and reviews (default: feedback, with --dicomweb research)',
      ).choices(MATURITIES),
    )
    .option('--models <folder>', 'a further model package, or a folder of packages')
    .option('--no-sample', 'do not fill an empty archive with the sample patient')
    .option('--no-open', 'do not open the browser')
    .addHelpText(
      'after',
      `
Credentials for --dicomweb come from the environment and never reach the page:
  SECOND_READER_DICOMWEB_USER and SECOND_READER_DICOMWEB_PASSWORD, or
  SECOND_READER_DICOMWEB_AUTHORIZATION (a whole Authorization header)
--dicom goes with the development archive only; a PACS is filled by its own means.
SECOND_READER_CACHE names the folder that fetched OHIF builds are kept in.`,
    )
    .action(async (given: unknown) => {
      const { open, ...options } = parsedOptions.parse(given);
      const started = await startServer({
        ...options,
        say: terminal.say,
        progress: terminal.progress,
      });
      if (!started.ok) {
        fail(terminal, started.refusal);
        return;
      }
      const { url, archive, maturity, ohifVersion, close } = started.value;
      terminal.say(
        `Second Reader ${ownVersion()} in OHIF ${ohifVersion ?? options.ohif}, maturity "${maturity}"`,
      );
      terminal.say(
        archive
          ? `Development and demonstration archive, not for clinical use: ${countOf(archive.catalog.studies.size)} in ${archive.folder}`
          : `Archive: the PACS of --dicomweb${maturity === 'research' ? ', read only' : ''}`,
      );
      terminal.say(url);
      if (open && canOpenBrowser()) openBrowser(url);
      const stop = () => {
        void close().then(() => process.exit(0));
      };
      process.once('SIGINT', stop);
      process.once('SIGTERM', stop);
    });
}
