import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildModel, float, node, tensor, value } from './builder';
import { readModel, writeModel } from './file';
import { GraphView, floatOf, intOf, intsOf } from './graph';
import { decodeModel, encodeModel, type OnnxModel } from './proto';
import { float32Of, integersOf, numbersOf } from './tensors';

const bytesOf = (model: OnnxModel): Uint8Array => {
  const bytes = encodeModel(model);
  if (!bytes.ok) throw new Error(bytes.refusal.message);
  return bytes.value;
};

const read = (bytes: Uint8Array): OnnxModel => {
  const model = decodeModel(bytes);
  if (!model.ok) throw new Error(model.refusal.message);
  return model.value;
};

const slicing = (): OnnxModel =>
  buildModel({
    opset: 9,
    inputs: [value('x', 'float32', [1, 'n', undefined])],
    outputs: [value('y', 'float32')],
    nodes: [node('Slice', ['x'], ['y'], { axes: [1], starts: [-2], ends: [0] })],
    initializers: [tensor.float32('w', [2], [1.5, -2])],
  });

describe('ONNX files', () => {
  it('64-bit integers keep every digit', () => {
    const model = slicing();
    const ends = model.graph.node[0].attribute.find(({ name }) => name === 'ends')!;
    ends.ints = [0x7fffffffffffffffn, -0x8000000000000000n, -3, 2 ** 53 - 1];
    model.graph.initializer.push({
      ...{ name: 'u', dims: [1], dataType: 13 },
      uint64Data: [0xffffffffffffffffn],
    });
    const again = read(bytesOf(model));
    const found = again.graph.node[0].attribute.find(({ name }) => name === 'ends')!;
    expect(found.ints).toEqual([0x7fffffffffffffffn, -0x8000000000000000n, -3, 2 ** 53 - 1]);
    expect(again.graph.initializer[1].uint64Data).toEqual([0xffffffffffffffffn]);
    expect(intsOf(again.graph.node[0], 'ends')![0]).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('written and read again is the same, byte for byte', () => {
    const body = slicing().graph;
    const model = slicing();
    model.graph.node.push(node('If', ['x'], ['z'], { then_branch: body, else_branch: body }));
    model.graph.node.push(node('Elu', ['z'], ['q'], { alpha: float(0) }));
    model.functions = [
      { name: 'f', domain: 'own', node: [node('Relu', ['a'], ['b'])], input: ['a'], output: ['b'] },
    ];
    model.trainingInfo = [{ initialization: { name: 'start' } }];
    model.graph.quantizationAnnotation = [
      { tensorName: 'w', quantParameterTensorNames: [{ key: 'SCALE', value: 's' }] },
    ];
    const bytes = bytesOf(model);
    const again = read(bytes);
    expect(Buffer.compare(bytes, bytesOf(again))).toBe(0);
    // A zero that is written is kept: an attribute of 0 is not an absent one.
    expect(floatOf(again.graph.node[2], 'alpha', 1)).toBe(0);
    expect(again.trainingInfo).toMatchObject([{ initialization: { name: 'start' } }]);
  });

  it('cut anywhere, it is refused', () => {
    const bytes = bytesOf(slicing());
    for (let length = 0; length < bytes.length; length++) {
      const model = decodeModel(bytes.subarray(0, length));
      expect(model).toMatchObject({ ok: false, refusal: { code: 'notOnnx' } });
    }
  });

  it.each([
    ['PK\x03\x04', 'ZIP archive'],
    ['version https://git-lfs.github.com/spec/v1', 'Git LFS pointer'],
    ['<!DOCTYPE html><html>', 'HTML page'],
    ['{"format": "layers-model"}', 'JSON'],
    ['\x89HDF\r\n\x1a\n', 'HDF5'],
    ['\x18\0\0\0ORTM', 'ORT format'],
    ['', 'empty'],
    ['nothing of the kind', ''],
  ])('%j is refused: %s', (text, reason) => {
    const model = decodeModel(Buffer.from(text, 'latin1'));
    expect(model).toMatchObject({
      ok: false,
      refusal: { code: 'notOnnx', message: expect.stringContaining(reason) },
    });
  });

  it('a newer IR version and weights of the wrong size are refused', () => {
    expect(decodeModel(bytesOf({ ...slicing(), irVersion: 99 }))).toMatchObject({
      refusal: { code: 'onnxIrVersion', values: { found: 99 } },
    });
    const model = slicing();
    model.graph.initializer[0].dims = [3];
    expect(decodeModel(bytesOf(model))).toMatchObject({
      refusal: { code: 'notOnnx', message: expect.stringContaining('8 bytes, not 12') },
    });
  });
});

describe('weights in a file beside the model', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'onnx-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const outside = (location: string, more: Record<string, string> = {}): OnnxModel => {
    const model = slicing();
    const externalData = Object.entries({ location, ...more }).map(([key, entry]) => ({
      key,
      value: entry,
    }));
    model.graph.initializer = [
      { name: 'w', dims: [2], dataType: 1, dataLocation: 1, externalData },
    ];
    return model;
  };

  const save = async (model: OnnxModel): Promise<string> => {
    const file = path.join(folder, 'model.onnx');
    expect((await writeModel(file, model)).ok).toBe(true);
    return file;
  };

  it('are brought in', async () => {
    writeFileSync(path.join(folder, 'w.data'), Buffer.from(Float32Array.of(9, 1.5, -2).buffer));
    const file = await save(outside('w.data', { offset: '4', length: '8' }));
    const model = await readModel(file);
    if (!model.ok) throw new Error(model.refusal.message);
    const [w] = model.value.graph.initializer;
    expect(Array.from(float32Of(w))).toEqual([1.5, -2]);
    expect(w.externalData).toBeUndefined();
    expect((await readModel(await save(model.value))).ok).toBe(true);
  });

  it.each([
    ['onnxExternalMissing', 'none.data', {}],
    ['onnxExternalPath', '../other.data', {}],
    ['onnxExternalPath', '/etc/hostname', {}],
    ['onnxExternalPath', 'a/../../b', {}],
    ['onnxExternalSize', 'w.data', { offset: '8' }],
  ])('%s: %s', async (code, location, more) => {
    writeFileSync(path.join(folder, 'w.data'), Buffer.from(Float32Array.of(9, 1.5, -2).buffer));
    const model = await readModel(await save(outside(location, more)));
    expect(model).toMatchObject({ ok: false, refusal: { code } });
  });

  it('a file that is not there is refused', async () => {
    expect(await readModel(path.join(folder, 'no.onnx'))).toMatchObject({
      refusal: { code: 'onnxFileMissing', values: { reason: 'ENOENT' } },
    });
  });
});

describe('tensors', () => {
  it('read every place that ONNX keeps numbers in', () => {
    const raw = (bytes: ArrayBuffer): Uint8Array => {
      // As in a file: not on a bound of its own.
      const shifted = new Uint8Array(bytes.byteLength + 1);
      shifted.set(new Uint8Array(bytes), 1);
      return shifted.subarray(1);
    };
    const of = (dataType: number, rest: object) => ({ dims: [2], dataType, ...rest });
    expect(float32Of(of(1, { floatData: [1, 2] }))).toEqual(Float32Array.of(1, 2));
    expect(float32Of(of(1, { rawData: raw(Float32Array.of(1, 2).buffer) }))).toEqual(
      Float32Array.of(1, 2),
    );
    expect(float32Of(of(11, { doubleData: [1, 2] }))).toEqual(Float32Array.of(1, 2));
    // 1 and −2 as halves and as bfloat16.
    expect(float32Of(of(10, { int32Data: [0x3c00, 0xc000] }))).toEqual(Float32Array.of(1, -2));
    expect(float32Of(of(16, { int32Data: [0x3f80, 0xc000] }))).toEqual(Float32Array.of(1, -2));
    expect(integersOf(of(7, { int64Data: [1, -2] }))).toEqual([1, -2]);
    expect(integersOf(of(7, { rawData: raw(BigInt64Array.of(1n, -2n).buffer) }))).toEqual([1, -2]);
    expect(integersOf(of(6, { int32Data: [1, -2] }))).toEqual([1, -2]);
    expect(integersOf(of(9, { int32Data: [1, 0] }))).toEqual([1, 0]);
    expect(integersOf(of(12, { uint64Data: [1, 2 ** 32 - 1] }))).toEqual([1, 2 ** 32 - 1]);
    expect(() => numbersOf(of(8, { stringData: [] }))).toThrow('no numbers of type string');
    expect(() => numbersOf(of(1, { dataLocation: 1 }))).toThrow('not read in');
  });

  it('a constant is found through Constant nodes and Identity', () => {
    const { graph } = buildModel({
      inputs: [],
      outputs: [value('b', 'float32')],
      nodes: [
        node('Constant', [], ['a'], { value: tensor.float32('', [1], [3]) }),
        node('Identity', ['a'], ['b']),
        node('Constant', [], ['c'], { value_ints: [1, 2] }),
      ],
    });
    const view = new GraphView(graph);
    expect(Array.from(float32Of(view.constant('b')!))).toEqual([3]);
    expect(integersOf(view.constant('c')!)).toEqual([1, 2]);
    expect(view.constant('x')).toBeUndefined();
    expect(intOf(graph.node[1], 'missing', 4)).toBe(4);
  });
});
