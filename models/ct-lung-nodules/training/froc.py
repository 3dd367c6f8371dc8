"""FROC on scans the weights have not seen: nodules are put into them on their own grid, then the whole
pipeline runs as in the viewer.

    python froc.py --package <folder of model.json> --weights fold.pt --data <folder> --phantoms <folder> \
        --cache <folder> --cases nlst --sets 3 --out nlst.json
    python froc.py --merge nlst.json acrin.json cptac.json

A nodule is hit if a detection's centre lies within its radius of its centre (LUNA16). Further
detections on a hit nodule, and detections in what the patient's own scan is not judged by (`ignore`),
count neither way; everything else is a false positive.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from scipy import ndimage

from nodules import blur_of, insert, propose, random_recipe
from pipeline import detect, onnx_network, torch_network
from scans import REAL_CASES, SEEN_LESIONS, SPACING, Nodule, Scan, phantom_cases, prepare, read_case

RATES = (0.125, 0.25, 0.5, 1, 2, 4, 8)
SIZES = ((0, 6), (6, 8), (8, 15), (15, 100))
PER_SET = 10
# Nothing weaker is kept; the curve ends there.
FLOOR = 0.03


def on_own_grid(mask: np.ndarray, shape: tuple[int, ...], spacing: np.ndarray) -> np.ndarray:
    share = ndimage.affine_transform(mask.astype(np.float32), spacing / SPACING, output_shape=shape, order=1, mode='nearest')
    return share >= 0.5


def populate(scan: Scan, voxels: np.ndarray, lung: np.ndarray, spacing: np.ndarray, rng: np.random.Generator) -> list[Nodule]:
    """Puts PER_SET nodules into `voxels`, sizes spread evenly over the logarithm from 4 to 28 mm."""
    blur = blur_of(scan.slice_spacing, 0.5)
    nodules = list(scan.nodules)
    diameters = 4 * 7 ** ((np.arange(PER_SET) + rng.uniform(0, 1, PER_SET)) / PER_SET)
    for diameter in diameters:
        for _ in range(30):
            recipe = random_recipe(rng, float(diameter))
            place = propose(scan, recipe, rng)
            if place is None or any(
                np.linalg.norm(place - n.centre) < (recipe.diameter + n.diameter) / 2 + 8 for n in nodules
            ):
                continue
            seen = insert(voxels, lung, recipe, place, spacing, blur, scan.noise)
            if seen is not None:
                nodules.append(Nodule(seen[0], seen[1], recipe.texture, recipe.attachment))
                break
    return nodules


def judge(found: list[tuple[float, np.ndarray, float]], nodules: list[Nodule], ignore: np.ndarray) -> dict:
    """Scores of hits (0 for a miss) beside each nodule's facts, scores of false positives."""
    hits = [0.0] * len(nodules)
    errors: list[float | None] = [None] * len(nodules)
    sizes: list[float | None] = [None] * len(nodules)
    false = []
    for score, centre, diameter in found:
        mine = [i for i, n in enumerate(nodules) if np.linalg.norm(centre - n.centre) <= n.diameter / 2]
        for i in mine:
            if hits[i] == 0:
                hits[i], sizes[i] = score, diameter
                errors[i] = float(np.linalg.norm(centre - nodules[i].centre))
        voxel = np.clip(np.round(centre / SPACING).astype(int), 0, np.array(ignore.shape) - 1)
        if not mine and not ignore[tuple(voxel)]:
            false.append((score, [round(float(c), 1) for c in centre], round(diameter, 1)))
    facts = [
        {
            'diameter': round(n.diameter, 2),
            'texture': n.texture,
            'attachment': n.attachment,
            'score': hits[i],
            'offset': errors[i],
            'measured': sizes[i],
        }
        for i, n in enumerate(nodules)
    ]
    return {'nodules': facts, 'false': false}


def threshold_at(scans: list[dict], rate: float) -> float:
    """The lowest threshold with at most `rate` false positives a scan."""
    scores = sorted((f[0] for s in scans for f in s['false']), reverse=True)
    allowed = int(np.floor(rate * len(scans)))
    return FLOOR if allowed >= len(scores) else float(np.nextafter(scores[allowed], 1))


def share(nodules: list[dict], threshold: float) -> str:
    if not nodules:
        return '–'
    return f'{np.mean([n["score"] >= threshold for n in nodules]):.2f}'


def table(scans: list[dict]) -> None:
    nodules = [n for s in scans for n in s['nodules']]
    groups = {'all': nodules}
    for low, high in SIZES:
        groups[f'{low}–{high} mm'] = [n for n in nodules if low <= n['diameter'] < high]
    for kind in ('texture', 'attachment'):
        for value in sorted({n[kind] for n in nodules}):
            groups[value] = [n for n in nodules if n[kind] == value]
    print(f'{len(scans)} scans, {len(nodules)} nodules')
    thresholds = [threshold_at(scans, r) for r in RATES]
    print('| | n | ' + ' | '.join(f'{r:g}' for r in RATES) + ' |')
    print('| threshold | | ' + ' | '.join(f'{t:.3f}' for t in thresholds) + ' |')
    for name, group in groups.items():
        print(f'| {name} | {len(group)} | ' + ' | '.join(share(group, t) for t in thresholds) + ' |')
    found = [n for n in nodules if n['score'] > 0]
    if found:
        ratio = np.array([n['measured'] / n['diameter'] for n in found])
        print(
            f'centre off by {np.median([n["offset"] for n in found]):.1f} mm (median), '
            f'diameter {100 * (np.median(ratio) - 1):+.0f} % (median), {100 * np.median(np.abs(ratio - 1)):.0f} % off'
        )
    for t in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7):
        rate = np.mean([sum(f[0] >= t for f in s['false']) for s in scans])
        print(f'threshold {t:.1f}: sensitivity {share(nodules, t)}, {rate:.2f} false positives a scan')


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('--package', type=Path, default=Path(__file__).resolve().parents[1])
    parser.add_argument('--weights', type=Path, help='a fold; without it the package is judged')
    parser.add_argument('--data', type=Path)
    parser.add_argument('--phantoms', type=Path)
    parser.add_argument('--cache', type=Path)
    parser.add_argument('--cases', nargs='*', default=[], help='names; "phantoms" for all of --phantoms')
    parser.add_argument('--sets', type=int, default=1, help='nodule sets a scan; 0 judges the scan as it is')
    parser.add_argument('--seed', type=int, default=5)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--out', type=Path)
    parser.add_argument('--merge', nargs='*', type=Path, default=[])
    args = parser.parse_args()
    scans = [s for path in args.merge for s in json.loads(path.read_text(encoding='utf-8'))]
    manifest = json.loads((args.package / 'model.json').read_text(encoding='utf-8')) if args.cases else {}
    cases = [c for c in REAL_CASES if c.name in args.cases]
    if 'phantoms' in args.cases:
        cases += phantom_cases(args.phantoms)
    for case in cases:
        if args.weights:
            network = torch_network(str(args.weights), args.threads)
        else:
            network = onnx_network(str(args.package / manifest['files'][0]['path']), args.threads)
        scan = prepare(args.data, case, args.cache)
        volume = read_case(args.data, case)
        lung = on_own_grid(scan.lung, volume.voxels.shape, volume.spacing)
        clean = volume.voxels
        for number in range(max(1, args.sets)):
            volume.voxels = clean.copy()
            nodules = list(scan.nodules)
            if args.sets > 0:
                nodules = populate(scan, volume.voxels, lung, volume.spacing, np.random.default_rng([args.seed, number]))
            start = time.time()
            found = detect(network, volume, manifest, FLOOR)
            result = judge(found, nodules, scan.ignore)
            own = [
                max((s for s, c, _ in found if np.linalg.norm(c - lesion[:3]) <= lesion[3] * 0.6), default=0)
                for lesion in SEEN_LESIONS.get(case.name, [])
            ]
            if own and args.sets == 0:
                print(f'{case.name}: the lesions of its own have the scores {[round(s, 2) for s in own]}', flush=True)
            scans.append({'case': case.name, 'set': number, **result})
            strong = [f for f in result['false'] if f[0] >= 0.3][:8]
            hit = sum(n['score'] >= 0.3 for n in result['nodules'])
            print(f'{case.name} {number}: {hit}/{len(nodules)} at 0.3, {time.time() - start:.1f} s, false {strong}', flush=True)
        if args.out:
            args.out.write_text(json.dumps(scans), encoding='utf-8')
    table(scans)


if __name__ == '__main__':
    main()
