"""Whether this is the package's own source folder, which lies in the repository's root and has no C++ core in it."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def source_folder(package: Path = _PACKAGE) -> Path | None:
    """The package's folder if it was imported from the repository, rather than installed.

    Python prefers the folder that it is started in: in the repository's root ``import pyvarcolor`` finds the sources.

    Parameters
    ----------
    package : Path
        Folder that the package was imported from.

    Returns
    -------
    Path or None
        None: it was installed.

    Examples
    --------
    >>> from pathlib import Path
    >>> source_folder(Path("/usr/lib/python3/site-packages/pyvarcolor")) is None
    True
    """
    root = package.parent
    return package if (root / "pyproject.toml").is_file() and (root / "csrc").is_dir() else None
