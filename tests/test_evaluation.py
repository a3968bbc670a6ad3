"""The evaluation: its measures on known errors, hints that are known to be true, means and errors, the command."""

import io
import json
import math
import re
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from pyvarcolor import Hints, Recipe, colorize
from pyvarcolor.cli.app import make_app
from pyvarcolor.cli.terminal import Terminal
from pyvarcolor.evaluation import (
    Estimate,
    Photograph,
    Score,
    evaluate,
    find_photographs,
    paired_difference,
    plot,
    point_hints,
    read_hints,
    read_photograph,
    save_hints,
    summarize,
    to_markdown,
)
from pyvarcolor.evaluation.known_hints import scale_hints
from pyvarcolor.evaluation.photograph import colourfulness_of
from pyvarcolor.io import ImageFileError

HEIGHT, WIDTH = 31, 45
MOST = 10 * math.log10(255**2 * 12)  # dB


def picture(seed: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Four flat quarters of mild colours, with a little texture."""
    random = np.random.default_rng([38_512, seed])
    colours = random.integers(70, 190, (2, 2, 3))
    rows, columns = np.indices((height, width))
    rgb = colours[2 * rows // height, 2 * columns // width] + random.integers(-3, 4, (height, width, 1))
    return rgb.astype(np.uint8)


@pytest.fixture
def photograph() -> Photograph:
    return Photograph(picture(0), "quarters")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The current folder: three photographs in photographs/, stored hints of two of them in hints/."""
    monkeypatch.chdir(tmp_path)
    Path("photographs").mkdir()
    Path("hints").mkdir()
    for k, name in enumerate(("anna", "boat", "cat")):
        path = Path("photographs", f"{name}.png")
        Image.fromarray(picture(k)).save(path)
        if name != "boat":
            truth = read_photograph(path)
            save_hints(Path("hints", f"{name}.npz"), {"few": point_hints(truth, 2, 91), "p9": point_hints(truth, 9, 5)})
    Path("photographs", "notes.txt").write_text("not a photograph", "utf-8")
    return tmp_path


def scores_of(psnr: dict[str, list[list[float]]], kind: str = "p3") -> list[Score]:
    """Made-up scores of methods: for each photograph, one for each seed."""
    return [
        Score(f"photograph {k}", kind, seed, method, dB, 100 - 2 * dB, 23.0, 0.5 + k / 10, 0.25 * (seed + 1))
        for method, values in psnr.items()
        for k, of_it in enumerate(values)
        for seed, dB in enumerate(of_it)
    ]


def cells(table: str) -> list[list[str]]:
    """Of a Markdown table, without its head."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def run(*arguments: str | Path):
    return CliRunner().invoke(make_app(), ["evaluate", *map(str, arguments)])


# --- measures -------------------------------------------------------------------------------------


def test_true_colours_get_the_ratio_to_their_own_rounding(photograph):
    truth = photograph.lab[..., 1:]
    assert photograph.psnr(truth) == pytest.approx(MOST)
    assert photograph.ciede2000(truth) == pytest.approx(0, abs=1e-4)
    assert photograph.colourfulness(truth) == pytest.approx(1, abs=1e-9)


def test_one_wrong_pixel_is_a_known_error(photograph):
    chroma = photograph.lab[..., 1:].copy()
    chroma[3, 4] = 0
    level = round(255 * float(photograph.gray[3, 4]))
    squared = ((photograph.rgb[3, 4].astype(float) - level) ** 2).sum() / photograph.rgb.size
    assert squared > 0.1
    assert photograph.psnr(chroma) == pytest.approx(10 * math.log10(255**2 / squared))


def test_gray_is_what_the_method_sees(photograph):
    gray = np.rint(255 * photograph.gray)[..., None]
    squared = np.mean((photograph.rgb - gray) ** 2)
    nothing = np.zeros((HEIGHT, WIDTH, 2))
    assert photograph.psnr(nothing) == pytest.approx(10 * math.log10(255**2 / squared))
    assert photograph.colourfulness(nothing) == pytest.approx(0, abs=1e-9)
    assert photograph.ciede2000(nothing) > 3


def test_ciede2000_of_a_published_pair():
    """The first pair of Sharma, Wu and Dalal 2005 has ΔE00 = 2.0425 at L* = 50."""
    photograph = Photograph(picture(4, 2, 2))
    photograph.__dict__["lab"] = np.broadcast_to([50.0, 2.6772, -79.7751], (2, 2, 3))
    assert photograph.ciede2000(np.broadcast_to([0.0, -82.7485], (2, 2, 2))) == pytest.approx(2.0425, abs=1e-4)


def test_colourfulness_by_hand():
    half = np.zeros((2, 2, 3), np.uint8)
    half[0] = 200, 100, 50  # rg = 100, yb = 100; the other half is 0, 0
    assert colourfulness_of(half) == pytest.approx(math.sqrt(50**2 + 50**2) * 1.3)
    assert colourfulness_of(np.full((3, 3, 3), 77, np.uint8)) == 0


def test_scales(photograph):
    half, double = photograph.scaled(0.5), photograph.scaled(2)
    assert photograph.scaled(1) is photograph
    assert half.rgb.shape == (HEIGHT // 2, WIDTH // 2, 3)
    assert half.rgb[3, 5].tolist() == np.rint(photograph.rgb[6:8, 10:12].mean((0, 1))).tolist()
    assert double.rgb.shape == (2 * HEIGHT, 2 * WIDTH, 3)
    assert np.abs(double.scaled(0.5).rgb.astype(int) - photograph.rgb).mean() < 2
    assert {each.name for each in (half, double)} == {"quarters"}


@pytest.mark.parametrize("rgb", [np.full((4, 5, 3), 99, np.uint8), np.zeros((4, 5)), np.zeros((4, 5, 3))])
def test_only_photographs_in_colour(rgb):
    with pytest.raises(ValueError, match=r"^sea must be (a colour photograph, but all|uint8 .*, but is float64)"):
        Photograph(rgb, "sea")


# --- hints ----------------------------------------------------------------------------------------


def test_points_are_squares_of_true_colour(photograph):
    hints = point_hints(photograph, 1, 72)
    rows, columns = np.nonzero(hints.mask)
    assert len(rows) == 9
    assert np.ptp(rows) == np.ptp(columns) == 2
    assert np.array_equal(hints.chroma[hints.mask], photograph.lab[hints.mask][:, 1:])
    all_places = point_hints(photograph, (HEIGHT - 2) * (WIDTH - 2), 72)
    assert all_places.mask.all()


def test_points_hang_on_photograph_number_and_seed_alone(photograph):
    masks = [
        point_hints(each, count, seed).mask
        for each in (photograph, Photograph(photograph.rgb, "another"))
        for count, seed in ((5, 0), (5, 1), (6, 0))
    ]
    assert len({mask.tobytes() for mask in masks}) == len(masks)
    assert np.array_equal(point_hints(Photograph(255 - photograph.rgb, "quarters"), 5, 1).mask, masks[1])


@pytest.mark.parametrize("count", [0, (HEIGHT - 2) * (WIDTH - 2) + 1])
def test_points_need_room(photograph, count):
    with pytest.raises(ValueError, match=rf"must be 1\.\.1247 on quarters \(45 x 31 pixels\), but is {count}$"):
        point_hints(photograph, count)


def test_stored_hints_come_back(photograph, tmp_path):
    stored = {"mine": Hints.from_points([(3, 4, (20.25, -15.5)), (30, 44, (1, 2))], (HEIGHT, WIDTH))}
    stored["p7"] = point_hints(photograph, 7)
    save_hints(tmp_path / "quarters.npz", stored)
    for kind, hints in stored.items():
        read = read_hints(tmp_path / "quarters.npz", kind, (HEIGHT, WIDTH))
        assert np.array_equal(read.mask, hints.mask)
        assert np.array_equal(read.chroma, hints.chroma.astype(np.float16))


def test_stored_hints_have_the_documented_format(tmp_path):
    mask = np.zeros((4, 6), bool)
    mask[1, 2] = mask[3, 5] = True
    path = tmp_path / "a.npz"
    np.savez(path, x_mask=np.packbits(mask), x_chroma=np.array([[1, 2], [3, 4]], np.float16))
    hints = read_hints(path, "x", (4, 6))
    assert np.array_equal(hints.mask, mask)
    assert (hints.chroma[1, 2].tolist(), hints.chroma[3, 5].tolist()) == ([1, 2], [3, 4])


def test_stored_hints_that_do_not_fit(photograph, tmp_path):
    path = tmp_path / "a.npz"
    save_hints(path, {"x": point_hints(photograph, 7)})
    with pytest.raises(ValueError, match=r"kind must be one of x in .*, but is 'y'"):
        read_hints(path, "y", (HEIGHT, WIDTH))
    for shape in [(HEIGHT + 1, WIDTH), (HEIGHT // 2, WIDTH), (3, 3)]:
        with pytest.raises(ValueError, match=rf"must have the size of the photograph \({shape[1]} x {shape[0]} pixels"):
            read_hints(path, "x", shape)
    for content in (b"", b"PK\3\4 cut short", b"words"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=re.escape(str(path))):
            read_hints(path, "x", (HEIGHT, WIDTH))
    np.save(tmp_path / "b.npy", np.zeros(3))
    with pytest.raises(ValueError, match=r"b\.npy"):
        read_hints(tmp_path / "b.npy", "x", (HEIGHT, WIDTH))


def test_hints_follow_the_scale():
    hints = Hints.from_points([(3, 3, (8, 4))], (7, 9), radius=0)
    double, half = scale_hints(hints, 2), scale_hints(hints, 0.5)
    assert np.argwhere(double.mask).tolist() == [[6, 6], [6, 7], [7, 6], [7, 7]]
    assert np.argwhere(half.mask).tolist() == [[1, 1]]
    assert double.chroma[7, 6].tolist() == half.chroma[1, 1].tolist() == [8, 4]
    again = scale_hints(double, 0.5)
    assert np.array_equal(again.mask, hints.mask)
    assert np.array_equal(again.chroma, hints.chroma)


# --- scores ---------------------------------------------------------------------------------------


def test_scores_are_those_of_colorize(folder):
    paths = find_photographs(["photographs"])
    told: list[Score] = []
    scores = evaluate(
        paths,
        ["p4", "p1"],
        ["graph:weights=levin,beta=0.5", "heat:max_iter=50,tol=1e-9"],
        seeds=2,
        callback=told.append,
    )
    assert scores == told
    assert len(scores) == len(set(scores)) == 3 * 2 * 2 * 2
    photograph = read_photograph(paths[1])
    (score,) = [
        each for each in scores if (each.photograph, each.kind, each.seed, each.method[0]) == ("boat", "p4", 1, "g")
    ]
    chroma = colorize(photograph.gray, point_hints(photograph, 4, 1), method="graph", weights="levin", beta=0.5).chroma
    assert score.psnr == photograph.psnr(chroma)
    assert score.ciede2000 == photograph.ciede2000(chroma)
    assert score.colourfulness == photograph.colourfulness(chroma)
    assert score.gray_psnr == photograph.psnr(np.zeros_like(chroma))
    assert 0 < score.seconds < 10
    assert {score.method[0]: score.converged for score in scores} == {"g": True, "h": False}


def test_stored_hints_are_used_at_each_scale(folder):
    paths = find_photographs(["photographs"], hints="hints")
    assert [path.stem for path in paths] == ["anna", "cat"]
    for scale in (0.5, 1, 2):
        scores = evaluate(paths, ["few"], ["graph"], hints="hints", scale=scale)
        photograph = read_photograph(paths[0])
        hints = scale_hints(read_hints("hints/anna.npz", "few", (HEIGHT, WIDTH)), scale)
        scaled = photograph.scaled(scale)
        assert scores[0].psnr == scaled.psnr(colorize(scaled.gray, hints, method="graph").chroma)
        assert {score.seed for score in scores} == {None}


def test_without_hints_only_what_imagines_is_measured(folder):
    paths = find_photographs(["photographs"])
    for hints in (None, "hints"):
        auto, network, prior = (
            [score.psnr for score in evaluate(paths, ["none"], [method], hints=hints)]
            for method in ("auto", "network", "tgv:prior=network")
        )
        assert auto == network == prior
        assert len(auto) == 3
    with pytest.raises(ValueError, match="method 'graph' needs at least one hint"):
        evaluate(paths, ["none"], ["graph"])


def test_a_prior_is_named_among_the_options():
    assert Recipe.parse("tgv:prior=network,alpha0=5") == Recipe.of("tgv", prior="network", alpha0=5)
    with pytest.raises(ValueError, match="did you mean 'network'"):
        Recipe.parse("tgv:prior=networks")


def test_a_method_named_twice_runs_once(folder):
    assert len(evaluate(["photographs/cat.png"], ["p3", "p3"], ["graph", "graph"])) == 1


def test_photographs_are_found_and_limited_evenly(folder):
    assert [path.stem for path in find_photographs(["photographs"])] == ["anna", "boat", "cat"]
    assert [path.stem for path in find_photographs(["photographs/cat.png", "photographs/anna.png"])] == ["cat", "anna"]
    assert [path.stem for path in find_photographs(["photographs"], limit=2)] == ["anna", "boat"]
    assert len(find_photographs(["photographs"], limit=9)) == 3


def test_what_cannot_be_read_is_told_before_any_run(folder):
    Path("photographs", "dark.png").write_bytes(b"no image")
    told: list[Score] = []
    with pytest.raises(ImageFileError, match=r"dark\.png"):
        evaluate(find_photographs(["photographs"]), ["p1"], callback=told.append)
    assert told == []


# --- summary --------------------------------------------------------------------------------------


def test_errors_against_a_slow_reference():
    """Seeds are averaged by photograph, then photographs; the error is that of paired differences."""
    random = np.random.default_rng(515_902)
    psnr = {method: random.normal(28, 2, (6, 3)).tolist() for method in ("first", "second")}
    first, second = summarize(scores_of(psnr))

    means = {method: [sum(seeds) / 3 for seeds in values] for method, values in psnr.items()}
    differences = [b - a for a, b in zip(means["first"], means["second"], strict=True)]

    def check(estimate: Estimate, values: list[float]) -> None:
        mean = sum(values) / 6
        assert estimate.mean == pytest.approx(mean)
        assert estimate.error == pytest.approx(math.sqrt(sum((value - mean) ** 2 for value in values) / 5 / 6))

    check(first.psnr, means["first"])
    check(second.psnr, means["second"])
    check(second.psnr_difference, differences)
    check(second.ciede2000_difference, [-2 * difference for difference in differences])
    assert first.psnr_difference is first.ciede2000_difference is None
    assert second.seconds == pytest.approx(0.5)
    assert second.colourfulness.mean == pytest.approx(0.75)
    worse = sum(value < 23 for values in psnr["second"] for value in values) / 18
    assert second.worse_than_gray == pytest.approx(worse)


def test_exact_answers_leave_the_mean_finite(photograph):
    assert Estimate.of([photograph.psnr(photograph.lab[..., 1:]), 30.0]).mean == pytest.approx((MOST + 30) / 2)


def test_a_single_photograph_has_no_error():
    first, second = summarize(scores_of({"a": [[25.0, 27.0]], "b": [[22.0, 22.5]]}))
    assert (str(first.psnr), format(second.psnr_difference, "+.1f")) == ("26.00", "-3.8")
    assert (first.worse_than_gray, second.worse_than_gray) == (0, 1)


def test_each_kind_has_its_own_first_method():
    scores = scores_of({"a": [[25.0]], "b": [[26.0]]}) + scores_of({"a": [[31.0]], "b": [[30.0]]}, "strokes")
    assert [row.psnr_difference and row.psnr_difference.mean for row in summarize(scores)] == [None, 1, None, -1]


def test_methods_on_different_photographs_are_not_compared():
    first, second = scores_of({"a": [[25.0], [26.0]]}), scores_of({"b": [[25.0]]})
    with pytest.raises(ValueError, match=r"b and a must be scored on the same .*, but only one is on photograph 1"):
        paired_difference(second, first, "psnr")


def test_the_table_leaves_out_what_is_not_known():
    known = scores_of({"a": [[25.0], [27.0]]})
    rival = [Score(f"photograph {k}", "p3", None, "rival", 26.0, 5.0, 23.0) for k in range(2)]
    ours, theirs = cells(to_markdown(summarize(known + rival)))
    assert ours == ["p3", "a", "26.00 ± 1.00", "", "48.00 ± 2.00", "", "0.55 ± 0.05", "0%", "0.250"]
    assert theirs == ["p3", "rival", "26.00 ± 0.00", "+0.00 ± 1.00", "5.00 ± 0.00", "-43.00 ± 2.00", "", "0%", ""]


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_plot_opens(tmp_path, suffix):
    scores = scores_of({"a": [[25.0], [27.0]], "b": [[24.0], [22.0]]}) + scores_of({"a": [[31.0], [30.0]]}, "strokes")
    rival = [Score("photograph 0", "p3", None, "rival", 26.0, 5.0, 23.0)]
    path = tmp_path / f"quality.{suffix}"
    plot(summarize(scores) + summarize(rival), path)
    if suffix == "png":
        with Image.open(path) as image:
            assert np.asarray(image.convert("RGB")).std() > 5
    else:
        assert path.read_bytes().startswith({"svg": b"<?xml", "pdf": b"%PDF"}[suffix])


# --- the command ----------------------------------------------------------------------------------


def test_table_json_and_plot_agree(folder):
    result = run(
        "photographs", "--kinds", "p3,p20", "--seeds", "2", "--methods", "graph", "heat:max_iter=40,tol=1e-9",
        "--json", "scores.json", "--plot", "quality.png", "--limit", "2",
    )  # fmt: skip
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        f"heat:max_iter=40,tol=1e-9 on {kind}: only 0% of the runs converged" for kind in ("p3", "p20")
    ]
    facts = json.loads(Path("scores.json").read_text("utf-8"))
    scores = [Score(**each) for each in facts["scores"]]
    assert len(scores) == 2 * 2 * 2 * 2
    assert result.stdout == to_markdown(summarize(scores)) + "\n"
    assert facts["table"] == [asdict(row) for row in summarize(scores)]
    assert [row[:2] for row in cells(result.stdout)] == [
        [kind, method] for kind in ("p3", "p20") for method in ("graph", "heat:max_iter=40,tol=1e-9")
    ]
    with Image.open("quality.png") as image:
        assert image.size[0] > 1000


def test_stored_hints_and_scale_on_the_command_line(folder):
    arguments = ("photographs", "--hints", "hints", "--kinds", "p9,few", "--scale", "0.5")
    assert [row[:2] for row in cells(run(*arguments).stdout)] == [["p9", "auto"], ["few", "auto"]]


def test_methods_may_stand_in_front_or_be_repeated(folder):
    for arguments in [
        ("--methods", "graph", "heat", "--kinds", "p9", "photographs"),
        ("photographs", "--methods", "graph", "--kinds", "p9", "--methods", "heat"),
    ]:
        assert [row[1] for row in cells(run(*arguments).stdout)] == ["graph", "heat"]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "sentence"),
    [
        (["nowhere"], 1, "cannot read nowhere: there is no such file"),
        (["photographs/notes.txt"], 1, "cannot read photographs/notes.txt"),
        (["hints"], 1, "there must be photographs (.png, "),
        (["photographs", "--hints", "photographs"], 1, "with hints NAME.npz in photographs, but photographs has none"),
        (
            ["photographs", "photographs/cat.png"],
            1,
            "photographs must have different names, but photographs/cat.png and",
        ),
        (["gray.png"], 1, "gray.png: gray must be a colour photograph, but all its pixels are gray"),
        (["photographs", "--kinds", "p0"], 1, "kind must be none, p1, p2, ... where hints are not stored, but is 'p0'"),
        (["photographs", "--kinds", "p9999"], 1, "must be 1..1247 on anna (45 x 31 pixels), but is 9999"),
        (["photographs", "--hints", "hints", "--kinds", "p10"], 1, "kind must be one of few, p9 in hints/anna.npz"),
        (["large", "--hints", "hints", "--kinds", "few"], 1, "must have the size of the photograph (90 x 62 pixels)"),
        (["photographs", "--methods", "grapf"], 2, "did you mean 'graph'?"),
        (["photographs", "--methods", "graph:bta=1"], 2, "method 'graph' has no option 'bta'"),
        (["photographs", "--methods", "graph:beta"], 2, "must be written option=value, but 'graph:beta' has 'beta'"),
        (["photographs", "--methods"], 2, "--methods"),
        (["photographs", "--hints", "hints", "--seeds", "2"], 2, "--seeds and --hints exclude each other"),
        (["photographs", "--plot", "plot.bmp"], 2, "a plot must be one of .pdf, .png, .svg, but is plot.bmp"),
        (["photographs", "--json", "gray.png"], 1, "cannot write gray.png: the file exists"),
        (["photographs", "--json", "no/scores.json"], 1, "cannot write no/scores.json: there is no folder no"),
    ],
)
def test_bad_input_gets_one_sentence(folder, monkeypatch, arguments, exit_code, sentence):
    monkeypatch.setenv("COLUMNS", "200")
    Image.fromarray(np.full((9, 9, 3), 80, np.uint8)).save("gray.png")
    Path("large").mkdir()
    Image.fromarray(picture(0, 2 * HEIGHT, 2 * WIDTH)).save("large/anna.png")
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_a_bar_counts_the_runs_where_there_is_a_terminal():
    screen = io.StringIO()
    with Terminal(console=Console(file=screen, force_terminal=True, width=90)).counting("3 photographs", 2) as done:
        done("anna, p3, graph")
        done("boat, p3, graph")
    assert "boat, p3, graph" in screen.getvalue()


@pytest.mark.parametrize(("quiet", "minutes", "lines"), [(False, 2, 2), (False, 0, 0), (True, 2, 0)])
def test_where_there_is_no_terminal_a_line_is_said_each_minute(monkeypatch, quiet, minutes, lines):
    clock = iter(range(0, 600, 61 if minutes else 1))
    monkeypatch.setattr("pyvarcolor.cli.terminal.time.monotonic", lambda: next(clock))
    screen = io.StringIO()
    with Terminal(quiet=quiet, console=Console(file=screen)).counting("3 photographs", 2) as done:
        done("anna")
        done("boat")
    assert screen.getvalue().count("\n") == lines
    assert ("pyvarcolor: 2 of 2, boat" in screen.getvalue()) == (lines > 0)


def test_files_are_replaced_when_asked(folder):
    Path("scores.json").write_text("old", "utf-8")
    assert run("photographs/cat.png", "--kinds", "p2", "--json", "scores.json", "--overwrite").exit_code == 0
    assert json.loads(Path("scores.json").read_text("utf-8"))["scores"][0]["photograph"] == "cat"
