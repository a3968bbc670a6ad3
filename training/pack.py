"""Pack photographs for training: each as its lightness, chroma and the features that the guess compares.

    python training/pack.py PHOTOGRAPHS PACK.npz

Each photograph is there twice: as it is, and as an old film might have seen it. Gray ones are left out.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from film import degrade
from numpy.typing import NDArray
from skimage.transform import resize

from pyvarcolor import kernels
from pyvarcolor.color import lightness_from_gray, rgb_to_lab
from pyvarcolor.evaluation import find_photographs, read_photograph
from pyvarcolor.learned.guess import features_of
from pyvarcolor.photograph import Photograph

SHORT_SIDE = 112
SEED = 71_402_953
LEAST_CHROMA = 4.0
"""Mean radius of chroma below which a photograph counts as gray."""


def pack_one(path: Path) -> NDArray[np.float16] | None:
    """(18, h, w): a*, b*, then L* and the features (7) of the photograph, then the same of its film; None if gray."""
    try:
        rgb = read_photograph(path).rgb
    except ValueError:
        return None
    lab = rgb_to_lab(rgb)
    if np.hypot(lab[..., 1], lab[..., 2]).mean() < LEAST_CHROMA:
        return None
    random = np.random.default_rng([SEED, *path.stem.encode()])
    old = lightness_from_gray(degrade(rgb.astype(np.float32) / 255, random))
    planes = [lab[..., 1:]]
    loaded = kernels.load("auto", 1)
    scale = SHORT_SIDE / min(rgb.shape[:2])
    size = round(rgb.shape[0] * scale), round(rgb.shape[1] * scale)
    for lightness in (np.ascontiguousarray(lab[..., 0]), np.ascontiguousarray(old)):
        planes += [lightness[..., None], features_of(Photograph(lightness, loaded)).transpose(0, 2, 1)]
    small = [resize(plane, size, order=1, mode="edge", anti_aliasing=True) for plane in planes]
    return np.ascontiguousarray(np.concatenate(small, axis=2).transpose(2, 0, 1), np.float16)


def main() -> None:
    """Write the pack: all photographs one behind the other, and where each begins."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path, metavar="PHOTOGRAPHS")
    parser.add_argument("pack", type=Path, metavar="PACK.npz")
    parser.add_argument("--limit", type=int, metavar="N", help="only N photographs, evenly from all")
    arguments = parser.parse_args()
    paths = find_photographs([arguments.photographs], limit=arguments.limit)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        packed = zip(paths, pool.map(pack_one, paths, chunksize=8), strict=True)
        kept = [(path.stem, planes) for path, planes in packed if planes is not None]
    np.savez(
        arguments.pack,
        names=np.array([name for name, _ in kept]),
        shapes=np.array([planes.shape for _, planes in kept]),
        values=np.concatenate([planes.ravel() for _, planes in kept]),
    )
    print(f"{len(kept)} of {len(paths)} photographs packed, the others are gray, or cannot be read")


if __name__ == "__main__":
    main()
