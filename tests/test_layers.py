"""Who may import whom: the table of docs/architecture.md, held against the Python and C++ sources."""

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import pyvarcolor

PACKAGE = Path(pyvarcolor.__file__).parent
CSRC = Path(__file__).resolve().parents[1] / "csrc"
SOURCES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
HEADERS = sorted(CSRC.glob("include/**/*.hpp"))

# A layer is a file or folder at the top of the package; those without a line (color, io, ...) are foundation.
FOUNDATION = {"foundation", "numpy", "scipy", "skimage", "PIL", "tifffile", "imagecodecs"}
MAY_IMPORT = {
    "kernels": {"numpy", "numba", "llvmlite", "threadpoolctl"},
    "solvers": {"kernels.Kernels", "result", "numpy", "scipy"},
    "photograph": {"kernels.Kernels", "numpy"},
    "learned": {"solvers", "photograph", "kernels.Kernels", "kernels.blas", "color", "hints", "result", "shading"}
    | {"numpy", "scipy", "skimage", "onnxruntime"},
    "methods": {"learned", "solvers", "photograph", "hints", "shading", "result", "numpy", "scipy"},
    "recipe": {"methods", "learned", "photograph", "foundation", "numpy"},
    "pipeline": {"recipe", "photograph", "kernels", "foundation", "numpy"},
    "evaluation": {"pipeline", "recipe", "foundation", "numpy", "skimage", "matplotlib"},
    "advice": {"learned", "photograph", "kernels", "foundation", "numpy"},
    "tiles": {"pipeline", "recipe", "learned", "foundation", "numpy", "scipy", "skimage"},
    "interactive": {"pipeline", "recipe", "tiles", "advice", "kernels", "foundation", "numpy", "matplotlib", "PIL"}
    | {"tornado"},
    "__init__": {"pipeline", "recipe", "tiles", "advice", "methods", "kernels", "foundation"},
    "batch": {"pipeline", "recipe", "tiles", "foundation", "numpy", "PIL", "loky", "filelock", "distributed"}
    | {"dask"},
    "demo": {"foundation", "numpy", "skimage"},
    "__main__": {"cli"},
    "cli": {"pyvarcolor", "batch", "demo", "evaluation", "interactive", "methods", "recipe", "kernels", "foundation"}
    | {"numpy", "skimage", "typer", "rich", "docstring_parser", "loky"},
}


ORDER = (("result", "color", "memory"), ("hints", "io"), ("shading", "spaces", "strokes", "provenance"))
"""The foundation, from the ground up: nothing imports what stands beside or above it."""


def layer_of(source: Path) -> str:
    """Name of the file or folder at the top of the package."""
    return source.parts[0].removesuffix(".py")


def imports(source: Path) -> Iterator[str]:
    """Dotted names that a source imports: ours without the package's name, the standard library left out."""
    package = ".".join(("pyvarcolor", *source.parent.parts))
    for node in _run(ast.parse((PACKAGE / source).read_bytes())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.partition(".")[0] not in sys.stdlib_module_names:
                yield name.removeprefix("pyvarcolor.")


def _run(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that are for type checkers alone."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield node
            yield from _run(node)


def is_allowed(name: str, layer: str) -> bool:
    """Whether a layer may import a dotted name, by the table."""
    allowed = MAY_IMPORT.get(layer, FOUNDATION) | {layer}
    if "foundation" in allowed:
        allowed |= {layer_of(source) for source in SOURCES} - set(MAY_IMPORT)
    return any(f"{name}.".startswith(f"{entry}.") for entry in allowed)


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_imports_point_down(source: Path) -> None:
    forbidden = [name for name in imports(source) if not is_allowed(name, layer_of(source))]
    assert forbidden == []


def test_the_table_forbids_what_it_should() -> None:
    assert is_allowed("numpy.linalg.norm", "solvers")
    assert is_allowed("result.SolverReport", "pipeline")
    assert not is_allowed("numba.njit", "methods")
    assert not is_allowed("methods.tgv", "kernels")
    assert not is_allowed("pipeline.colorize", "color")
    for layer in (*MAY_IMPORT, "color"):
        assert not is_allowed("torch", layer)
        assert is_allowed("matplotlib.figure", layer) == (layer in ("evaluation", "interactive"))


def module_of(source: Path) -> str:
    """Its dotted name, without that of the package."""
    return ".".join(source.with_suffix("").parts).removesuffix(".__init__")


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules of which each leads to each other."""
    import networkx as nx

    groups = nx.strongly_connected_components(nx.DiGraph(arrows))
    return sorted(sorted(group) for group in groups if len(group) > 1)


def test_nothing_imports_itself_in_a_circle() -> None:
    """Nor where the import stands in a function."""
    modules = {module_of(source) for source in SOURCES}
    arrows = {
        module_of(source): {
            target
            for name in imports(source)
            for target in (name, name.rpartition(".")[0])
            if target in modules - {module_of(source)} and not module_of(source).startswith(f"{target}.")
        }
        for source in SOURCES
    }
    assert sum(map(len, arrows.values())) > 200
    assert circles(arrows) == []
    assert circles(arrows | {"hints": {"strokes.parsing"}}) != []


def test_the_foundation_has_an_order() -> None:
    rank = {layer: height for height, layers in enumerate(ORDER) for layer in layers}
    assert set(rank) == {layer_of(source) for source in SOURCES} - set(MAY_IMPORT)
    for source in SOURCES:
        layer = layer_of(source)
        for name in imports(source) if layer in rank else ():
            other = name.partition(".")[0]
            assert other == layer or rank.get(other, -1) < rank[layer], f"{source} imports {name}"


def test_methods_do_not_import_each_other() -> None:
    registered = re.compile(r"^@register\(", re.MULTILINE)
    methods = {path.stem for path in (PACKAGE / "methods").glob("*.py") if registered.search(path.read_text("utf-8"))}
    assert methods
    for method in methods:
        siblings = {f"methods.{other}" for other in methods - {method}}
        for name in imports(Path("methods", f"{method}.py")):
            assert not any(f"{name}.".startswith(f"{sibling}.") for sibling in siblings), f"{method}: {name}"


@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.name)
def test_headers_know_the_standard_library_and_each_other(header: Path) -> None:
    included = re.findall(r'^#include ["<](.*)[">]', header.read_text("utf-8"), re.MULTILINE)
    ours = {path.relative_to(CSRC / "include").as_posix() for path in HEADERS}
    allowed = ours | ({"omp.h", "pthread.h"} if header.name == "parallel.hpp" else set())
    forbidden = [name for name in included if name not in allowed and not re.fullmatch(r"[a-z_]+", name)]
    assert forbidden == []
