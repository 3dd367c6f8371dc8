import { Command } from 'commander';
import { fail, type Terminal } from '../../terminal';
import { importPackage, type ImportReport } from './import';
import { parseImportOptions } from './options';

const list = (value: string, before: string[] = []): string[] => [...before, value];

const tell = (terminal: Terminal, report: ImportReport): void => {
  const { manifest } = report;
  terminal.say(
    `Imported the ${report.kind} as ${manifest.id} ${manifest.version} into ${report.folder}.`,
  );
  report.notes.forEach(note => terminal.say(`  ${note}`));
  if (report.todos.length > 0) {
    terminal.say(
      'To be filled in, in model.json and MODEL_CARD.md (nothing of it can be known from the source):',
    );
    report.todos.forEach(path => terminal.say(`  ${path}`));
  }
  report.cardNotes.forEach(note => terminal.say(note));
  report.problems.forEach(problem => terminal.say(problem));
  terminal.say(`Then: second-reader models validate ${report.folder}`);
};

/** `second-reader models import <source>`. */
export function importCommand(terminal: Terminal): Command {
  return new Command('import')
    .description(
      'make a model package of a MONAI bundle, an nnU-Net v2 folder, a TF.js layers model, an ONNX file or a chain of these',
    )
    .showHelpAfterError('(second-reader models import --help)')
    .argument(
      '<source>',
      'folder, .zip (MONAI bundle), model.json (TF.js), a chain’s .json or .onnx',
    )
    .requiredOption('--out <folder>', 'where the package is written')
    .option('--id <id>', 'lower-case words joined by "-"; from the source’s name without it')
    .option('--name <text>', 'name for people, English')
    .option('--model-version <x.y.z>', 'semantic version; 1.0.0 without it')
    .option(
      '--labels <file>',
      'JSON: names, {"1": name}, {name: 1}, a colour table or full labels with codes',
    )
    .option('--licence <text>', 'SPDX identifier of the weights’ licence')
    .option('--intended-use <text>', 'what it is for')
    .option('--limitation <text>', 'where it fails (repeatable)', list)
    .option('--training-data <text>', 'what it was trained on')
    .option('--manufacturer <text>', 'who made it')
    .option(
      '--manifest <file>',
      'JSON with any parts of model.json; they replace what the import makes',
    )
    .option('--fp16', 'halve the weights; the loss is measured and said')
    .option('--force', 'write into a folder that has files')
    .optionsGroup('MONAI bundle, nnU-Net:')
    .option('--onnx <file>', 'the exported network (repeatable: the folds of an ensemble)', list)
    .option('--configuration <name>', 'nnU-Net configuration', '3d_fullres')
    .optionsGroup('What a bare network (ONNX, TF.js) does not say:')
    .option('--preset <name>', 'brainchop: prepare a head as brainchop does for its MeshNets')
    .option(
      '--task <task>',
      'segmentation, classification; detection and regression with --manifest',
    )
    .option('--modality <code>', 'DICOM modality: CT, MR, CR, DX, MG, PT …')
    .option('--channel <key:MODALITY[:description]>', 'one a channel, in order (repeatable)', list)
    .option(
      '--axes <order>',
      'order of the tensor’s spatial axes: xyz (MONAI), zyx (SimpleITK), yx (2D)',
    )
    .option(
      '--orientation <codes>',
      'directions in which the indices grow: LPS (DICOM), RAS (MONAI) …',
    )
    .option('--spacing <x,y,z>', 'millimetres, or "own"')
    .option('--fit <how>', '2D: resize, letterbox or pad onto the network’s size')
    .option(
      '--window <low,high>',
      'intensity onto 0 to 1, cut off; same as --intensity window:low,high',
    )
    .option(
      '--intensity <how>',
      'window:…, percentiles:…, minmax, zscore, zscore-nonzero, mean-std:…/…, voi, suv, none (repeatable)',
      list,
    )
    .option('--crop-above <fraction>', 'crop to what exceeds this fraction of the maximum')
    .option('--crop-margin <voxels>', 'kept around it')
    .option(
      '--roi <x,y,z>',
      'sliding window, "whole" for one call, "slice" for a 2D network slice by slice',
    )
    .option('--overlap <fraction>', 'of the windows')
    .option('--output-margin <x,y,z>', 'voxels the network loses on each side of a window')
    .option('--activation <name>', 'what follows the output: softmax, sigmoid or none')
    .option('--argmax', 'TF.js: end the network in the class of each voxel (less memory)')
    .action(async (source: string, given: Record<string, unknown>) => {
      const options = parseImportOptions(given);
      if (!options.ok) return fail(terminal, options.refusal);
      const report = await importPackage(source, options.value);
      if (!report.ok) return fail(terminal, report.refusal);
      tell(terminal, report.value);
    });
}
