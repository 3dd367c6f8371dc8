import type { ModelManifest } from '../manifest';
import { hint, list, shown } from '../sentences';
import { counted, duplicates, type Rule } from './rule';

const networksOf = ({ files }: ModelManifest) =>
  files.flatMap((file, index) => (file.role === 'network' ? [{ ...file, index }] : []));

/** What else weights come in, and how each becomes ONNX. */
const otherForms: Record<string, string> = {
  pt: 'export it with torch.onnx.export',
  pth: 'export it with torch.onnx.export',
  ckpt: 'export it with torch.onnx.export',
  ts: 'export the TorchScript module with torch.onnx.export',
  h5: 'convert it with tf2onnx',
  keras: 'convert it with tf2onnx',
  pb: 'convert it with tf2onnx',
  tflite: 'convert it with tf2onnx',
  json: 'import it with "second-reader models import"',
  bin: 'import it with "second-reader models import"',
};

const checkForms: Rule = manifest =>
  manifest.files.flatMap(({ role, path }, index) => {
    const extension = path.split('.').at(-1)!.toLowerCase();
    const at = `$.files[${index}].path is ${shown(path)}`;
    if (role === 'network' && extension in otherForms) {
      return [`${at}; a network is an ONNX file: ${otherForms[extension]}.`];
    }
    if (role === 'fixture' && extension !== 'safetensors') {
      return [`${at}; a fixture is a .safetensors file.`];
    }
    return [];
  });

/** One network of the package: its files, and the steps that follow it. */
interface Folds extends Pick<ModelManifest, 'postprocessing'> {
  /** Undefined for the last network. */
  stage?: string;
  /** "$", or "$.stages[0]". */
  at: string;
}

const checkFolds = (manifest: ModelManifest, { stage, at, postprocessing }: Folds): string[] => {
  const problems: string[] = [];
  const networks = networksOf(manifest).filter(file => file.stage === stage);
  const role = stage === undefined ? '"network"' : `"network" and "stage": "${stage}"`;
  const means = postprocessing.flatMap((step, index) =>
    step.transform === 'meanEnsemble' ? [{ ...step, index }] : [],
  );
  if (networks.length === 0) {
    problems.push(`$.files has no file of role ${role}; at least 1 is needed.`);
  }
  if (networks.length > 1 && means.length === 0) {
    problems.push(
      `$.files has ${networks.length} files of role ${role}; with more than 1 the first step of ${at}.postprocessing must be {"transform": "meanEnsemble"}, which takes the mean of their scores.`,
    );
  }
  means.forEach(({ index, weights }, place) => {
    const where = `${at}.postprocessing[${index}]`;
    if (place > 0) {
      problems.push(`${where} is a second "meanEnsemble"; exactly 1 is allowed.`);
    } else if (networks.length === 1) {
      problems.push(
        `${where} is "meanEnsemble" but $.files has 1 file of role ${role}; it needs 2 or more.`,
      );
    } else if (index > 0) {
      problems.push(
        `${where} is "meanEnsemble" after ${counted(index, 'other step')}; the mean of the scores is taken before anything else: put it first.`,
      );
    }
    if (weights && weights.length !== networks.length && networks.length > 1) {
      problems.push(
        `${where}.weights is ${shown(weights)}; ${networks.length} are needed, one a file of role ${role}.`,
      );
    }
  });
  for (const { first, second } of duplicates(networks.map(({ sha256 }) => sha256))) {
    problems.push(
      `$.files[${networks[second].index}].sha256 is the same as that of $.files[${networks[first].index}]; an ensemble of one network twice is no ensemble.`,
    );
  }
  return problems;
};

/** Each network has its files, and no file is for a stage that is not there. */
const checkNetworks: Rule = manifest => {
  const { stages = [], postprocessing } = manifest;
  const keys = stages.map(({ key }) => key);
  const strangers = manifest.files.flatMap(({ stage }, index) =>
    stage === undefined || keys.includes(stage)
      ? []
      : [
          `$.files[${index}].stage is "${stage}"${hint(stage, keys)}; ${keys.length > 0 ? `the stages are ${list(keys)}` : 'there are no $.stages: remove it'}.`,
        ],
  );
  return [
    ...strangers,
    ...stages.flatMap((stage, index) =>
      checkFolds(manifest, {
        stage: stage.key,
        at: `$.stages[${index}]`,
        postprocessing: stage.postprocessing,
      }),
    ),
    ...checkFolds(manifest, { at: '$', postprocessing }),
  ];
};

/** The package's files: which there are, and whether there is a step that joins several networks. */
export const checkFiles: Rule = manifest => {
  const problems = duplicates(manifest.files.map(({ path }) => path)).map(
    ({ value, second }) =>
      `$.files[${second}].path is "${value}", which is named before; each file is named once.`,
  );
  const fixtures = manifest.files.filter(({ role }) => role === 'fixture').length;
  if (fixtures > 1) {
    problems.push(`$.files has ${fixtures} files of role "fixture"; at most 1 is allowed.`);
  }
  return [...problems, ...checkForms(manifest), ...checkNetworks(manifest)];
};
