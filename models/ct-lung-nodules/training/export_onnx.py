"""Writes ct-lung-nodules.onnx and a fixture from trained weights, and their hashes and sizes into model.json.

    python export_onnx.py --weights weights.pt --package <models/ct-lung-nodules>

The graph is written node by node (opset 17, batch 1, free spatial sizes in multiples of 8): the same
weights always give the same bytes, and only Conv, Relu, Resize and Add appear. It is then run beside
PyTorch and refused if they differ. The fixture is what native ONNX Runtime answers to seeded random
numbers; `models validate` holds the other engines against it.
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
from torch import nn

from detector import ConvBlock, NoduleNet

INPUT, HEAT, SIZE = 'image', 'heatmap', 'log_diameter'
FILE, FIXTURE = 'ct-lung-nodules.onnx', 'fixture.safetensors'


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

    def conv(self, name: str, x: str, conv: nn.Conv3d, rows: slice = slice(None)) -> str:
        weight, bias = conv.weight.detach()[rows], conv.bias.detach()[rows]
        kernel = list(weight.shape[2:])
        inputs = [x, self.constant(f'{name}.w', weight.numpy()), self.constant(f'{name}.b', bias.numpy())]
        pads = [k // 2 for k in kernel] * 2
        return self.add('Conv', name, inputs, kernel_shape=kernel, pads=pads, strides=list(conv.stride))

    def block(self, name: str, x: str, block: ConvBlock) -> str:
        return self.add('Relu', f'{name}.relu', [self.conv(name, x, block.conv)])

    def twice(self, name: str, x: str) -> str:
        return self.add(
            'Resize', name, [x, 'no_roi', 'twice'], mode='linear', coordinate_transformation_mode='half_pixel'
        )


def build(net: NoduleNet) -> onnx.ModelProto:
    g = Graph()
    half = g.block('body1', g.block('stem', INPUT, net.stem), net.body1)
    quarter = g.block('body2', g.block('down2', half, net.down2), net.body2)
    eighth = g.block('body3', g.block('down3', quarter, net.down3), net.body3)
    quarter = g.add('Add', 'sum2', [quarter, g.twice('twice2', g.conv('reduce3', eighth, net.reduce3))])
    quarter = g.block('up2', quarter, net.up2)
    half = g.add('Add', 'sum1', [half, g.twice('twice1', g.conv('reduce2', quarter, net.reduce2))])
    half = g.block('up1', half, net.up1)
    g.conv(HEAT, half, net.head, slice(0, 1))
    g.conv(SIZE, half, net.head, slice(1, 2))
    space, cells = ['depth', 'height', 'width'], ['cells_z', 'cells_y', 'cells_x']
    graph = helper.make_graph(
        g.nodes,
        'ct-lung-nodules',
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [1, 1, *space])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, *cells]) for name in (HEAT, SIZE)],
        g.weights,
    )
    opset = [helper.make_opsetid('', 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8, producer_name='ct-lung-nodules')
    onnx.checker.check_model(model, full_check=True)
    return model


def safetensors(tensors: dict[str, np.ndarray]) -> bytes:
    """The format's header (JSON, padded to 8 bytes) and the values, little-endian float32."""
    header, at = {}, 0
    for name, value in tensors.items():
        header[name] = {'dtype': 'F32', 'shape': list(value.shape), 'data_offsets': [at, at + value.nbytes]}
        at += value.nbytes
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    return len(text).to_bytes(8, 'little') + text + b''.join(v.astype('<f4').tobytes() for v in tensors.values())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('--weights', type=Path, required=True)
    parser.add_argument('--package', type=Path, required=True)
    args = parser.parse_args()
    net = NoduleNet().fold()
    net.load_state_dict(torch.load(args.weights, weights_only=True))
    net.eval()
    content = build(net).SerializeToString(deterministic=True)
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=['CPUExecutionProvider'])
    x = torch.rand(1, 1, 16, 24, 32, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted = net(x).numpy()
    heat, size = session.run([HEAT, SIZE], {INPUT: x.numpy()})
    difference = np.abs(np.concatenate([heat, size], 1) - wanted).max()
    if difference > 1e-3:
        raise SystemExit(f'ONNX and PyTorch differ by {difference:.2e}, allowed 1e-3')
    files = {FILE: content, FIXTURE: safetensors({INPUT: x.numpy(), HEAT: heat, SIZE: size})}
    manifest_path = args.package / 'model.json'
    manifest = json.loads(manifest_path.read_text(encoding='utf-8'))
    manifest['files'] = []
    for (name, written), role in zip(files.items(), ('network', 'fixture')):
        (args.package / name).write_bytes(written)
        sha256 = hashlib.sha256(written).hexdigest()
        manifest['files'].append({'role': role, 'path': name, 'sha256': sha256, 'bytes': len(written)})
    manifest_path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + '\n', encoding='utf-8')
    print(f'{len(content)} bytes, difference to PyTorch {difference:.1e}')


if __name__ == '__main__':
    main()
