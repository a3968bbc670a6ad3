"""What the documentation says is true: its code runs, its links lead somewhere, its tables are those of the package."""

import doctest
import importlib
import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_layers import MAY_IMPORT
from typer.testing import CliRunner

import pyvarcolor
from pyvarcolor import methods
from pyvarcolor.cli.app import make_app
from pyvarcolor.methods.base import Propagation
from pyvarcolor.strokes.vector import load_vector

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
FOLDERS = ("pyvarcolor", "csrc", "tests", "benchmarks", "examples", "docs", "training", ".ci")
FILES = [path for path in ROOT.iterdir() if path.is_file()]
FILES += [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
NAMES = {path.relative_to(ROOT).as_posix() for path in FILES}
SUFFIXES = "py|pyi|hpp|cpp|md|toml|cff|json|yaml|txt"
BUILT_IN = [name for name in methods.names() if methods.get(name).__module__.startswith("pyvarcolor.")]
FOLDER = Path(pyvarcolor.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(FOLDER.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in FOLDER.rglob("*.py")
    if path.name != "__main__.py" and "numba_core" not in path.parts
)


def code(page: Path, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[list[str]]:
    """The command lines of a page that run pyvarcolor on files that are there."""
    lines = [shlex.split(line) for block in code(page, "sh") for line in block.splitlines()]
    return [words[1:] for words in lines if words[:1] == ["pyvarcolor"]]


def prose(page: Path) -> str:
    """A page without its fenced code."""
    return re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def section(page: Path, heading: str) -> str:
    """What stands below a heading of the second level."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None, f"{page.name} has no section {heading!r}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """Cells of the Markdown tables in a text, without their heads."""
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line] for line in lines if "---" not in line[0]]


def quoted(text: str) -> list[str]:
    """What stands in backticks."""
    return re.findall("`([^`]+)`", text)


def is_file(name: str) -> bool:
    """Whether the repository has a file of this name, in full or from any folder on."""
    return any(f"/{each}".endswith(f"/{name}") for each in NAMES)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with the photograph and the strokes that the pages speak of."""
    monkeypatch.chdir(tmp_path)
    rows, columns = np.indices((30, 44))
    gray = (60 + rows + 90 * (columns > 21)).astype(np.uint8)
    Image.fromarray(gray).save("photo.tif")
    Path("scans").mkdir()
    Image.fromarray(gray).save("scans/street.tif")
    Path("photographs").mkdir()
    Image.fromarray(np.dstack([gray, gray // 2, gray // 3])).save("photographs/brown.png")
    strokes = np.zeros((30, 44, 4), np.uint8)
    strokes[8:12, 4:16] = 200, 80, 60, 255
    strokes[18:22, 28:40] = 90, 140, 60, 255
    Image.fromarray(strokes).save("strokes.png")
    return tmp_path


@pytest.mark.parametrize("module", MODULES)
def test_docstring_examples(module):
    assert doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS).failed == 0


@pytest.mark.parametrize("name", ["README.md", "docs/archives.md", "docs/strokes.md", "docs/painting.md"])
def test_python_of_a_page(name, desk):
    blocks = code(ROOT / name, "python")
    assert blocks
    for block in blocks:
        exec(compile(block, name, "exec"), {})


@pytest.mark.parametrize("name", ["README.md", "docs/archives.md", "docs/strokes.md", "docs/evaluation.md"])
def test_commands_of_a_page(name, desk):
    lines = [words for words in commands(ROOT / name) if words[0] not in ("demo", "paint") and "--cluster" not in words]
    assert lines
    for words in lines:
        result = CliRunner().invoke(make_app(), words)
        assert result.exit_code == 0, result.output


def test_readme_starts_with_the_two_commands():
    first, second = code(ROOT / "README.md", "sh")[:2]
    assert first == "pip install . && pyvarcolor demo\n"
    assert second == 'pip install ".[test]" && pytest\n'


def test_strokes_file_of_the_page_is_read(tmp_path):
    (block,) = code(DOCS / "strokes.md", "json")
    (tmp_path / "strokes.json").write_text(block, "utf-8")
    first, second = load_vector(tmp_path / "strokes.json")
    assert (first.confidence, second.confidence) == (1, 0.5)


def test_the_method_of_the_page_works_as_it_says(desk):
    page = DOCS / "adding_a_method.md"
    method, use = code(page, "python")
    project = tomllib.loads(code(page, "toml")[0])["project"]
    ((name, target),) = project["entry-points"]["pyvarcolor.methods"].items()
    source = desk / (target.partition(":")[0].replace(".", "/") + ".py")
    source.parent.mkdir()
    source.write_text(method, "utf-8")
    facts = desk / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n", "utf-8"
    )
    (facts / "entry_points.txt").write_text(f"[pyvarcolor.methods]\n{name} = {target}\n", "utf-8")

    paths = os.pathsep.join(filter(None, (str(desk), os.environ.get("PYTHONPATH"))))
    calls = [["-c", use], *(["-m", "pyvarcolor", *words] for words in commands(page))]
    assert len(calls) > 1
    for call in calls:
        run = subprocess.run(
            [sys.executable, "-W", "error", *call],
            env=os.environ | {"PYTHONPATH": paths},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert run.returncode == 0, run.stderr
        assert name in run.stdout
    assert (desk / "coloured.tif").exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", prose(page)):
        if target.startswith(("http:", "https:")):
            continue
        leads_to = page.parent / target if target else page
        assert leads_to.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", prose(leads_to), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in headings]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_files_exist(page):
    named = re.findall(rf"`([\w./-]+\.(?:{SUFFIXES}))`", prose(page))
    if page.name == "architecture.md":
        named += re.findall(rf"\.?\w[\w./-]*\.(?:{SUFFIXES})\b", page.read_text("utf-8"))
    assert [name for name in named if not is_file(name)] == []


def test_architecture_names_every_room_at_the_top():
    """Folders, and the files beside them; what lies in a folder says so itself."""
    named = set(quoted(section(DOCS / "architecture.md", "Folders")))
    package = ROOT / "pyvarcolor"
    rooms = {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    rooms |= {path.name for path in package.glob("*.py") if not path.name.startswith("__")}
    assert rooms <= named
    assert len([room for room in rooms if room.endswith(".py")]) + 2 <= 14  # and __init__, __main__


def test_the_five_lines_are_the_same_wherever_they_stand():
    def five(text):
        found = re.search(
            r"^ *(hints = fit\(.*\n(?:.*\n){3} *(?:return|result =) Colorization\(.*\))$", text, re.MULTILINE
        )
        return [re.sub(r"^(return|result =) ", "", line.strip()) for line in found[1].splitlines()]

    places = DOCS / "architecture.md", ROOT / "pyvarcolor" / "pipeline.py", ROOT / "examples" / "2_the_steps.py"
    page, pipeline, example = (five(path.read_text("utf-8")) for path in places)
    assert len(page) == 5
    assert page == pipeline == example


def test_architecture_has_the_table_of_the_layers():
    text = section(DOCS / "architecture.md", "Who may import whom")
    table = {}
    for layers, allowed in re.findall(r"^    (\w.*?) +-> (.*(?:\n {8,}.*)*)", text, re.MULTILINE):
        table |= {layer: set(re.split(r",\s+", allowed)) for layer in layers.split(", ")}
    assert table == MAY_IMPORT


@pytest.mark.parametrize("name", BUILT_IN)
def test_methods_page_has_every_option(name):
    page = DOCS / "methods.md"
    shared = [row for row in rows(section(page, "What all methods share")) if len(row) == 3]
    spreads = issubclass(methods.get(name), Propagation)
    documented = {
        option for row in shared if (row[2] == "all" and spreads) or name in quoted(row[2]) for option in quoted(row[0])
    }
    documented |= {option for row in rows(section(page, name)) for option in quoted(row[0])}
    assert documented == {field.name for field in fields(methods.get(name))}


def test_readme_lists_the_methods():
    assert {quoted(row[0])[0] for row in rows(section(ROOT / "README.md", "Methods"))[1:]} == {"auto", *BUILT_IN}


@pytest.mark.parametrize("page", ["architecture.md", "methods.md"])
def test_pages_say_what_auto_is(page):
    assert f'"auto"` is `"{methods.AUTO}"`' in (DOCS / page).read_text("utf-8")


@pytest.mark.parametrize("path", sorted((ROOT / "tests").glob("*.py")), ids=lambda path: path.name)
def test_each_test_draws_its_own_random_numbers(path):
    """A generator of a module would give a test other numbers for what ran before."""
    assert not re.search(r"^\w+ = (np|numpy)\.random\.default_rng\([^)]*\)$", path.read_text("utf-8"), re.MULTILINE)


def test_changelog_knows_this_version():
    versions = re.findall(r"^## \[(.*?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert versions[0] == project["version"]
