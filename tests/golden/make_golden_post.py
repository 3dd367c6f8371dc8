"""Makes tests/golden/data/post-*.json: MONAI's Activations, AsDiscrete and MeanEnsemble on small arrays.

    <venv of make_golden.py>/bin/python tests/golden/make_golden_post.py

Arrays are [channel, i, j, k], base64 of little-endian values with i fastest within a channel.
"""

import base64
import json
import pathlib

import numpy as np
import torch
from monai.transforms import Activations, AsDiscrete, MeanEnsemble

OUT = pathlib.Path(__file__).parent / "data"
rng = np.random.default_rng(20240611)
SHAPE = (5, 4, 3)


def packed(array):
    array = np.asarray(array)
    kind = "float32" if array.dtype.kind == "f" else "uint8"
    array = array.astype(kind)
    data = b"".join(channel.tobytes(order="F") for channel in array)
    return {"type": kind, "shape": list(array.shape), "data": base64.b64encode(data).decode()}


def scores(channels):
    return torch.from_numpy((rng.standard_normal((channels, *SHAPE)) * 3).astype(np.float32))


def write(name, cases):
    path = OUT / f"post-{name}.json"
    path.write_text(json.dumps({"transform": name, "cases": cases}, separators=(",", ":")) + "\n")
    print(f"{name}: {len(cases)} cases, {path.stat().st_size} bytes")


def main():
    activations, discrete, ensemble = [], [], []
    for channels in (2, 3, 7):
        x = scores(channels)
        for kind in ("softmax", "sigmoid"):
            y = Activations(**{kind: True})(x)
            activations.append(
                {"name": f"{kind} of {channels}", "kind": kind, "input": packed(x), "expected": packed(y)}
            )
        y = AsDiscrete(argmax=True)(x)
        discrete.append({"name": f"argmax of {channels}", "input": packed(x), "expected": packed(y.numpy().astype(np.uint8))})
        p = torch.sigmoid(x)
        for threshold in (0.5, 0.8):
            y = AsDiscrete(threshold=threshold)(p)
            discrete.append(
                {
                    "name": f"threshold {threshold} of {channels}",
                    "threshold": threshold,
                    "input": packed(p),
                    "expected": packed(y.numpy().astype(np.uint8)),
                }
            )
    for weights in (None, [1.0, 2.0, 0.5]):
        x = [scores(3) for _ in range(3)]
        y = MeanEnsemble(weights=weights)(x)
        ensemble.append(
            {
                "name": f"weights {weights}",
                "weights": weights or [1.0, 1.0, 1.0],
                "inputs": [packed(a) for a in x],
                "expected": packed(y),
            }
        )
    write("activations", activations)
    write("asDiscrete", discrete)
    write("meanEnsemble", ensemble)


main()
