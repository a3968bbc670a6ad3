"""What there is to colour in an archive, and what the results are called."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pyvarcolor.batch import InputError, find_jobs


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., Path]:
    """Make files, all of them empty, and tell the folder."""

    def make(*names: str) -> Path:
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path

    return make


def outputs(*args: object, **kwargs: object) -> list[str]:
    return [job.output for job in find_jobs(*args, **kwargs)]  # type: ignore[arg-type]


def test_folders_keep_their_shape_and_other_files_are_left_out(tree: Callable[..., Path]) -> None:
    root = tree(
        "scans/b/x.TIF", "scans/a/x.tif", "scans/notes.txt", "scans/.hidden/x.png", "scans/._x.png", "scans/y.gif"
    )
    assert outputs([root / "scans"], root / "out") == ["a/x.tif", "b/x.TIF", "y.png"]


def test_results_in_the_folder_of_photographs_are_not_photographs(tree: Callable[..., Path]) -> None:
    root = tree("x.png", "out/x.png")
    assert outputs([root], root / "out") == ["x.png"]


def test_a_photograph_found_twice_is_there_once(tree: Callable[..., Path]) -> None:
    root = tree("scans/x.png")
    assert outputs([root / "scans", root / "scans/x.png", str(root / "scans/*.png")], root / "out") == ["x.png"]


def test_patterns_are_expanded_and_keep_places(tree: Callable[..., Path]) -> None:
    root = tree("scans/1890/a.tif", "scans/1890/b.png", "scans/1891/deep/c.tif")
    assert outputs([f"{root}/scans/**/*.tif"], root / "out") == ["1890/a.tif", "1891/deep/c.tif"]
    assert outputs([f"{root}/scans/189[01]/?.*"], root / "out") == ["1890/a.tif", "1890/b.png"]


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(tree: Callable[..., Path]) -> None:
    root = tree("x[1].png")
    assert outputs([root / "x[1].png"], root / "out") == ["x[1].png"]


@pytest.mark.parametrize("names", [("a/x.png", "b/x.png"), ("a/x.png", "b/X.PNG"), ("a/é.png", "b/e\u0301.png")])
def test_names_never_collide(tree: Callable[..., Path], names: tuple[str, str]) -> None:
    root = tree(*names)
    first, second = outputs([root / name for name in names], root / "out")
    assert first == Path(names[0]).name
    assert second.startswith(f"{Path(names[1]).stem}-")
    assert Path(second).suffix == Path(names[1]).suffix


def test_names_stay_from_run_to_run(tree: Callable[..., Path]) -> None:
    root = tree("a/x.png", "b/x.png")
    jobs = find_jobs([root / "a/x.png", root / "b/x.png"], root / "out")
    taken = {job.output: str(job.photo) for job in jobs}
    again = find_jobs([root / "b/x.png", root / "a/x.png"], root / "out", taken=taken)
    assert {job.output: str(job.photo) for job in again} == taken
    assert outputs([root / "b/x.png"], root / "out", taken=taken) == [jobs[1].output]


def test_two_kinds_of_a_photograph_do_not_share_a_result(tree: Callable[..., Path]) -> None:
    root = tree("scans/x.jpg", "scans/x.tif")
    first, second = outputs([root / "scans"], root / "out", suffix=".png")
    assert first == "x.png"
    assert second.startswith("x-")


def test_a_link_that_leads_nowhere_is_not_passed_over(tree: Callable[..., Path]) -> None:
    root = tree("scans/x.png")
    (root / "scans/lost.png").symlink_to(root / "gone.png")
    assert outputs([root / "scans"], root / "out") == ["lost.png", "x.png"]


def test_csv_lists(tree: Callable[..., Path]) -> None:
    root = tree("scans/x.png", "scans/y.png", "hand/x.json")
    (root / "list.csv").write_text(
        "photo,strokes,output\nscans/x.png,hand/x.json,new/name.tif\nscans/y.png,,\n", "utf-8"
    )
    first, second = find_jobs([root / "list.csv"], root / "out")
    assert (first.photo, first.output, first.strokes) == (root / "scans/x.png", "new/name.tif", root / "hand/x.json")
    assert (second.output, second.strokes) == ("y.png", None)


def test_json_lists_and_a_byte_order_mark(tree: Callable[..., Path]) -> None:
    root = tree("x.png")
    (root / "list.jsonl").write_text('{"photo": "x.png"}\n\n{"photo": "is-not-there.png"}\n', "utf-8-sig")
    assert outputs([root / "list.jsonl"], root / "out") == ["x.png", "is-not-there.png"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("picture\nx.png\n", "needs photo"),
        ("photo,output\nx.png,../x.png\n", "must lie in the output folder, but is ../x.png"),
        ("photo,output\nx.png,/x.png\n", "must lie in the output folder, but is /x.png"),
    ],
)
def test_malformed_lists_are_told(tree: Callable[..., Path], text: str, words: str) -> None:
    root = tree()
    (root / "list.csv").write_text(text, "utf-8")
    with pytest.raises(InputError, match=words):
        find_jobs([root / "list.csv"], root / "out")
    (root / "list.jsonl").write_text('{"photo": 3}\n["x.png"]\n', "utf-8")
    with pytest.raises(InputError, match="is no list of photographs"):
        find_jobs([root / "list.jsonl"], root / "out")


def test_what_is_not_there_is_told(tree: Callable[..., Path]) -> None:
    root = tree("notes.txt")
    with pytest.raises(InputError, match=r"no file or folder .*scans"):
        find_jobs([root / "scans"], root / "out")
    with pytest.raises(InputError, match=r"no file matches .*\*\.tif"):
        find_jobs([f"{root}/*.tif"], root / "out")
    with pytest.raises(InputError, match="no photograph"):
        find_jobs([root], root / "out")
    with pytest.raises(InputError, match="cannot read the list"):
        find_jobs([root / "list.csv"], root / "out")


def test_strokes_are_found_by_name_beside_or_in_the_same_folders(tree: Callable[..., Path]) -> None:
    root = tree("scans/a/x.png", "scans/b/y.png", "scans/z.png", "hand/a/x.json", "hand/y_strokes.png")
    strokes = [job.strokes for job in find_jobs([root / "scans"], root / "out", strokes_dir=root / "hand")]
    assert strokes == [root / "hand/a/x.json", root / "hand/y_strokes.png", None]


def test_ambiguous_and_missing_strokes_are_told(tree: Callable[..., Path]) -> None:
    root = tree("x.png", "hand/x.json", "hand/x.png")
    with pytest.raises(InputError, match=r"which are the strokes of x\.png"):
        find_jobs([root / "x.png"], root / "out", strokes_dir=root / "hand")
    with pytest.raises(InputError, match=r"there is no folder of strokes .*foot"):
        find_jobs([root / "x.png"], root / "out", strokes_dir=root / "foot")


def test_photographs_that_are_named_must_not_lie_among_the_results(tree: Callable[..., Path]) -> None:
    root = tree("out/x.png")
    for named in (root / "out", root / "out/x.png"):
        with pytest.raises(InputError, match="lies in the folder of results"):
            find_jobs([named], root / "out")
