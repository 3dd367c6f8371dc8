"""Trains the lung network, in two stages: with batch normalization (quick), then with it folded (exact).

    python train.py --data <folder with dicom/ and nifti/> --phantoms <folder> --cache <folder> \
        --out weights.pt [--leave-out <patient>] [--first 150] [--second 300] [--init weights] [--seed 7]

The first stage normalizes each step by its own statistics and so learns fast; in use one fixed set of
statistics must serve every scan, so they are measured, folded into the convolutions, and the second
stage trains what will be shipped. `--init` starts at the second stage from folded weights.
Deterministic for a seed, a PyTorch version, a processor and a number of threads.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from augment import WINDOWS, Scan, sample
from data import REAL_CASES, phantom_cases, prepare
from network import LungNet

# How often a scan is drawn, relative to the others; phantoms share one weight among them.
DRAW = {'nlst': 1.0, 'acrin': 1.0, 'cptac': 1.0, 'totalseg': 0.5, 'abdomen': 0.15}
PHANTOMS_DRAW = 1.5


def loss_of(logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Cross-entropy against the shares plus soft Dice of both lungs, over what was scanned."""
    w = weight[:, None]
    entropy = -(target * F.log_softmax(logits, 1) * w).sum(1).sum() / w.sum().clamp(min=1)
    p = logits.softmax(1)[:, 1:] * w
    t = target[:, 1:] * w
    axes = (0, 2, 3, 4)
    dice = 1 - (2 * (p * t).sum(axes) + 500) / ((p * p).sum(axes) + (t * t).sum(axes) + 500)
    return 2 * entropy + dice.mean()


def with_mirror(
    image: torch.Tensor, target: torch.Tensor, weight: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A batch of the sample and its left-right mirror image, in which left and right change names.

    (Two is also the least batch for which PyTorch uses its fast 3D convolution on a CPU.)
    """
    swapped = target[[0, 2, 1]]
    return tuple(torch.stack([a, b.flip(-1)]) for a, b in ((image, image), (target, swapped), (weight, weight)))


class Samples(torch.utils.data.Dataset):
    """Sample number i depends on the seed and i alone, whoever draws it."""

    def __init__(self, scans: list[Scan], draw: np.ndarray, seed: int, count: int) -> None:
        self.scans, self.draw, self.seed, self.count = scans, draw, seed, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        rng = np.random.default_rng([self.seed, i])
        shape = WINDOWS[rng.integers(len(WINDOWS))]
        scan = self.scans[rng.choice(len(self.scans), p=self.draw)]
        return with_mirror(*sample(scan, shape, rng))


def fit(net: LungNet, samples: Samples, rate: float, tail: float, out: Path) -> None:
    """AdamW with a warm start and a cosine down to `tail` of the rate; keeps averaged weights."""
    steps, warm = len(samples), 15
    averaging = torch.optim.swa_utils.get_ema_multi_avg_fn(0.97)
    average = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=averaging, use_buffers=False)
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-4)

    def schedule(i: int) -> float:
        if i < warm:
            return (i + 1) / warm
        return tail + (1 - tail) * 0.5 * (1 + math.cos(math.pi * (i - warm) / (steps - warm)))

    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, schedule)
    start, history = time.time(), []
    for image, target, weight in torch.utils.data.DataLoader(samples, batch_size=None, num_workers=1, prefetch_factor=4):
        loss = loss_of(net(image.contiguous(memory_format=torch.channels_last_3d)), target, weight)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        average.update_parameters(net)
        history.append(loss.item())
        if len(history) % 25 == 0:
            print(f'{len(history)}/{steps} {np.mean(history[-25:]):.4f} {time.time() - start:.0f} s', flush=True)
            torch.save(average.module.state_dict(), out)
    net.load_state_dict(average.module.state_dict())


@torch.no_grad()
def measure(net: LungNet, samples: Samples) -> None:
    """Replaces the running statistics of every normalization by the mean over the samples."""
    net.train()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.reset_running_stats()
            module.momentum = None
    for i in range(len(samples)):
        image = samples[i][0]
        net(image.contiguous(memory_format=torch.channels_last_3d))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--phantoms', type=Path)
    parser.add_argument('--cache', type=Path, required=True)
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--leave-out', default='')
    parser.add_argument('--init', type=Path)
    parser.add_argument('--first', type=int, default=150)
    parser.add_argument('--second', type=int, default=300)
    parser.add_argument('--rate', type=float, default=6e-3)
    parser.add_argument('--second-rate', type=float, default=2e-3)
    parser.add_argument('--seed', type=int, default=7)
    parser.add_argument('--threads', type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)

    cases = [c for c in REAL_CASES if c.patient != args.leave_out]
    if args.leave_out and len(cases) == len(REAL_CASES):
        parser.error(f'--leave-out {args.leave_out}: patients are {", ".join(c.patient for c in REAL_CASES)}')
    phantoms = phantom_cases(args.phantoms) if args.phantoms else []
    scans = [Scan(str(prepare(args.data, c, args.cache))) for c in cases + phantoms]
    draw = np.array([DRAW[c.name] for c in cases] + [PHANTOMS_DRAW / max(1, len(phantoms))] * len(phantoms))
    draw /= draw.sum()
    print(f'{len(cases)} scans, {len(phantoms)} phantoms', flush=True)

    net = LungNet().to(memory_format=torch.channels_last_3d)
    if args.init:
        net.fold().load_state_dict(torch.load(args.init, weights_only=True))
    else:
        fit(net, Samples(scans, draw, args.seed, args.first), args.rate, 0.3, args.out)
        measure(net, Samples(scans, draw, args.seed + 1, 24))
        net.fold()
    fit(net, Samples(scans, draw, args.seed + 2, args.second), args.second_rate, 0.02, args.out)
    torch.save(net.state_dict(), args.out)


if __name__ == '__main__':
    main()
