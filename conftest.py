"""Tests and benchmarks exercise the installed package, never the source folder beside them."""

import os
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent

# `python -m pytest` puts the checkout on the path, where its source folder would hide the installed package.
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != CHECKOUT]
os.environ["PYTHONSAFEPATH"] = "1"  # the same for interpreters that tests start
