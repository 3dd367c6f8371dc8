import { Command } from 'commander';
import { fail, type Terminal } from '../terminal';
import { importCommand } from './import/command';
import { runPackage } from './run';
import { validatePackage } from './validate';

const list = (value: string, before: string[] = []): string[] => [...before, value];

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
  models
    .command('run')
    .showHelpAfterError('(second-reader models run --help)')
    .description(
      'run a model package on NIfTI files, on native ONNX Runtime, to compare with Python',
    )
    .argument('<folder>', 'the folder with model.json')
    .requiredOption('--volume <file>', '.nii or .nii.gz, one a channel in order (repeatable)', list)
    .requiredOption('--out <file>', 'label map as .nii.gz, other results as .json')
    .option('--operating-point <key>', 'key of the manifest’s operating point')
    .action(
      async (
        folder: string,
        options: { volume: string[]; out: string; operatingPoint?: string },
      ) => {
        const outcome = await runPackage(terminal, folder, options);
        if (!outcome.ok) fail(terminal, outcome.refusal);
      },
    );
  return models;
}
