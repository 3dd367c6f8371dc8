import { Command } from 'commander';
import { modelsCommand } from './models/command';
import { startCommand } from './start/command';
import { outboxCommand, storeCommand } from './store/command';
import { systemTerminal } from './terminal';
import { ownVersion } from './workspace';

const terminal = systemTerminal();

const program = new Command('second-reader')
  .description('AI for radiologists in a stock OHIF viewer')
  .version(ownVersion())
  .showHelpAfterError('(second-reader --help lists what is allowed)')
  .addCommand(startCommand(terminal))
  .addCommand(modelsCommand(terminal))
  .addCommand(storeCommand(terminal))
  .addCommand(outboxCommand(terminal));

program.parseAsync().catch((error: unknown) => {
  terminal.complain(
    `second-reader failed: ${error instanceof Error ? error.message : String(error)}`,
  );
  process.exitCode = 1;
});
