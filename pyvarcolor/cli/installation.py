"""What this installation consists of: what a bug report needs."""

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pyvarcolor import kernels

_PACKAGES = ("numpy", "scipy", "numba", "scikit-image", "pillow", "tifffile", "imagecodecs", "typer", "rich")


def describe_installation() -> dict[str, Any]:
    """Describe the program, the machine and what of both works together.

    Returns
    -------
    dict
        Of words for "pyvarcolor", "python" and "platform"; for "kernels" and "packages" a dict by name.

    Examples
    --------
    >>> from pyvarcolor.cli.installation import describe_installation
    >>> describe_installation()["kernels"]["numba"]["available"]
    True
    """
    return {
        "pyvarcolor": version("pyvarcolor"),
        "python": f"{platform.python_version()} ({platform.python_implementation()}, {sys.executable})",
        "platform": f"{platform.platform()}, {os.cpu_count()} processors",
        "kernels": {name: _describe_backend(name) for name in kernels.BACKENDS},
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _describe_backend(name: str) -> dict[str, Any]:
    """Whether a backend works here, and how."""
    try:
        backend = kernels.load(name)
    except kernels.BackendError as error:
        return {"available": False, "problem": str(error)}
    facts = {"available": True, "simd": backend.simd_level(), "threads": backend.threads}
    return facts | ({"cache": _describe_numba_cache()} if name == "numba" else {})


def _describe_numba_cache() -> str:
    """Whether Numba's kernels are compiled already."""
    from pyvarcolor.kernels.numba_core.state import mean_change

    folder = mean_change.stats.cache_path  # type: ignore[attr-defined]  # what Numba adds to functions
    if folder is None:
        return "compiled anew by each process, for there is no folder to keep them in; set NUMBA_CACHE_DIR"
    if any(Path(folder).glob("*.nbi")):
        return f"compiled, kept in {folder}"
    return f"not compiled yet; the first use takes about a minute and fills {folder}"
