import type { ModelManifest, ModelOutput, Stage, StageOutput } from './manifest';

/** A channel of what a network is fed: of the study, or of what an earlier network gave. */
export interface NetworkChannel {
  key: string;
  /** The earlier stage, the name of its output and which channel of it. */
  stage?: string;
  output?: string;
  channel?: number;
  /** Another channel of that output, by which each voxel is multiplied. */
  multiplyBy?: number;
}

/** One network of a package, as much as it takes to run it. */
export interface NetworkSpec {
  /** The model's id, and of a stage "id/stage": for messages. */
  id: string;
  /** Key of the stage; the last network has none. */
  stage?: string;
  inputs: ReadonlyArray<{
    name: string;
    spatialAxes: ModelManifest['inputs'][number]['spatialAxes'];
    channels: readonly NetworkChannel[];
  }>;
  preprocessing: ModelManifest['preprocessing'];
  inference: ModelManifest['inference'];
  outputs: ReadonlyArray<ModelOutput | StageOutput>;
  postprocessing: ModelManifest['postprocessing'];
}

const stageSpec = ({ id, inputs }: ModelManifest, stage: Stage): NetworkSpec => ({
  id: `${id}/${stage.key}`,
  stage: stage.key,
  inputs: stage.inputs ?? inputs,
  preprocessing: stage.preprocessing,
  inference: stage.inference,
  outputs: stage.outputs,
  postprocessing: stage.postprocessing,
});

/** The package's last network, or its only one. */
export const lastNetwork = (manifest: ModelManifest): NetworkSpec => ({
  id: manifest.id,
  inputs: manifest.networkInputs ?? manifest.inputs,
  preprocessing: manifest.preprocessing,
  inference: manifest.inference,
  outputs: manifest.outputs,
  postprocessing: manifest.postprocessing,
});

/** The networks of a package in the order they run: the stages, then the last one. */
export const networksOf = (manifest: ModelManifest): NetworkSpec[] => [
  ...(manifest.stages ?? []).map(stage => stageSpec(manifest, stage)),
  lastNetwork(manifest),
];

/** Channels of all inputs of a network in their order. */
export const networkChannels = ({ inputs }: Pick<NetworkSpec, 'inputs'>): NetworkChannel[] =>
  inputs.flatMap(({ channels }) => channels);

/** Earlier stages whose label map a network's grid is cropped to. */
export const regionsOf = ({ preprocessing }: Pick<NetworkSpec, 'preprocessing'>): string[] =>
  preprocessing.flatMap(step =>
    step.transform === 'cropForeground' && step.stage !== undefined ? [step.stage] : [],
  );

/** Earlier stages by whose registration a network's grid is made. */
export const registrationsOf = ({ preprocessing }: Pick<NetworkSpec, 'preprocessing'>): string[] =>
  preprocessing.flatMap(step => (step.transform === 'resampleToTemplate' ? [step.stage] : []));
