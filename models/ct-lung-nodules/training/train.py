"""Trains the nodule detector.

    python train.py --data <folder with dicom/> --phantoms <folder> --cache <folder> --out weights.pt \
        [--patients none|all] [--leave-out <case>] [--init weights] [--steps 2000] [--rate 3e-3] [--seed 7]

Without `--init` it trains with batch normalization, measures the statistics and folds them; with it,
the folded network is trained on, as it is shipped. The released weights are two runs: phantoms alone
(`--patients none`), then everything from there (`--init`); a fold of leave-one-patient-out is the
second run with `--leave-out`. Deterministic for a seed, versions, a processor and a number of threads.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from collections import deque
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from detector import STRIDE, ConvBlock, NoduleNet
from samples import PATCH, Patch, patch
from scans import REAL_CASES, Scan, phantom_cases, prepare

BATCH = 6
# Of samples, when patients are trained on: the rest are phantoms.
PATIENTS_SHARE = 0.65
WANTED = ('inserted', 'own', 'lung', 'any', 'here')
WANTED_SHARE = (0.6, 0.08, 0.12, 0.08, 0.12)


def loss_of(out: torch.Tensor, heat: torch.Tensor, weight: torch.Tensor, size: torch.Tensor, sized: torch.Tensor) -> torch.Tensor:
    """Penalty-reduced focal loss of the centres (Zhou et al. 2019, eq. 1), L1 of the log diameter."""
    logit = out[:, 0]
    p = logit.sigmoid()
    positive = (heat == 1).float()
    hit = positive * (1 - p) ** 2 * F.logsigmoid(logit)
    miss = (1 - positive) * (1 - heat) ** 4 * p**2 * F.logsigmoid(-logit)
    count = positive.sum().clamp(min=1)
    focal = -((hit + miss) * weight).sum() / count
    length = ((out[:, 1] - size).abs() * sized).sum() / sized.sum().clamp(min=1)
    return focal + 0.5 * length


def again(one: Patch, rng: np.random.Generator) -> Patch:
    """The same patch seen in a mirror."""
    axes = [i for i in range(3) if rng.random() < 0.5]
    maps = [np.flip(m, axes) for m in (one.image, one.heat, one.weight, one.size, one.sized)]
    return Patch(*maps, one.origin, None)


class Source:
    """Patches one after another; places that looked like nodules and are none come again."""

    def __init__(self, patients: list[Scan], phantoms: list[Scan], seed: int) -> None:
        self.patients, self.phantoms = patients, phantoms
        self.rng = np.random.default_rng(seed)
        self.hard: deque[tuple[Scan, np.ndarray]] = deque(maxlen=300)
        self.old: deque[tuple[Scan, str, Patch]] = deque(maxlen=900)

    def draw(self) -> tuple[Scan, str, Patch]:
        rng = self.rng
        group = self.patients if self.patients and (rng.random() < PATIENTS_SHARE or not self.phantoms) else self.phantoms
        scan = group[rng.integers(len(group))]
        want = str(rng.choice(WANTED, p=WANTED_SHARE))
        at = None
        if want == 'here' and self.hard:
            scan, at = self.hard[rng.integers(len(self.hard))]
        return scan, want, patch(scan, rng, want, at)

    def batch(self, size: int, step: int = 0) -> list[tuple[Scan, str, Patch]]:
        """New patches; every other step old ones, mirrored anew (drawing them costs as much as a step)."""
        if step % 2 and len(self.old) >= 40 * size:
            chosen = self.rng.choice(len(self.old), size, replace=False)
            return [(*self.old[i][:2], again(self.old[i][2], self.rng)) for i in chosen]
        drawn = [self.draw() for _ in range(size)]
        if step:
            self.old.extend(drawn)
        return drawn

    def learn(self, drawn: list[tuple[Scan, str, Patch]], heat: np.ndarray) -> None:
        """Remembers the strongest false peak of each patch that shows the scan as it is."""
        for (scan, _, one), scores in zip(drawn, heat):
            if one.mirrored is None:
                continue
            wrong = scores * (one.heat < 0.02) * one.weight
            cell = np.array(np.unravel_index(int(wrong.argmax()), wrong.shape))
            if wrong[tuple(cell)] < 0.25:
                continue
            voxel = np.where(one.mirrored, PATCH - 1 - cell * STRIDE, cell * STRIDE)
            self.hard.append((scan, one.origin + voxel))


def tensors(drawn: list[tuple[Scan, str, Patch]]) -> list[torch.Tensor]:
    maps = [torch.from_numpy(np.stack([np.ascontiguousarray(getattr(p, key)) for _, _, p in drawn])) for key in ('image', 'heat', 'weight', 'size', 'sized')]
    maps[0] = maps[0][:, None].contiguous(memory_format=torch.channels_last_3d)
    return maps


@torch.no_grad()
def measured(net: NoduleNet, source: Source, batches: int) -> NoduleNet:
    """A folded copy whose normalizations hold the mean statistics of some batches."""
    net = copy.deepcopy(net).train()
    norms = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm3d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    for _ in range(batches if norms else 0):
        net(tensors(source.batch(BATCH))[0])
    return net.eval().fold()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--phantoms', type=Path, required=True)
    parser.add_argument('--cache', type=Path, required=True)
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--patients', choices=['none', 'all'], default='all')
    parser.add_argument('--leave-out', default='')
    parser.add_argument('--init', type=Path)
    parser.add_argument('--steps', type=int, default=2000)
    parser.add_argument('--rate', type=float, default=4e-3)
    parser.add_argument('--seed', type=int, default=7)
    parser.add_argument('--threads', type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    names = [c.name for c in REAL_CASES]
    if args.leave_out and args.leave_out not in names:
        parser.error(f'--leave-out {args.leave_out}: cases are {", ".join(names)}')

    real = [c for c in REAL_CASES if args.patients == 'all' and c.name != args.leave_out]
    patients = [prepare(args.data, c, args.cache) for c in real]
    phantoms = [prepare(args.data, c, args.cache) for c in phantom_cases(args.phantoms)]
    print(f'patients: {[s.name for s in patients]}, {len(phantoms)} phantoms', flush=True)
    print({s.name: (round(s.noise), len(s.lung_voxels), len(s.vessel_voxels)) for s in patients + phantoms}, flush=True)
    source, steady = Source(patients, phantoms, args.seed), Source(patients, phantoms, args.seed + 1)

    net = NoduleNet().to(memory_format=torch.channels_last_3d)
    if args.init:
        net.fold().load_state_dict(torch.load(args.init, weights_only=True))
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.985), use_buffers=False
    )
    optimizer = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-4)
    warm = 30
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda i: min(1, (i + 1) / warm) * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * min(1, i / args.steps)))),
    )
    start, history = time.time(), []
    for step in range(1, args.steps + 1):
        drawn = source.batch(BATCH, step)
        image, *wanted = tensors(drawn)
        out = net(image)
        loss = loss_of(out, *wanted)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        average.update_parameters(net)
        source.learn(drawn, out[:, 0].detach().sigmoid().numpy())
        history.append(loss.item())
        if step % 25 == 0:
            print(f'{step}/{args.steps} {np.mean(history[-25:]):.3f} {time.time() - start:.0f} s, hard {len(source.hard)}', flush=True)
        if step % 100 == 0 or step == args.steps:
            torch.save(measured(average.module, steady, 40 if step == args.steps else 10).state_dict(), args.out)


if __name__ == '__main__':
    main()
