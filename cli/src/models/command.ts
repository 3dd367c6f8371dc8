import { Command } from 'commander';
import { fail, type Terminal } from '../terminal';
import { importCommand } from './import/command';
import { runPackage } from './run';
import { benchLine, benchPackage, BENCH_ENGINES, type BenchOptions } from './bench';
import { renderCard } from './card';
import { ENGINES, parseEngines, type EngineCheck } from './engines';
import { differenceText } from './network/run';
import { validatePackage } from './validate';

const list = (value: string, before: string[] = []): string[] => [...before, value];

const engineLine = (check: EngineCheck): string => {
  const name = `  ${check.engine.padEnd(13)}`;
  if (check.state === 'ran') {
    const on = check.adapter ? ` on ${check.adapter}` : '';
    return `${name}${differenceText(check.difference)}, ${check.milliseconds.toFixed(1)} ms${on}`;
  }
  return `${name}${check.state === 'failed' ? 'failed' : 'not tried'}: ${check.reason}`;
};

/** `second-reader models …`. */
export function modelsCommand(terminal: Terminal): Command {
  const models = new Command('models').description('work with model packages');
  models.addCommand(importCommand(terminal));
  models
    .command('validate')
    .showHelpAfterError('(second-reader models validate --help)')
    .description('check a model package: manifest, card, files, and each network on every engine')
    .argument('<folder>', 'the folder with model.json')
    .option('--engines <list>', `of ${ENGINES.join(', ')}; all of them without it`)
    .option('--browser <path>', 'Chrome, Chromium or Edge; found by itself in the usual places')
    .option(
      '--software-gpu',
      'WebGPU in software (SwiftShader): right answers, no measure of speed',
    )
    .action(
      async (
        folder: string,
        given: { engines?: string; browser?: string; softwareGpu?: boolean },
      ) => {
        const engines = parseEngines(given.engines);
        if (!engines.ok) return fail(terminal, engines.refusal);
        const report = await validatePackage(folder, { ...given, engines: engines.value });
        report.notes.forEach(note => terminal.say(note));
        for (const { file, source, engines: checks } of report.networks) {
          terminal.say(`${file}, ${source}:`);
          checks.forEach(check => terminal.say(engineLine(check)));
        }
        report.problems.forEach(problem => fail(terminal, problem));
        const { manifest, problems } = report;
        if (manifest && problems.length === 0) {
          terminal.say(
            `${manifest.id} ${manifest.version} is a valid model package (${manifest.name.en}).`,
          );
        }
      },
    );
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
  models
    .command('bench')
    .showHelpAfterError('(second-reader models bench --help)')
    .description(
      'time and memory of a run by phase, on native ONNX Runtime and in a headless browser',
    )
    .argument('<folder>', 'the folder with model.json')
    .option('--volume <file>', '.nii or .nii.gz, one a channel in order (repeatable)', list)
    .option('--size <i x j x k>', 'a volume of noise of that many voxels, 1 mm', '256x256x256')
    .option('--engines <list>', `of ${BENCH_ENGINES.join(', ')}; all of them without it`)
    .option('--browser <path>', 'Chrome, Chromium or Edge; found by itself in the usual places')
    .option('--software-gpu', 'WebGPU in software (SwiftShader): no measure of speed')
    .action(async (folder: string, options: BenchOptions) => {
      const outcome = await benchPackage(folder, options, row => terminal.say(benchLine(row)));
      if (!outcome.ok) fail(terminal, outcome.refusal);
    });
  models
    .command('card')
    .showHelpAfterError('(second-reader models card --help)')
    .description('show the facts and MODEL_CARD.md as the panel shows them')
    .argument('<folder>', 'the folder with model.json')
    .option('--html', 'a page instead of text')
    .action(async (folder: string, { html }: { html?: boolean }) => {
      const card = await renderCard(folder, html ? 'html' : 'text');
      if (card.ok) terminal.say(card.value.trimEnd());
      else fail(terminal, card.refusal);
    });
  return models;
}
