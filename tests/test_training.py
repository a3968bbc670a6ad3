"""Training: what its parts promise; and, where PyTorch is installed, the documented commands on 200 pictures."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import film
import numpy as np
import pytest
from PIL import Image
from randomness import rng
from skimage import data

from pyvarcolor.learned.guess import DEVIATION
from pyvarcolor.learned.inputs import PER_UNIT, stack_inputs
from pyvarcolor.learned.network import Network
from pyvarcolor.shading import phi

ROOT = Path(__file__).resolve().parents[1]
TRAINING = ROOT / "training"


def test_an_old_film_is_a_gray_picture_of_the_scene():
    rgb = data.coffee()[::4, ::4].astype(np.float32) / 255
    for seed in range(10):
        gray = film.degrade(rgb, np.random.default_rng(seed))
        assert gray.shape == rgb.shape[:2]
        assert 0 <= gray.min() < gray.max() <= 1
        assert np.corrcoef(gray.ravel(), rgb.mean(axis=2).ravel())[0, 1] > 0.8
    again = film.degrade(rgb, np.random.default_rng(9))
    np.testing.assert_array_equal(again, gray)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """200 windows of pictures that come with scikit-image."""
    folder = tmp_path_factory.mktemp("photographs")
    sources = [data.astronaut(), data.coffee(), data.chelsea(), data.rocket()]
    for number in range(200):
        source = sources[number % 4]
        side = int(rng().integers(120, 250))
        row, col = (int(rng().integers(length - side)) for length in source.shape[:2])
        window = Image.fromarray(source[row : row + side, col : col + side]).resize((256, 256))
        window.save(folder / f"{number:03}.png")
    return folder


def command(script, *words):
    return [sys.executable, str(TRAINING / script), *map(str, words)]


# the scripts import each other, and one thread a worker is quickest
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"} | {"OMP_NUM_THREADS": "1"}


def attempt(script, *words):
    return subprocess.run(command(script, *words), capture_output=True, text=True, check=False, env=ENVIRONMENT)


def run(script, *words):
    done = attempt(script, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def steps_of(log):
    with log.open() as lines:
        return [int(row["step"]) for row in csv.DictReader(lines)]


def test_the_network_is_shown_one_print_and_nothing_of_the_photograph_behind_it():
    """What it sees without hints follows from the lightness that it sees, in training as in use."""
    pytest.importorskip("torch")
    import samples

    planes = np.random.default_rng(1).uniform(20, 80, (18, 40, 50)).astype(np.float16)
    batches = samples.Batches([planes], None, [samples.View(32, 0.6, late=True)] * 2, 1)
    inputs, truth = (each.numpy() for each in batches[1])
    assert truth.shape == (samples.BATCH, 2, 32, 32)
    unpainted = inputs[~inputs[:, 3].any(axis=(1, 2))]
    assert len(unpainted) > samples.BATCH / 4
    lightness = PER_UNIT * (unpainted[:, 0] + 1)
    nothing = np.zeros((len(lightness), 2, 32, 32))
    expected = stack_inputs(lightness, nothing, nothing[:, 0], nothing, DEVIATION * phi(lightness))
    np.testing.assert_allclose(unpainted, expected, atol=1e-3)


@pytest.mark.slow
def test_the_documented_commands_train_export_and_calibrate(pictures, tmp_path):
    torch = pytest.importorskip("torch")
    import export
    import net

    pack = tmp_path / "pack.npz"
    assert "200 of 200 photographs packed" in run("pack.py", pictures, pack)
    settings = ["--steps", 60, "--width", 8, "--look-every", 20]
    run("train.py", pack, tmp_path / "whole", *settings)
    assert steps_of(tmp_path / "whole" / "log.csv") == [20, 40, 60]
    assert (tmp_path / "whole" / "curve.png").stat().st_size > 1000

    killed = tmp_path / "killed"
    process = subprocess.Popen(command("train.py", pack, killed, *settings), stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    deadline = time.monotonic() + 300
    while not (killed / "checkpoint.pt").exists():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert torch.load(killed / "checkpoint.pt")["step"] < 60
    assert "goes on at step" in run("train.py", pack, killed, *settings)
    assert steps_of(killed / "log.csv") == [20, 40, 60]
    first, second = (torch.load(folder / "checkpoint.pt")["average"] for folder in (tmp_path / "whole", killed))
    for name, value in first.items():
        torch.testing.assert_close(second[name], value, rtol=1e-3, atol=1e-4)
    with pytest.raises(AssertionError, match="was made with other steps: name another OUT"):
        run("train.py", pack, killed, "--steps", 61, "--width", 8)
    run("pack.py", pictures, tmp_path / "other.npz", "--limit", 50)
    with pytest.raises(AssertionError, match="was made with other photographs: name another OUT"):
        run("train.py", tmp_path / "other.npz", killed, *settings)

    weights, trace = tmp_path / "network.npz", tmp_path / "trace.npz"
    assert "MB" in run("export.py", killed / "checkpoint.pt", weights, trace)
    seen = {}
    with np.load(trace) as expected:
        Network(weights).forward(expected["input"], seen)
        for name, out in seen.items():
            np.testing.assert_allclose(out, expected[name], atol=1e-4, err_msg=name)
        again = net.Net(8)
        export.unfold(weights, again, torch.randn(4, 7, 64, 64))
        with torch.inference_mode():
            head = again(torch.from_numpy(expected["input"])[None])[0]
        np.testing.assert_allclose(head, expected["head"], atol=1e-4, err_msg="it is not where it was left")
    with pytest.raises(ValueError, match="must be of a network of the same width"):
        export.unfold(weights, net.Net(16), torch.randn(4, 7, 64, 64))
    table = run("by_heart.py", pack, weights)
    assert "| trained on, others | 8 |" in table
    assert "| held out, others | 8 |" in table
    assert "outdoors" not in table
    run("train.py", pack, tmp_path / "further", *settings, "--begin-with", weights)
    assert steps_of(tmp_path / "further" / "log.csv") == [20, 40, 60]

    calibration = tmp_path / "calibration.npz"
    hints = tmp_path / "hints"
    hints.mkdir()
    for number in range(20, 200):
        (hints / f"{number:03}.npz").touch()
    objects = Image.fromarray(np.arange(36, dtype=np.uint8).reshape(6, 6)).resize((256, 256), Image.Resampling.NEAREST)
    for number in range(20):
        objects.save(pictures / f"{number:03}_segments.png")
    assert run("held_out.py", pack, pictures, tmp_path / "held_out").count(": 4 photographs") == 2
    checked = {path.name for path in (tmp_path / "held_out" / "check").iterdir()}
    held_out = {path.name for path in (tmp_path / "held_out" / "calibrate").iterdir()}
    assert checked | held_out == {f"{number:03}.png" for number in range(0, 200, 25)}
    few = tmp_path / "few"
    few.mkdir()
    shutil.copy(pictures / "025.png", few)
    elsewhere = attempt("held_out.py", pack, few, tmp_path / "none")
    assert elsewhere.returncode == 1
    assert "are not there, 000 among them" in elsewhere.stderr
    assert not (tmp_path / "none").exists()
    assert "\n0, 21, " in run("calibrate.py", pictures, tmp_path / "held_out/calibrate", calibration, "--but", hints)
    with np.load(calibration) as table:
        assert (np.diff(table["quantiles"], axis=1) >= 0).all()
