"""The scripts of the benchmarks that need a folder of photographs: they run, and what they print has sense."""

import sys
from pathlib import Path

import archive
import contact_sheet
import fit_guess
import fit_shading
import interval_coverage
import learned_speed
import looks
import numpy as np
import pytest
import suggestions
import uncertainty
from PIL import Image
from skimage.io import imread

from pyvarcolor.color import lab_to_rgb
from pyvarcolor.evaluation import point_hints, read_photograph, save_hints
from pyvarcolor.shading import phi

NAMES = ("one", "two")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two photographs of two shaded objects each, their segments, and hints."""
    monkeypatch.chdir(tmp_path)
    photographs, hints = Path("photographs"), Path("hints")
    photographs.mkdir()
    hints.mkdir()
    random = np.random.default_rng(730_127)
    segments = (np.indices((40, 60))[1] >= 30).astype(np.uint8)
    for name in NAMES:
        lightness = random.uniform(5, 95, segments.shape)
        chroma = phi(lightness)[..., None] * np.array([(12, 6), (-8, 10)])[segments]
        path = photographs / f"{name}.png"
        Image.fromarray(lab_to_rgb(lightness, chroma, np.uint8)).save(path)
        save_hints(hints / f"{name}.npz", {"p6": point_hints(read_photograph(path), 6)})
    return segments


def run(monkeypatch, script, *arguments):
    monkeypatch.setattr(sys, "argv", [script.__name__, "photographs", *arguments])
    script.main()


def cells(line):
    return [float(cell) for cell in line.strip("|").split("|")[1:]]


def test_contact_sheets_are_as_large_as_what_they_show(folder, monkeypatch, capsys):
    run(monkeypatch, contact_sheet, "--hints", "hints", "--kinds", "p6", "--methods", "graph", "--output", "sheets")
    assert capsys.readouterr().out.split() == [str(Path("sheets", f"{name}_p6.png")) for name in NAMES]
    sheet, truth = imread("sheets/one_p6.png"), imread("photographs/one.png")
    assert sheet.shape == (2 * 40 + 3 * 4, 3 * 60 + 4 * 4, 3)
    assert np.abs(sheet[4:44, 4:64].astype(int) - truth).max() <= 1
    assert not np.array_equal(sheet[48:88, 4:64], sheet[4:44, 68:128])


def test_uncertainty_is_compared_with_errors(folder, monkeypatch, capsys):
    run(monkeypatch, uncertainty, "--hints", "hints", "--kinds", "p6")
    of_uncertainty, of_distance, median, low, high = cells(capsys.readouterr().out.splitlines()[-1])
    assert max(abs(of_uncertainty), abs(of_distance)) <= 1
    assert 0 < low <= median <= high


@pytest.mark.parametrize("stored", [["--hints", "hints"], []])
def test_coverage_is_told(folder, monkeypatch, capsys, stored):
    run(monkeypatch, interval_coverage, *stored, "--kinds", "none,p6")
    lines = capsys.readouterr().out.splitlines()[2:]
    assert [line.split()[1] for line in lines] == ["none", "p6"]
    for line in lines:
        *shares, of_a, of_b, correlation, ratio = (
            float(word.rstrip("%")) for word in line.strip("| ").split(" | ")[1:]
        )
        assert shares[:4] == sorted(shares[:4])
        assert 0 <= shares[4] <= shares[2] <= 100
        assert min(of_a, of_b, ratio) > 0
        assert abs(correlation) <= 1


def test_the_stages_of_colour_without_strokes_are_told(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["learned_speed", "--shrink", "8", "--rounds", "1"])
    learned_speed.main()
    lines = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    milliseconds = [float(line[1]) for line in lines]
    assert [line[0] for line in lines][9:] == [
        "**sum**",
        "`colorize(gray)`",
        "the network at 128 x 192",
        "loading its weights",
    ]
    assert sum(milliseconds[:9]) == pytest.approx(milliseconds[9], abs=0.5)
    assert min(milliseconds[10:]) > 0


def test_the_gain_of_a_second_look_is_told(folder, monkeypatch, capsys):
    before = looks.answer.VIEWS
    run(monkeypatch, looks, "--hints", "hints")
    lines = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    assert [title for title, *_ in lines] == list(looks.CHOICES)
    first = float(lines[0][1])
    for _, psnr, difference in lines:
        assert float(difference.split()[0]) == pytest.approx(float(psnr) - first, abs=0.011)
    assert len({psnr for _, psnr, _ in lines}) > 1
    assert before == looks.answer.VIEWS


@pytest.mark.parametrize("kinds", ["p6", "none"])
def test_gains_of_suggestions_are_told(folder, monkeypatch, capsys, kinds):
    run(monkeypatch, suggestions, "--hints", "hints", "--kinds", kinds, "--count", "3")
    _, random, suggested, difference = capsys.readouterr().out.splitlines()[-1].strip("| ").split(" | ")
    assert float(difference.split()[0]) == pytest.approx(float(suggested) - float(random), abs=0.011)


def test_the_shading_of_the_photographs_is_found(folder, monkeypatch, capsys):
    for name in NAMES:
        Image.fromarray(folder).save(f"photographs/{name}_segments.png")
    run(monkeypatch, fit_shading)
    table = {line.split("|")[1].strip(): cells(line) for line in capsys.readouterr().out.splitlines()[2:]}
    best = {c: min(errors) for c, errors in table.items()}
    assert min(best, key=best.__getitem__) == "2"
    assert table["2"].index(best["2"]) == fit_shading.POWERS.index(0.3)


def test_the_guess_is_fitted(folder, monkeypatch, capsys):
    monkeypatch.setattr(fit_guess, "DRAWS", ((3, 1), (10, 1)))
    run(monkeypatch, fit_guess, "--iterations", "1")
    error, *constants = capsys.readouterr().out.strip().splitlines()
    before, after = (float(word) for word in error.split() if word[0].isdigit())
    assert after <= before
    assert constants[-1].startswith("LEAST = ")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc and /dev/shm")
def test_nothing_of_an_archive_is_lost_whoever_is_killed(tmp_path, capsys):
    scans = tmp_path / "scans"
    archive.make(scans, 40, 0.3)
    assert sorted(set(archive.truth_of(scans).values())) == sorted(archive.DAMAGES)
    assert archive.run(scans, jobs=2, sample=5) == []
    assert archive.kills(scans, times=3, count=16) == []
    table = capsys.readouterr().out
    assert "| 40 | 28 | 12 | 0 |" in table
    assert "| a worker | 1 |" in table
