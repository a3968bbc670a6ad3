"""What is installed: the right package, whole, quick to import, with the backends that were asked for."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, entry_points
from pathlib import Path

import pytest

import pyvarcolor
from pyvarcolor import kernels

CHECKOUT = Path(__file__).resolve().parents[1]
LAZY = {
    "PIL",
    "imagecodecs",
    "joblib",
    "matplotlib",
    "numba",
    "rich",
    "skimage",
    "tifffile",
    "torch",
    "typer",
}
REQUIRED_BACKENDS = os.environ.get("PYVARCOLOR_REQUIRE_BACKENDS", "")


def run(*arguments: str) -> str:
    """Standard output of a fresh interpreter that is started in the checkout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    process = subprocess.run(
        [sys.executable, *arguments],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def installed_folder() -> Path:
    """Where the installer put the package: the source folder of an editable installation only."""
    installed = distribution("pyvarcolor")
    direct_url = json.loads(installed.read_text("direct_url.json") or "{}")
    editable = direct_url.get("dir_info", {}).get("editable", False)
    return CHECKOUT / "pyvarcolor" if editable else Path(str(installed.locate_file("pyvarcolor"))).resolve()


def test_the_installed_package_is_under_test() -> None:
    assert Path(pyvarcolor.__file__).resolve().parent == installed_folder()


def test_an_interpreter_started_in_the_checkout_imports_the_installed_package() -> None:
    found = run("-c", "import pyvarcolor; print(pyvarcolor.__file__)").strip()
    assert Path(found).resolve().parent == installed_folder()


def test_python_m_pytest_in_the_checkout_tests_the_installed_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONSAFEPATH")  # or the guard in conftest.py would have nothing to do
    test = f"{Path(__file__).name}::{test_the_installed_package_is_under_test.__name__}"
    assert "1 passed" in run("-m", "pytest", "-p", "no:cacheprovider", f"tests/{test}")


def test_the_version_is_that_of_the_checkout() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert pyvarcolor.__version__ == distribution("pyvarcolor").version == project["version"]


def test_import_is_quick_and_lazy() -> None:
    script = """
import json, sys, time
start = time.perf_counter()
import pyvarcolor
print(json.dumps([time.perf_counter() - start, sorted(sys.modules)]))
"""
    seconds, modules = zip(*(json.loads(run("-c", script)) for _ in range(5)), strict=True)
    assert not LAZY & set(modules[0])
    assert min(seconds) < 0.3


def test_the_source_folder_says_that_it_has_no_core(tmp_path: Path) -> None:
    """Started in the repository's root, Python finds the sources before the installed package."""
    for name in ("pyproject.toml", "csrc/bindings/module.cpp"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    ignored = shutil.ignore_patterns("__pycache__", "_core*")
    package = shutil.copytree(installed_folder(), tmp_path / "pyvarcolor", ignore=ignored)
    script = """
from pyvarcolor import kernels
for _ in range(3):
    print(kernels.load().backend)
try:
    kernels.load("cpp")
except kernels.BackendError as error:
    print(error)
"""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    *backends, error = done.stdout.splitlines()
    assert backends == ["numba"] * 3
    (said,) = done.stderr.splitlines()  # once
    assert said.startswith(f"pyvarcolor runs from its source folder {package}: kernels are compiled by Numba")
    for text in (said, error):
        assert "start Python in another folder, where the installed package is found, or run `pip install -e .`" in text
        assert "compiler" not in text


def test_types_are_shipped() -> None:
    folder = installed_folder()
    assert (folder / "py.typed").is_file()
    assert (folder / "kernels" / "contract.py").is_file()


def test_nothing_but_the_package_is_installed_and_it_is_small() -> None:
    files = [file for file in distribution("pyvarcolor").files or [] if "__pycache__" not in file.parts]
    ours = [file for file in files if file.parts[0] == "pyvarcolor"]
    others = {file.parts[0] for file in files} - {"pyvarcolor", ".."}  # ..: the console script
    assert all(name.endswith(".dist-info") or "editable" in name for name in others), others
    assert sum(Path(file.locate()).stat().st_size for file in ours) < 5e6


def test_the_command_is_installed() -> None:
    (command,) = entry_points(group="console_scripts", name="pyvarcolor")
    assert callable(command.load())


@pytest.mark.skipif(not REQUIRED_BACKENDS, reason="PYVARCOLOR_REQUIRE_BACKENDS names none")
@pytest.mark.parametrize("backend", REQUIRED_BACKENDS.split(","))
def test_a_required_backend_is_present(backend: str) -> None:
    assert kernels.load(backend).backend == backend
