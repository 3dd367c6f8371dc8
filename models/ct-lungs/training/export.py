"""Writes ct-lungs.onnx from trained weights, and its hash and size into model.json.

    python export.py --weights weights.pt --package <models/ct-lungs> --score-offset 0.3

The graph is written node by node (opset 17, batch 1, free spatial sizes in multiples of 16): the same
weights always give the same bytes, and only Conv, Relu, Resize and Add appear. It is then run beside
PyTorch and refused if they differ.

`--score-offset` is taken off the scores of both lungs: it moves the border inwards where a network
draws it too wide. It was chosen so that the lungs of three phantoms that are neither trained on nor
the sample patient (`generate.ts --seed 301 --count 3 --spacing 2.4`) have the right volume on average.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from network import ConvBlock, LungNet

INPUT, OUTPUT = 'image', 'logits'


class Graph:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.constant('no_roi', np.zeros(0, np.float32))
        self.constant('twice', np.array([1, 1, 2, 2, 2], np.float32))

    def constant(self, name: str, value: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, op: str, name: str, inputs: list[str], **attributes: object) -> str:
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def conv(self, name: str, x: str, weight: torch.Tensor, bias: torch.Tensor, stride: int = 1) -> str:
        kernel = list(weight.shape[2:])
        inputs = [x, self.constant(f'{name}.w', weight.numpy()), self.constant(f'{name}.b', bias.numpy())]
        pads = [k // 2 for k in kernel] * 2
        return self.add('Conv', name, inputs, kernel_shape=kernel, pads=pads, strides=[stride] * 3)

    def block(self, name: str, x: str, block: ConvBlock) -> str:
        weight, bias = block.conv.weight.detach(), block.conv.bias.detach()
        return self.add('Relu', f'{name}.relu', [self.conv(name, x, weight, bias, block.conv.stride[0])])


def build(net: LungNet) -> onnx.ModelProto:
    g = Graph()
    skips = [g.block('stem', INPUT, net.stem)]
    for i, (down, body) in enumerate(zip(net.down, net.body), start=1):
        skips.append(g.block(f'body{i}', g.block(f'down{i}', skips[-1], down), body))
    x = skips.pop()
    for level in range(len(skips) - 1, -1, -1):
        reduce = net.reduce[level]
        x = g.conv(f'reduce{level}', x, reduce.weight.detach(), reduce.bias.detach())
        x = g.add(
            'Resize',
            f'up{level}',
            [x, 'no_roi', 'twice'],
            mode='linear',
            coordinate_transformation_mode='half_pixel',
        )
        x = g.add('Add', f'sum{level}', [x, skips[level]])
        if level > 0:
            x = g.block(f'merge{level}', x, net.up[level - 1])
    x = g.block('fuse', x, net.fuse)
    g.conv(OUTPUT, x, net.head.weight.detach(), net.head.bias.detach())
    space = ['depth', 'height', 'width']
    graph = helper.make_graph(
        g.nodes,
        'ct-lungs',
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [1, 1, *space])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [1, net.head.out_channels, *space])],
        g.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8, producer_name='ct-lungs')
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('--weights', type=Path, required=True)
    parser.add_argument('--package', type=Path, required=True)
    parser.add_argument('--score-offset', type=float, default=0.0)
    args = parser.parse_args()
    net = LungNet().fold()
    net.load_state_dict(torch.load(args.weights, weights_only=True))
    net.eval()
    with torch.no_grad():
        # Class 0 is background.
        net.head.bias[1:] -= args.score_offset
    content = build(net).SerializeToString(deterministic=True)
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=['CPUExecutionProvider'])
    x = torch.rand(1, 1, 32, 48, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        difference = np.abs(session.run(None, {INPUT: x.numpy()})[0] - net(x).numpy()).max()
    if difference > 1e-3:
        raise SystemExit(f'ONNX and PyTorch differ by {difference:.2e}, allowed 1e-3')
    (args.package / 'ct-lungs.onnx').write_bytes(content)
    manifest_path = args.package / 'model.json'
    if manifest_path.exists():
        manifest = json.loads(manifest_path.read_text(encoding='utf-8'))
        manifest['files'][0]['sha256'] = hashlib.sha256(content).hexdigest()
        manifest['files'][0]['bytes'] = len(content)
        manifest_path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + '\n', encoding='utf-8')
    print(f'{len(content)} bytes, difference to PyTorch {difference:.1e}')


if __name__ == '__main__':
    main()
