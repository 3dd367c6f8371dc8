import { Command } from 'commander';
import { fail, type Terminal } from '../terminal';
import { importCommand } from './import/command';
import { validatePackage } from './validate';

/** `second-reader models …`. */
export function modelsCommand(terminal: Terminal): Command {
  const models = new Command('models').description('work with model packages');
  models.addCommand(importCommand(terminal));
  models
    .command('validate')
    .showHelpAfterError('(second-reader models validate --help)')
    .description(
      'check a model package: manifest, card, file sizes and hashes, network inputs and outputs',
    )
    .argument('<folder>', 'the folder with model.json')
    .action(async (folder: string) => {
      const { manifest, problems } = await validatePackage(folder);
      problems.forEach(problem => fail(terminal, problem));
      if (manifest && problems.length === 0) {
        terminal.say(
          `${manifest.id} ${manifest.version} is a valid model package (${manifest.name.en}).`,
        );
      }
    });
  return models;
}
