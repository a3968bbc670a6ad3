"""The photographs that training held out, as links in two folders: to calibrate on, and to check the result on.

    python training/held_out.py PACK.npz PHOTOGRAPHS FOLDER

PHOTOGRAPHS is the folder that the pack was made from. Every second one goes to FOLDER/calibrate, the others to
FOLDER/check; neither may be there already.
"""

import argparse
from pathlib import Path

import numpy as np
from samples import HELD_OUT

from pyvarcolor.evaluation import find_photographs


def main() -> None:
    """Make the links."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=Path, metavar="PACK.npz")
    parser.add_argument("photographs", type=Path, metavar="PHOTOGRAPHS")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    with np.load(arguments.pack) as pack:
        held_out = set(pack["names"][::HELD_OUT].tolist())
    chosen = [path for path in find_photographs([arguments.photographs]) if path.stem in held_out]
    if missing := held_out - {path.stem for path in chosen}:
        raise SystemExit(
            f"{arguments.photographs} must have the photographs that {arguments.pack} was made from, "
            f"but {len(missing)} of the {len(held_out)} held out are not there, {min(missing)} among them"
        )
    for purpose, paths in (("calibrate", chosen[::2]), ("check", chosen[1::2])):
        folder = arguments.folder / purpose
        folder.mkdir(parents=True)
        for path in paths:
            (folder / path.name).symlink_to(path.resolve())
        print(f"{folder}: {len(paths)} photographs")


if __name__ == "__main__":
    main()
