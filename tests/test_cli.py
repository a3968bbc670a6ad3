"""The command line, as its user meets it: files, streams, exit codes, words and flags."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import pyvarcolor
from pyvarcolor import kernels, methods
from pyvarcolor.cli.app import make_app
from pyvarcolor.color import lightness_from_gray, rgb_to_lab
from pyvarcolor.io import read_photo, write_photo
from pyvarcolor.methods.heat import Heat
from pyvarcolor.result import SolverReport
from pyvarcolor.strokes.vector import VectorStroke, save_vector

HEIGHT, WIDTH = 20, 32
RED, BLUE = (200, 60, 60), (40, 90, 220)
COMMAND = (sys.executable, "-m", "pyvarcolor")
posix_only = pytest.mark.skipif(os.name != "posix", reason="signals and terminals of POSIX")


def gray_pixels(dtype: type[np.generic] = np.uint8) -> np.ndarray[Any, Any]:
    """Two halves, dark and bright, with a little texture."""
    gray = np.full((HEIGHT, WIDTH), 0.35)
    gray[:, WIDTH // 2 :] = 0.6
    gray += np.random.default_rng(771_203).uniform(-0.01, 0.01, gray.shape)
    white = {np.uint8: 255, np.uint16: 65535}.get(dtype)
    return np.rint(gray * white).astype(dtype) if white else gray.astype(dtype)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with photo.png and strokes.png in it; a wide terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    Image.fromarray(gray_pixels()).save("photo.png")
    strokes = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    strokes[8:12, 3:8], strokes[8:12, 24:29] = RED, BLUE
    Image.fromarray(strokes).save("strokes.png")
    return tmp_path


def run(*arguments: str | Path, stdin: bytes | None = None) -> Any:
    """Result of a command, run in this process."""
    return CliRunner().invoke(make_app(), list(map(str, arguments)), input=stdin)


def colorize(*arguments: str | Path, **streams: Any) -> Any:
    return run("colorize", *arguments, "--threads", "1", **streams)


def start(*arguments: str | Path, **streams: Any) -> subprocess.Popen[Any]:
    return subprocess.Popen([*COMMAND, *map(str, arguments)], **streams)


# --- colorize -------------------------------------------------------------------------------------


def test_a_photograph_is_coloured_and_the_command_says_what_it_did(folder):
    result = colorize("photo.png", "--strokes", "strokes.png", "-o", "out.png")
    assert result.exit_code == 0
    assert re.fullmatch(
        r"out\.png: 32 x 20, kriging on \w+ \(1 threads\): converged .* s, .* moved into the gamut\n",
        result.stdout,
    )
    assert result.stderr == "strokes.png: painted on black: 2 strokes, 2 colours, 6.2 % of pixels\n"
    lab = rgb_to_lab(read_photo("out.png").pixels)
    assert np.allclose(lab[..., 0], lightness_from_gray(gray_pixels()), atol=1)
    assert (lab[:, :14, 1] > 20).all()
    assert (lab[:, 18:, 2] < -20).all()


def test_without_out_the_result_lies_beside_the_photograph(folder):
    assert colorize("photo.png", "--strokes", "strokes.png").stdout.startswith("photo_color.png: ")
    Image.fromarray(gray_pixels()).save("scan.bmp")
    assert colorize("scan.bmp", "--strokes", "strokes.png").exit_code == 0
    assert {"photo_color.png", "scan_color.png"} < {path.name for path in folder.iterdir()}


def test_names_with_spaces_and_beyond_ascii(folder):
    (folder / "фото ёлки №1").mkdir()
    for name in ("photo.png", "strokes.png"):
        (folder / name).rename(folder / "фото ёлки №1" / name)
    result = colorize("фото ёлки №1/photo.png", "--strokes", "фото ёлки №1/strokes.png", "-o", "写真 ä.jpg")
    assert result.exit_code == 0
    assert result.stdout.startswith("写真 ä.jpg: ")
    assert read_photo("写真 ä.jpg").pixels.shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize(
    ("dtype", "suffix"), [(np.uint8, "png"), (np.uint16, "png"), (np.uint16, "tif"), (np.float32, "tif")]
)
def test_bit_depth_is_kept(folder, dtype, suffix):
    gray = gray_pixels(dtype)
    write_photo(f"deep.{suffix}", np.dstack([gray, gray, gray]))
    assert colorize(f"deep.{suffix}", "--strokes", "strokes.png").exit_code == 0
    assert read_photo(f"deep_color.{suffix}").pixels.dtype == dtype


def test_no_file_is_overwritten_unless_asked(folder):
    before = (folder / "photo.png").read_bytes()
    itself = colorize("photo.png", "--strokes", "strokes.png", "-o", "photo.png")
    assert (itself.exit_code, itself.stdout) == (1, "")
    assert "it is the source photograph itself" in itself.stderr
    Path("out.png").write_bytes(b"dear to me")
    refused = colorize("photo.png", "--strokes", "strokes.png", "-o", "out.png")
    assert refused.exit_code == 1
    assert "the file exists; choose another name, or allow it" in refused.stderr
    assert (folder / "photo.png").read_bytes() == before
    assert Path("out.png").read_bytes() == b"dear to me"
    assert colorize("photo.png", "--strokes", "strokes.png", "-o", "out.png", "--overwrite").exit_code == 0
    assert read_photo("out.png").pixels.ndim == 3


def test_json_is_all_of_stdout(folder):
    result = colorize("photo.png", "--strokes", "strokes.png", "--json", "--method", "tgv", "--alpha0", "5")
    facts = json.loads(result.stdout)
    assert facts["version"] == pyvarcolor.__version__
    assert (facts["input"], facts["output"]) == ("photo.png", "photo_color.png")
    assert (facts["width"], facts["height"], facts["dtype"]) == (WIDTH, HEIGHT, "uint8")
    share = facts["strokes"].pop("share")
    assert share == pytest.approx(40 / (HEIGHT * WIDTH))
    assert facts["strokes"] == {"path": "strokes.png", "format": "black", "count": 2, "colours": 2}
    assert (facts["method"], facts["options"]) == ("tgv", {"alpha0": 5})
    assert 0 <= facts["moved"] <= 1
    report = facts["report"]
    assert report["stopped_by"] == "change"
    assert len(report["checked_at"]) == len(report["energy"]) == len(report["change"]) > 0
    assert "strokes.png: painted on black" in result.stderr


def test_json_has_words_for_infinity(folder):
    def refuse(constant):
        raise AssertionError(constant)

    facts = json.loads(run("methods", "tv", "--json").stdout, parse_constant=refuse)
    assert "Infinity" in [option["default"] for option in facts["options"]]


def test_json_and_note_name_the_options_behind_auto(folder):
    facts = json.loads(colorize("photo.png", "--strokes", "strokes.png", "--json", "--edge-power", "3.5").stdout)
    expected = methods.make("auto", edge_power=3.5)
    assert facts["method"] == expected.name
    assert methods.make(facts["method"], **facts["options"]) == expected
    with Image.open("photo_color.png") as image:
        assert json.loads(image.text["Description"])["options"] == facts["options"]


def test_quiet_leaves_standard_error_empty(folder):
    result = colorize("photo.png", "--strokes", "strokes.png", "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("photo_color.png: ")


def test_the_file_says_how_it_was_made(folder):
    arguments = ("--method", "tv", "--tensor", "--max-iter", "900", "--space", "oklab")
    assert colorize("photo.png", "--strokes", "strokes.png", *arguments).exit_code == 0
    with Image.open("photo_color.png") as image:
        note = json.loads(image.text["Description"])
    assert note.pop("backend") in kernels.BACKENDS
    assert note == {
        "software": f"colourised by pyvarcolor {pyvarcolor.__version__}",
        "method": "tv",
        "options": {"tensor": True, "max_iter": 900},
        "prior": None,
        "space": "oklab",
        "strokes": "strokes.png",
    }


def test_dry_run_checks_and_writes_nothing(folder):
    before = sorted(folder.iterdir())
    result = colorize("photo.png", "--strokes", "strokes.png", "--dry-run")
    assert (result.exit_code, result.stdout) == (0, "photo_color.png: 32 x 20, nothing written (dry run)\n")
    facts = json.loads(colorize("photo.png", "--strokes", "strokes.png", "--dry-run", "--json").stdout)
    assert facts["dry_run"] is True
    assert "report" not in facts
    assert sorted(folder.iterdir()) == before
    Path("photo_color.png").touch()
    assert colorize("photo.png", "--strokes", "strokes.png", "--dry-run").exit_code == 1


def test_strokes_of_another_size_are_brought_to_size_only_when_asked(folder):
    with Image.open("strokes.png") as strokes:
        strokes.resize((2 * WIDTH, 2 * HEIGHT), Image.Resampling.NEAREST).save("large.png")
    refused = colorize("photo.png", "--strokes", "large.png")
    assert refused.exit_code == 1
    assert "(20, 32), but have (40, 64)" in refused.stderr
    assert "2 strokes, 2 colours" in colorize("photo.png", "--strokes", "large.png", "--resize-strokes").stderr


def test_vector_strokes_and_a_format_that_is_told(folder):
    save_vector("strokes.json", [VectorStroke(((0.1, 0.5), (0.3, 0.5)), 0.05, "#c83c3c")])
    assert "vector strokes: 1 stroke" in colorize("photo.png", "--strokes", "strokes.json").stderr
    told = colorize("photo.png", "--strokes", "strokes.png", "--strokes-format", "layer", "--dry-run", "--overwrite")
    assert told.exit_code == 1
    assert "must have transparent pixels" in told.stderr


def test_an_earlier_result_is_a_start(folder):
    slow = ("--method", "heat", "--tol", "0.01", "--max-iter", "100000", "--json")
    first = json.loads(colorize("photo.png", "--strokes", "strokes.png", "-o", "1.tif", *slow).stdout)
    again = ("--initial", "1.tif", *slow)
    second = json.loads(colorize("photo.png", "--strokes", "strokes.png", "-o", "2.tif", *again).stdout)
    assert second["report"]["iterations"] < first["report"]["iterations"] / 2
    assert np.abs(rgb_to_lab(read_photo("2.tif").pixels) - rgb_to_lab(read_photo("1.tif").pixels)).max() < 6


def test_running_out_of_iterations_is_one_line_of_warning(folder):
    result = colorize("photo.png", "--strokes", "strokes.png", "--max-iter", "2", "--tol", "1e-9", "--quiet")
    assert result.exit_code == 0
    assert re.fullmatch(r"pyvarcolor: warning: kriging stopped at max_iter = 2 .*\n", result.stderr)
    assert Path("photo_color.png").exists()


# --- without strokes ------------------------------------------------------------------------------


def test_without_strokes_the_network_colours(folder):
    result = run("colorize", "photo.png")
    assert result.exit_code == 0, result.stderr
    assert re.search(r"^photo_color.png: 32 x 20, network on \w+ .*: done", result.stdout)
    expected = pyvarcolor.colorize(gray_pixels())
    np.testing.assert_array_equal(read_photo("photo_color.png").pixels, expected.rgb)


def test_json_tells_of_the_prior(folder):
    facts = json.loads(run("colorize", "photo.png", "--json").stdout)
    assert facts["strokes"] is None
    assert (facts["method"], facts["prior"]) == ("kriging", {"method": "network", "options": {}})
    flags = ("--method", "tgv", "--prior", "network:boost=1.2", "-o", "tgv.png")
    facts = json.loads(run("colorize", "photo.png", "--strokes", "strokes.png", "--json", *flags).stdout)
    assert facts["prior"] == {"method": "network", "options": {"boost": 1.2}}
    with Image.open("tgv.png") as image:
        assert json.loads(image.text["Description"])["prior"] == facts["prior"]


# --- errors ---------------------------------------------------------------------------------------

STROKES = ("--strokes", "strokes.png")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["missing.png", *STROKES], 1, "cannot read missing.png: there is no such file"),
        (["text.png", *STROKES], 1, "cannot read text.png: .*no known image format"),
        (["photo.png", "--strokes", "missing.png"], 1, "cannot read missing.png"),
        (["photo.png", "--strokes", "missing.json"], 1, "missing.json"),
        (["photo.png", "--strokes", "text.json"], 1, "text.json must be a JSON file of strokes"),
        (["photo.png", "--strokes", "black.png"], 1, "strokes must hold at least one stroke"),
        (
            ["photo.png", *STROKES, "--max-pixels", "639"],
            1,
            "32 x 20 = .* million pixels, more than the limit",
        ),
        (
            ["photo.png", *STROKES, "--initial", "photo.png"],
            1,
            r"must be a colour picture of shape \(20, 32, 3\)",
        ),
        (["photo.png", *STROKES, "-o", "nowhere/out.png"], 1, "there is no folder nowhere"),
        (["photo.png", *STROKES, "-o", "."], 1, "unknown suffix"),
        (["photo.png", *STROKES, "-o", "out.psd"], 1, "unknown suffix '.psd'; use one of .png"),
        (["photo.png", "--method", "tgv"], 2, "method 'tgv' needs strokes .auto and network do without.: .*--strokes"),
        (["photo.png", "--prior", "none"], 2, "method 'kriging' needs strokes"),
        (["photo.png", "--prior", "networks"], 2, "did you mean 'network'"),
        (["photo.png", "--prior", "network:boost=-1"], 2, "boost must be at least 0 and at most 10, but is -1"),
        (["photo.png", "--method", "onnx"], 2, "method 'onnx' needs the option 'model'"),
        (["-", "--strokes", "-"], 2, "must not both be standard input"),
        (["photo.png", *STROKES, "-o", "-", "--json"], 2, "name a file with -o"),
        (["photo.png", *STROKES, "--method", "tvg"], 2, r"method must be one of .*tgv.*did you mean"),
        (["photo.png", *STROKES, "--method", "heat", "--alpha0", "3"], 2, "'heat' has no option 'alpha0'"),
        (["photo.png", *STROKES, "--max-iter", "-1"], 2, "max_iter must be at least 0, but is -1"),
        (["photo.png", *STROKES, "--method", "tgv", "--beta", "-1"], 2, "beta must be at least 0, but is -1"),
    ],
)
def test_what_is_wrong_is_one_line_and_an_exit_code(folder, monkeypatch, arguments, exit_code, message):
    Path("text.png").write_text("no picture")
    Path("text.json").write_text("no JSON")
    Image.new("RGB", (WIDTH, HEIGHT)).save("black.png")
    before = sorted(folder.iterdir())
    monkeypatch.setattr(pyvarcolor, "colorize", lambda *_, **__: pytest.fail("errors come before the solve"))
    result = colorize(*arguments)
    assert result.exit_code == exit_code
    assert result.stdout == ""
    last = result.stderr.splitlines()[-1]
    assert re.search(f"^pyvarcolor: error: .*{message}", last)
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    "flags",
    [
        ["--max-iter", "many"],
        ["--space", "rgb"],
        ["--backend", "gpu"],
        ["--threads", "0"],
        ["--weights", "mine"],
        ["--x"],
    ],
)
def test_what_cannot_be_typed_is_misuse(folder, flags):
    result = run("colorize", "photo.png", *STROKES, *flags)
    assert (result.exit_code, result.stdout) == (2, "")
    assert flags[0] in result.stderr


def test_a_read_only_folder_is_found_before_the_solve(folder, monkeypatch):
    monkeypatch.setattr(pyvarcolor, "colorize", lambda *_, **__: pytest.fail("errors come before the solve"))
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and access(path, mode))
    result = colorize("photo.png", *STROKES)
    assert result.exit_code == 1
    assert "folder . is read-only" in result.stderr


def test_a_backend_that_is_not_installed(folder, monkeypatch):
    monkeypatch.setitem(kernels.BACKENDS, "cpp", "pyvarcolor.kernels.none_such")
    result = colorize("photo.png", *STROKES, "--backend", "cpp")
    assert result.exit_code == 1
    assert re.match(r"pyvarcolor: error: backend 'cpp' is not part of this installation .*C\+\+17", result.stderr)
    told = run("info")
    assert told.exit_code == 0
    assert re.search(r"^cpp kernels +available: False, problem: .*C\+\+17 compiler", told.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("error", "exit_code", "message"),
    [
        (MemoryError("of 9 GiB"), 1, "there is not enough memory (of 9 GiB)"),
        (KeyboardInterrupt(), 130, "stopped, nothing was written"),
    ],
)
def test_an_end_in_the_middle_of_the_solve(folder, monkeypatch, error, exit_code, message):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(pyvarcolor, "colorize", fail)
    result = colorize("photo.png", *STROKES)
    assert result.exit_code == exit_code
    assert message in result.stderr
    assert not Path("photo_color.png").exists()


# --- streams and processes ------------------------------------------------------------------------


def test_a_filter_from_standard_input_to_standard_output(folder):
    photo = (folder / "photo.png").read_bytes()
    process = subprocess.run(
        [*COMMAND, "colorize", "-", *STROKES, "--threads", "1"], input=photo, capture_output=True, check=True
    )
    Path("piped.png").write_bytes(process.stdout)
    assert colorize("photo.png", *STROKES).exit_code == 0
    assert np.array_equal(read_photo("piped.png").pixels, read_photo("photo_color.png").pixels)
    assert b"-: 32 x 20, kriging" in process.stderr
    from_stdin = colorize("photo.png", "--strokes", "-", "-o", "2.png", stdin=(folder / "strokes.png").read_bytes())
    assert "painted on black: 2 strokes" in from_stdin.stderr


@posix_only
@pytest.mark.parametrize("arguments", [["methods"], ["info"], ["colorize", "photo.png", *STROKES, "-o", "-"]])
def test_a_reader_who_leaves_early_gets_no_traceback(folder, arguments):
    reader, writer = os.pipe()
    os.close(reader)
    with start(*arguments, stdout=writer, stderr=subprocess.PIPE, text=True) as process:
        os.close(writer)
        _, stderr = process.communicate()
    assert "Traceback" not in stderr
    assert "Exception ignored" not in stderr


@pytest.fixture
def heeding_ctrl_c():
    """What is started in the background of a shell ignores Ctrl-C, and so would its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@posix_only
def test_ctrl_c_stops_and_writes_nothing(folder, heeding_ctrl_c):
    Image.fromarray(np.tile(gray_pixels(), (20, 20))).save("photo.png")
    endless = (
        "--resize-strokes",
        "--method",
        "heat",
        "--tol",
        "0",
        "--max-iter",
        "1000000000",
        "--threads",
        "1",
    )
    with start("colorize", "photo.png", *STROKES, *endless, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("strokes.png: ")
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert stderr == "pyvarcolor: stopped, nothing was written\n"
    assert not (folder / "photo_color.png").exists()


@posix_only
def test_progress_is_on_the_terminal_of_standard_error_only(folder):
    import pty

    def stderr_of(*flags: str) -> tuple[bytes, str]:
        """Standard output, and what a terminal at standard error gets."""
        terminal, its_end = pty.openpty()
        arguments = (
            "colorize",
            "photo.png",
            *STROKES,
            "--overwrite",
            "--threads",
            "1",
            "--tol",
            "1e-12",
            "--max-iter",
            "200",
        )
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
        with start(*arguments, *flags, stdout=subprocess.PIPE, stderr=its_end, env=environment) as process:
            os.close(its_end)
            stdout, _ = process.communicate()
        seen = os.read(terminal, 1 << 16).decode()
        os.close(terminal)
        return stdout, seen

    stdout, stderr = stderr_of("--method", "heat")
    assert re.search(r"photo\.png, heat .*200 iterations, change \S+, 0:00:00 left at most", stderr)
    assert re.fullmatch(rb"photo_color\.png: [^\n\x1b]*\n", stdout)
    assert "iterations, change" not in stderr_of("--method", "heat", "--quiet")[1]
    assert "iterations, change" not in colorize("photo.png", *STROKES, "--overwrite").stderr


@posix_only
def test_no_picture_goes_to_a_terminal(folder):
    import pty

    terminal, its_end = pty.openpty()
    arguments = ("colorize", "photo.png", *STROKES, "-o", "-")
    with start(*arguments, stdout=its_end, stderr=subprocess.PIPE, text=True) as process:
        _, stderr = process.communicate()
    os.close(its_end)
    os.close(terminal)
    assert process.returncode == 2
    assert "would go to standard output, which is taken: name a file with -o" in stderr


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux")
def test_a_file_name_that_is_no_text(folder):
    name = os.fsdecode(b"photo\xe9.png")
    (folder / "photo.png").rename(folder / name)
    process = subprocess.run([*COMMAND, "colorize", name, *STROKES], capture_output=True, text=True, check=True)
    assert process.stdout.startswith(r"photo\udce9_color.png: ")
    assert (folder / os.fsdecode(b"photo\xe9_color.png")).exists()


def test_help_and_version_import_nothing_slow():
    for flag in ("--help", "--version"):
        script = f"""
import sys
from pyvarcolor.cli.app import main
sys.argv = ["pyvarcolor", "{flag}"]
try:
    main()
finally:
    slow = {{"PIL", "imagecodecs", "matplotlib", "numba", "skimage", "tifffile"}} & set(sys.modules)
    print(sorted(slow), file=sys.stderr)
"""
        process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        if flag == "--help" or "cpp" in kernels.available():
            assert process.stderr == "[]\n"


# --- flags of methods -----------------------------------------------------------------------------


@pytest.fixture
def third_party(monkeypatch):
    """A registry with a method of somebody else in it; what it was made with last."""
    monkeypatch.setattr(methods, "_registry", {name: methods.get(name) for name in methods.names()})
    made: list[Any] = []

    @methods.register("stain", "colour as coffee would")
    @dataclass(frozen=True, kw_only=True)
    class Stain:
        """Everything gets the mean colour of the strokes.

        Parameters
        ----------
        strength : float
            How [bold] the stain is.
        bean : {"arabica", "robusta"}
            What it was made of.
        tol : float
            Another tolerance.
        alpha0 : int
            Of another type than that of tgv.
        json : bool
            Of the name of a flag of the command.
        points : tuple of int
            What cannot be typed.
        """

        strength: float | None = None
        bean: Literal["arabica", "robusta"] = "arabica"
        tol: float = 3.5
        alpha0: int = 7
        json: bool = False
        points: tuple[int, ...] = ()

        def solve(self, lightness, hints, **_):
            made.append(self)
            logging.getLogger("pyvarcolor").info("grinding the beans")
            chroma = np.broadcast_to(hints.chroma[hints.mask].mean(0), (*lightness.shape, 2)).copy()
            return chroma, SolverReport("stain", "cpp", 1, 1, 0.5, "direct")

    return made


def flat(text: str) -> str:
    """Text without the frames of panels and tables."""
    return " ".join(re.sub(r"[^\x00-\x7f]", " ", text).split())


def test_the_help_fits_a_screen_and_a_half(folder, monkeypatch):
    """What a person turns; options of methods are told by `pyvarcolor methods NAME`."""
    monkeypatch.setenv("COLUMNS", "80")
    for command, most in (("colorize", 75), ("paint", 85), ("batch", 90)):
        text = run(command, "--help").stdout
        assert len(text.splitlines()) <= most
        assert max(map(len, text.splitlines())) <= 80
        for flag in ("--method", "--prior", "--space", "--set"):
            assert flag in text
        assert "--max-iter" not in text


@pytest.mark.parametrize(
    "words",
    [
        ("--set", "max_iter=7", "--set", "tol=0", "--set", "weights=levin", "--set", "normalize=False"),
        ("--max-iter", "7", "--tol", "0", "--weights", "levin", "--no-normalize"),
    ],
)
def test_every_option_can_be_set(folder, words):
    result = colorize("photo.png", *STROKES, "--method", "graph", *words, "--json")
    assert result.exit_code == 0, result.stderr
    expected = {"max_iter": 7, "tol": 0, "weights": "levin", "normalize": False}
    assert json.loads(result.stdout)["options"] == expected


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        ("max_iters=7", "method 'graph' has no option 'max_iters' (did you mean 'max_iter'?); its options are"),
        ("max_iter", "options of a method must be written option=value, but there is 'max_iter'"),
        ("max_iter=-7", "max_iter must be at least 0, but is -7"),
        ("max_iter=many", "max_iter must be a whole number, but is 'many'"),
        ("normalize=off", "normalize must be True or False, but is 'off'"),
        ("weights=mine", "weights must be one of edge, levin, but is 'mine'"),
    ],
)
def test_what_cannot_be_set_is_said(folder, pair, sentence):
    result = colorize("photo.png", *STROKES, "--method", "graph", "--set", pair)
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in flat(result.stderr)


def test_a_method_of_a_third_party_has_its_flags(folder, third_party):
    text = flat(run("methods", "stain").stdout)
    assert "How [bold] the stain is." in text
    assert "--points" not in flat(run("colorize", "--help").stdout)
    result = colorize("photo.png", *STROKES, "--method", "stain", "--strength", "0.25", "--bean", "robusta", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["options"] == {"strength": 0.25, "bean": "robusta"}
    (method,) = third_party
    assert (method.strength, method.bean, method.tol, method.json) == (0.25, "robusta", 3.5, False)


def test_notes_of_the_package_are_shown_unless_quiet(folder, third_party):
    arguments = ("photo.png", *STROKES, "--method", "stain", "--overwrite")
    assert "pyvarcolor: grinding the beans\n" in colorize(*arguments).stderr
    assert colorize(*arguments, "--quiet").stderr == ""
    assert logging.getLogger("pyvarcolor").handlers == []


# --- methods, info, version -----------------------------------------------------------------------


def test_methods_are_listed(folder, third_party):
    text = flat(run("methods").stdout)
    for word in (
        "heat",
        f"{methods.make('auto').name} (auto",
        "colour as coffee would",
        "time_step = 0.25",
        "bean = arabica",
    ):
        assert word in text
    facts = json.loads(run("methods", "--json").stdout)
    assert [fact["name"] for fact in facts] == methods.names()


def test_all_about_one_method(folder):
    text = flat(run("methods", "heat").stdout)
    assert Heat.summary in text
    assert "Isotropic heat flow" in text
    assert "time_step float 0.25 In pixels squared, above 0" in text
    facts = json.loads(run("methods", "auto", "--json").stdout)
    assert facts["name"] == methods.make("auto").name
    assert "Gaussian process" in facts["description"]
    assert {"name": "max_iter", "type": "int", "default": 5000} in [
        {key: option[key] for key in ("name", "type", "default")} for option in facts["options"]
    ]


def test_an_unknown_method_has_no_documentation(folder):
    result = run("methods", "grapf")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "pyvarcolor: error: method must be one of auto, heat" in result.stderr
    assert "did you mean 'graph'?" in result.stderr


def test_info_is_what_a_bug_report_needs(folder):
    facts = json.loads(run("info", "--json").stdout)
    assert facts["pyvarcolor"] == pyvarcolor.__version__
    assert facts["packages"]["numpy"] == np.__version__
    assert [name for name, state in facts["kernels"].items() if state["available"]] == kernels.available()
    assert re.search("compiled", facts["kernels"]["numba"]["cache"])
    text = run("info").stdout
    assert f"numpy          {np.__version__}\n" in text
    assert re.search(r"^numba kernels  available: True, simd: llvm:\S+, threads: \d", text, re.MULTILINE)


def test_version_names_what_would_run():
    best = kernels.load()
    what_runs = f"{best.backend} kernels, {best.simd_level()}, {best.threads} threads"
    expected = f"pyvarcolor {pyvarcolor.__version__} ({what_runs})\n"
    assert run("--version").stdout == expected
    process = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert process.stdout == expected


@pytest.mark.parametrize("command", ["colorize", "evaluate", "demo", "methods", "info"])
def test_the_help_of_each_command_has_an_example(folder, command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"pyvarcolor {command}" in flat(result.stdout).partition("Example")[2]
    assert command in run("--help").stdout


# --- demo -----------------------------------------------------------------------------------------


@pytest.fixture
def small_demo(folder, monkeypatch):
    """A demo of another photograph, to be quick; the real one is looked at in test_demo.py."""
    gray = gray_pixels()
    true_rgb = np.dstack([gray, gray // 2, gray // 3])
    strokes = (
        VectorStroke(((0.1, 0.5), (0.3, 0.5)), 0.05, "#c85028"),
        VectorStroke(((0.7, 0.5), (0.9, 0.5)), 0.05, "#808080"),
    )
    monkeypatch.setattr("pyvarcolor.demo.load_demo", lambda: (true_rgb, gray, strokes))
    return folder / "my pictures" / "demo"


def test_the_demo_writes_its_pictures_and_says_where(small_demo):
    result = run("demo", "--out-dir", small_demo, "--threads", "1")
    assert result.exit_code == 0
    names = ("gray", "strokes", "result", "side_by_side")
    *paths, last = result.stdout.splitlines()
    assert paths == [str(small_demo / f"{name}.png") for name in names]
    assert re.search(r"^kriging on .* s, .*; PSNR against the true colour \d+\.\d dB \(gray: \d+\.\d dB\)$", last)
    assert f"pyvarcolor colorize {small_demo / 'gray.png'} --strokes" in result.stderr
    pixels = {name: read_photo(small_demo / f"{name}.png").pixels for name in names}
    assert np.array_equal(pixels["gray"], np.dstack([gray_pixels()] * 3))
    assert pixels["strokes"][10, 6].tolist() == [200, 80, 40]
    assert np.array_equal(pixels["side_by_side"][:, 2 * (WIDTH + 8) : 3 * WIDTH + 16], pixels["result"])
    assert rgb_to_lab(pixels["result"])[:, :14, 1].min() > 10


def test_the_demo_replaces_its_own_pictures(small_demo):
    assert run("demo", "--out-dir", small_demo, "--threads", "1", "--quiet").stderr == ""
    again = run("demo", "--out-dir", small_demo, "--threads", "1", "--method", "tv")
    assert again.exit_code == 0
    assert again.stdout.count(".png (replaced)\n") == 4
    assert "\ntv on " in again.stdout


def test_the_demo_cannot_go_into_a_file_or_by_no_method(small_demo):
    taken = run("demo", "--out-dir", "photo.png", "--threads", "1")
    assert taken.exit_code == 1
    assert re.match("pyvarcolor: error: .*photo.png", taken.stderr)
    assert run("demo", "--method", "none").exit_code == 2
