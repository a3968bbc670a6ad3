"""Whether a network has learnt photographs by heart: automatic colour of those trained on, beside those held out.

    python training/by_heart.py PACK.npz NETWORK.npz

How many decibels of chroma the network gains over gray, without hints, the mean over photographs ± one standard error;
and with all of its chroma multiplied: a network that is too sure of what it never saw gains by less.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from samples import HELD_OUT, RURAL, Pack, inputs_of

from pyvarcolor.learned.inputs import read_outputs
from pyvarcolor.learned.network import MULTIPLE, Network

FACTORS = 0.8, 0.9, 1.0, 1.1, 1.2


def gains_of(planes: NDArray[np.float16], network: Network) -> list[float]:
    """Decibels over gray with each of the factors."""
    height, width = (side // MULTIPLE * MULTIPLE for side in planes.shape[1:])
    planes = planes[:, :height, :width].astype(np.float32)
    truth = planes[:2].reshape(2, height // 2, 2, width // 2, 2).mean(axis=(2, 4))
    _, chroma, _ = read_outputs(network.forward(inputs_of(planes[2], planes[3:10], None)))
    errors = np.array([np.square(factor * chroma - truth).mean() for factor in (0, *FACTORS)])
    return (10 * np.log10(errors[0] / errors[1:])).tolist()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=Path, metavar="PACK.npz")
    parser.add_argument("network", type=Path, metavar="NETWORK.npz")
    arguments = parser.parse_args()
    pack, network = Pack(arguments.pack), Network(arguments.network)
    # as many of those trained on
    trained_on = slice(None, None, HELD_OUT - 1)
    sets = {
        "trained on": (pack.trained_on_names[trained_on], pack.trained_on[trained_on]),
        "held out": (pack.held_out_names, pack.held_out),
    }
    print("| | photographs | " + " | ".join(f"chroma x {factor:g}" for factor in FACTORS) + " |")
    print("|---" * (2 + len(FACTORS)) + "|")
    for title, (names, photographs) in sets.items():
        gains = np.array([gains_of(each, network) for each in photographs])
        outdoors = np.array([name.startswith(RURAL) for name in names])
        for place, chosen in (("outdoors", outdoors), ("others", ~outdoors)):
            if not chosen.any():
                continue
            mean, error = gains[chosen].mean(axis=0), gains[chosen].std(axis=0, ddof=1) / np.sqrt(chosen.sum())
            cells = " | ".join(f"{m:.2f}±{e:.2f}" for m, e in zip(mean, error, strict=True))
            print(f"| {title}, {place} | {chosen.sum()} | {cells} |")


if __name__ == "__main__":
    main()
