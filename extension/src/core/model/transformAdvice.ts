/** MONAI's transforms that a manifest says in another place, or that the viewer does by itself. */
const elsewhere: Record<string, string> = {
  LoadImage: 'the viewer loads the images itself: remove it.',
  EnsureChannelFirst: 'the viewer makes the channel axis itself: remove it.',
  AddChannel: 'the viewer makes the channel axis itself: remove it.',
  AsChannelFirst: 'the viewer makes the channel axis itself: remove it.',
  EnsureType: 'the viewer makes the tensors itself: remove it.',
  CastToType: 'the viewer makes the tensors itself: remove it.',
  ToTensor: 'the viewer makes the tensors itself: remove it.',
  SelectItems: 'the channels are those of "inputs": remove it.',
  ConcatItems: 'the channels of an input are concatenated in their order: remove it.',
  Activations: 'this is said by "activation" of the output: remove it.',
  AsDiscrete: 'this is said by "activation" and "labels" of the output: remove it.',
  Invertd: 'this is "invert" in "postprocessing".',
  SaveImage: 'results are stored as DICOM by the viewer: remove it.',
};

/**
 * Why a MONAI transform cannot stand in a manifest, with what to do, or nothing where the name is
 * merely unknown. Both forms are known, of arrays ("RandFlip") and of dictionaries ("RandFlipd").
 */
export function notForInference(name: string): string | undefined {
  if (/^Rand(?=[A-Z])/.test(name)) {
    return 'a random transform changes the image by chance and is for training only: remove it and keep the steps that the network was validated with.';
  }
  if (/^Lambda(d|Dict)?$/.test(name)) {
    return 'a manifest carries no code: say what the function does with named steps, or make it part of the network when exporting it to ONNX.';
  }
  const plain = name.replace(/(d|D|Dict)$/, '');
  return elsewhere[name] ?? elsewhere[plain];
}
