"""The examples run and write the pictures they promise."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from pyvarcolor.io import read_image

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PICTURES = {
    "1_one_call.py": ["1_gray.png", "1_colour.png"],
    "2_the_steps.py": ["2_steps.png"],
    "3_the_mathematics.py": ["3_mathematics.png"],
}


def test_every_example_is_run():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(PICTURES)


@pytest.mark.parametrize("name", PICTURES)
def test_example(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [name])
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(PICTURES[name])
    coloured = np.asarray(read_image(tmp_path / PICTURES[name][-1])).astype(int)
    assert np.ptp(coloured, axis=2).max() > 40


def test_an_example_writes_where_it_is_told(tmp_path, monkeypatch):
    folder = tmp_path / "pictures"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["3_the_mathematics.py", str(folder)])
    runpy.run_path(str(EXAMPLES / "3_the_mathematics.py"), run_name="__main__")
    assert [path.name for path in folder.iterdir()] == PICTURES["3_the_mathematics.py"]
