"""The rivals of the benchmarks: each minimises what its paper says, and the scripts that measure them run."""

import json
import sys
from pathlib import Path

import check_rivals
import numpy as np
import pytest
import quality
import rivals
from PIL import Image
from randomness import rng
from rivals.bilateral_solver import SPATIAL, bistochastic, blur, fbs, grid
from rivals.closed_form import CHANNELS, LAMBDA, closed_form, matting_laplacian
from rivals.fast_global_smoother import smooth, smooth_rows

from pyvarcolor import Hints, kernels, methods
from pyvarcolor.evaluation import point_hints, read_photograph, save_hints
from pyvarcolor.photograph import Photograph


def scene(height: int = 13, width: int = 17) -> tuple[np.ndarray, Hints]:
    """Smooth lightness with an edge and grain; a few hints of any colour."""
    rows, cols = np.indices((height, width))
    lightness = 30 + rows + 25 * (cols > width // 2) + rng().normal(0, 1, rows.shape)
    mask = rng().random(rows.shape) < 0.05
    mask[2, [3, -3]] = True
    return lightness, Hints(mask, rng().normal(0, 20, (*rows.shape, 2)))


@pytest.mark.parametrize("name", sorted(rivals.RIVALS.keys() - {"gray", "tint"}))
def test_two_even_halves_take_the_colours_of_their_hints(name):
    lightness = np.full((24, 40), 40.0)
    lightness[:, 20:] = 70
    hints = Hints.from_points([(12, 9, (30, 20)), (12, 30, (-20, 15))], lightness.shape)
    chroma = rivals.RIVALS[name](lightness, hints)
    assert np.abs(chroma[:, :20] - (30, 20)).max() < 0.5
    assert np.abs(chroma[:, 20:] - (-20, 15)).max() < 0.5


def test_levin_is_the_method_with_the_published_weights():
    lightness, hints = scene()
    ours = methods.make("graph", weights="levin", normalize=False, tol=1e-9, max_iter=2000)
    expected, _ = ours.solve(Photograph(lightness, kernels.load()), hints)
    np.testing.assert_allclose(rivals.levin(lightness, hints), expected, atol=1e-4)


def test_the_matting_laplacian_is_what_affine_functions_of_the_windows_leave():
    lightness, _ = scene()
    eps = 1e-4
    u = rng().normal(0, 20, lightness.shape)
    left = 0.0
    for i, j in np.ndindex(lightness.shape[0] - 2, lightness.shape[1] - 2):
        window = np.s_[i : i + 3, j : j + 3]
        colour = np.repeat(lightness[window].reshape(9, 1) / 100, CHANNELS, axis=1)
        a_and_b = np.hstack([colour, np.ones((9, 1))])
        penalty = np.hstack([np.sqrt(eps) * np.eye(CHANNELS), np.zeros((CHANNELS, 1))])
        target = np.concatenate([u[window].ravel(), np.zeros(CHANNELS)])
        left += np.linalg.lstsq(np.vstack([a_and_b, penalty]), target, rcond=None)[1][0]
    assert u.ravel() @ matting_laplacian(lightness, eps) @ u.ravel() == pytest.approx(left, rel=1e-9)


def test_closed_form_is_a_minimum():
    lightness, hints = scene()
    laplacian = matting_laplacian(lightness, 1e-4)
    u = closed_form(lightness, hints, 1e-4).reshape(-1, 2)
    mask = hints.mask.reshape(-1, 1)
    gradient = laplacian @ u + LAMBDA * mask * (u - hints.chroma.reshape(-1, 2))
    assert np.abs(gradient).max() < 1e-6 * LAMBDA


def test_fast_global_smoother_minimises_along_rows():
    guide = rng().integers(0, 20, (3, 7)).astype(float)
    f = rng().normal(0, 1, (3, 7, 2))
    u = smooth_rows(f, guide, 5.0, 4.0)
    for row in range(3):
        weights = 5 * np.exp(-np.abs(np.diff(guide[row])) / 4)
        differences = np.diff(np.eye(7), axis=0)
        system = np.eye(7) + differences.T @ (weights[:, None] * differences)
        np.testing.assert_allclose(u[row], np.linalg.solve(system, f[row]))


def test_fast_global_smoother_is_that_of_opencv():
    cv2 = pytest.importorskip("cv2")
    guide = rng().integers(100, 140, (40, 50)).astype(np.uint8)
    f = rng().normal(0, 20, (40, 50)).astype(np.float32)
    expected = cv2.ximgproc.fastGlobalSmootherFilter(guide, f, 500, 5)
    np.testing.assert_allclose(smooth(f[..., None], guide.astype(float), 500, 5)[..., 0], expected, atol=1e-3)


def test_fast_bilateral_solver_minimises_over_all_pairs_of_cells():
    lightness, hints = scene(40, 56)
    luma, smoothness = 30.0, 0.3
    guide = np.rint(2.55 * lightness)
    place = np.stack([*(np.indices(guide.shape) // SPATIAL), guide // luma], axis=-1).reshape(-1, 3)
    used, cell = np.unique(place, axis=0, return_inverse=True)
    cell = cell.ravel()  # NumPy 2.0 has it as a column
    apart = np.abs(used[:, None] - used).sum(axis=2)
    b = np.choose(np.minimum(apart, 2).astype(int), [10.0, 1.0, 0.0])

    cells, _, steps = grid(guide, luma)
    np.testing.assert_array_equal(blur(cells, steps).toarray(), b)
    smooth = bistochastic(blur(cells, steps), np.bincount(cell)).toarray()
    np.testing.assert_allclose(smooth.sum(axis=1), 0, atol=1e-9)

    splat = (np.arange(len(used))[:, None] == cell).astype(float)
    c = hints.mask.ravel().astype(float)
    y = np.linalg.solve(
        smoothness * smooth + splat @ np.diag(c) @ splat.T, splat @ (c[:, None] * hints.chroma.reshape(-1, 2))
    )
    np.testing.assert_allclose(fbs(lightness, hints, luma, smoothness).reshape(-1, 2), splat.T @ y, atol=0.05)


def test_strokes_are_told_from_points():
    photograph = np.zeros((90, 90))
    points = Hints.from_points([(5 * k + 3, 7 * k + 3, (9, 9)) for k in range(12)], photograph.shape)
    stroke = np.zeros(photograph.shape, np.bool_)
    stroke[40:44, 5:80] = True
    assert not rivals.are_strokes(points)
    assert rivals.are_strokes(Hints(stroke, np.ones((90, 90, 2))))


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The current folder: two photographs, hints and stored scores of theirs; and a registry that forgets."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(methods, "_registry", {name: methods.get(name) for name in methods.names()})
    Path("photographs").mkdir()
    Path("hints").mkdir()
    for name in ("one", "two"):
        rgb = np.kron(rng().integers(70, 190, (2, 2, 3)), np.ones((16, 20, 1))).astype(np.uint8)
        Image.fromarray(rgb).save(f"photographs/{name}.png")
        photograph = read_photograph(f"photographs/{name}.png")
        save_hints(f"hints/{name}.npz", {"p4": point_hints(photograph, 4)})
    by_kind = {"p4": {"one": [20.0, 9.0], "two": [21.0, 8.0, 0.5]}}
    Path("peers.json").write_text(json.dumps({"results": dict.fromkeys(["gray", "levin", "fbs"], by_kind)}), "utf-8")
    return tmp_path


def run(monkeypatch, script, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["script", "photographs", "--hints", "hints", "--kinds", "p4", *arguments])
    script.main()


def test_quality_puts_rivals_beside_our_methods(folder, monkeypatch, capsys):
    run(monkeypatch, quality, "--methods", "graph", "--rivals", "levin", "--peers", "peers.json", "--plot", "plot.svg")
    table, best = capsys.readouterr().out.split("\n\n")[1:]
    rows = [line.split(" | ")[1] for line in table.splitlines()[2:]]
    assert rows == ["graph", "levin", "gray", "fbs"]
    assert "| p4 | graph | levin |" in best
    assert Path("plot.svg").exists()


def test_quality_needs_a_rival(folder, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        run(monkeypatch, quality, "--methods", "graph")
    assert "--rivals or --peers must be given" in capsys.readouterr().err


def test_deviations_from_stored_scores(folder, monkeypatch, capsys):
    run(monkeypatch, check_rivals, "--rivals", "gray", "--peers", "peers.json")
    (row,) = capsys.readouterr().out.splitlines()[4:]
    errors = [
        abs(photograph.psnr(np.zeros((*photograph.gray.shape, 2))) - stored)
        for photograph, stored in zip(
            map(read_photograph, sorted(Path("photographs").iterdir())), (20, 21), strict=True
        )
    ]
    assert row.startswith(f"| gray | p4 | {np.mean(errors):.4f} | {max(errors):.4f} |")
