"""Archives: every fault stays with its photograph, and nothing that was finished is lost."""

import errno
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import tifffile
from filelock import FileLock
from poison import ROWS, Deadly, Poison
from skimage import data, io

from pyvarcolor import Recipe
from pyvarcolor.batch import (
    Job,
    Manifest,
    Record,
    Settings,
    Tally,
    canonical,
    cluster,
    colorize_all,
    find_jobs,
    latest_records,
    read_records,
    verify,
)
from pyvarcolor.batch.cluster import ClusterError
from pyvarcolor.batch.work import Kept, NeedsRoom, Task, work
from pyvarcolor.io import read_photo

GRAY = data.astronaut()[:96:2, 100:228:2, 1]
AUTO = Settings()


class Archive:
    """A folder of scans, and runs over it."""

    def __init__(self, root: Path) -> None:
        self.root, self.scans, self.out = root, root / "scans", root / "out"
        self.manifest = self.out / "manifest.jsonl"
        self.scans.mkdir()

    def add(self, name: str, pixels: Any = GRAY) -> Path:
        path = self.scans / name
        path.parent.mkdir(parents=True, exist_ok=True)
        io.imsave(path, pixels, check_contrast=False)
        return path

    def jobs(self) -> list[Job]:
        return find_jobs([self.scans], self.out)

    def run(self, settings: Settings = AUTO, **options: Any) -> Tally:
        self.out.mkdir(exist_ok=True)
        return colorize_all(self.jobs(), self.out, self.manifest, settings, **options)

    def task(self, settings: Settings = AUTO, **options: Any) -> Task:
        """The first job, as a worker gets it."""
        before = latest_records(self.manifest) if self.manifest.exists() else {}
        job = self.jobs()[0]
        return Task(job, settings, self.out, before.get(job.output), **options)

    def done(self, **options: Any) -> Record:
        """Do the first job, and write it down."""
        self.out.mkdir(exist_ok=True)
        outcome = work(self.task(**options))
        assert isinstance(outcome, Record)
        with Manifest(self.manifest) as manifest:
            manifest.append(outcome)
        return outcome

    def leftovers(self) -> list[Path]:
        return [*self.out.rglob(".pyvarcolor-*"), *self.out.glob("*.parts")]

    def state(self) -> tuple[bytes, dict[str, bytes]]:
        """What runs that are equal have in common."""
        results = {path for path in self.out.rglob("*") if path.is_file() and "manifest" not in path.name}
        return canonical(read_records(self.manifest)), {str(path): path.read_bytes() for path in results}


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def test_a_record_says_what_was_done(archive: Archive) -> None:
    photo = archive.add("a/x.png")
    before = photo.read_bytes()
    record = archive.done()
    result = archive.out / "a/x.png"
    assert (record.outcome, record.error, record.warnings) == ("done", "", [])
    assert (record.input, record.output) == (str(photo), "a/x.png")
    assert (record.pages, record.width, record.height, record.dtype) == (1, GRAY.shape[1], GRAY.shape[0], "uint8")
    assert record.recipe["method"]["name"]
    assert record.recipe["prior"]["name"] == "network"
    assert record.versions["pyvarcolor"]
    assert record.seconds > 0
    assert record.peak_memory > 2**20
    assert record.lightness_error < 0.5
    assert photo.read_bytes() == before
    assert read_photo(result).pixels.shape == (*GRAY.shape, 3)
    assert list(verify([record], archive.out)) == [(record, [])]


def test_what_is_proved_done_is_kept(archive: Archive) -> None:
    archive.add("x.png")
    archive.done()
    made = (archive.out / "x.png").stat().st_mtime_ns
    assert work(archive.task()) == Kept()
    assert (archive.out / "x.png").stat().st_mtime_ns == made
    assert isinstance(work(archive.task(resume=False)), Record)


@pytest.mark.parametrize("change", ["photo", "option", "space", "strokes", "missing"])
def test_what_has_changed_is_done_again(archive: Archive, change: str) -> None:
    archive.add("x.png")
    first = archive.done()
    task = archive.task()
    if change == "photo":
        archive.add("x.png", GRAY[::-1])
    elif change == "option":
        task = archive.task(Settings(recipe=Recipe.of(prior="network:sites=100")))
    elif change == "space":
        task = archive.task(Settings(recipe=Recipe.of(space="oklab")))
    elif change == "strokes":
        strokes = archive.root / "strokes.png"
        diagonal = np.eye(*GRAY.shape, dtype=np.uint8)[..., None]
        io.imsave(strokes, diagonal * np.array([200, 90, 60], np.uint8), check_contrast=False)
        task = replace(task, job=replace(task.job, strokes=strokes))
    else:
        (archive.out / "x.png").unlink()
    second = work(task)
    assert isinstance(second, Record)
    assert (second.outcome, second.error) == ("done", "")
    assert (second.output_sha256 == first.output_sha256) == (change == "missing")
    assert list(verify([second], archive.out)) == [(second, [])]


def test_a_file_that_is_not_ours_is_never_replaced_unless_allowed(archive: Archive) -> None:
    archive.add("x.png")
    archive.out.mkdir()
    target = archive.out / "x.png"
    target.write_bytes(b"precious")
    refused = work(archive.task())
    assert isinstance(refused, Record)
    assert refused.outcome == "failed"
    assert "another file has this name" in refused.error
    assert target.read_bytes() == b"precious"
    allowed = work(archive.task(Settings(overwrite=True)))
    assert isinstance(allowed, Record)
    assert allowed.outcome == "done"
    target.write_bytes(b"retouched")
    again = work(replace(archive.task(), before=allowed))
    assert isinstance(again, Record)
    assert "changed since" in again.error
    assert target.read_bytes() == b"retouched"
    assert archive.leftovers() == []


def test_the_photograph_itself_is_not_replaced_whatever_is_allowed(archive: Archive) -> None:
    photo = archive.add("a/x.png")
    before = photo.read_bytes()
    task = archive.task(Settings(overwrite=True))
    archive.out.mkdir()
    (archive.out / "a").symlink_to(photo.parent)
    record = work(task)
    assert isinstance(record, Record)
    assert record.outcome == "failed"
    assert photo.read_bytes() == before


def test_a_result_that_lost_its_record_is_adopted(archive: Archive) -> None:
    archive.add("x.png")
    first = archive.done()
    archive.manifest.unlink()
    second = archive.done()
    assert canonical([second]) == canonical([first])


def test_many_pages_and_16_bits_stay(archive: Archive) -> None:
    deep = GRAY.astype(np.uint16) * 257
    tifffile.imwrite(archive.scans / "x.tif", np.stack([deep, deep[::-1]]), photometric="minisblack")
    record = archive.done()
    assert (record.pages, record.dtype) == (2, "uint16")
    with tifffile.TiffFile(archive.out / "x.tif") as file:
        assert [page.shape for page in file.pages] == [(*GRAY.shape, 3)] * 2
        assert "colourised by pyvarcolor" in str(file.pages.first.description) + str(file.pages.first.software)
    assert record.lightness_error < 0.01


DAMAGED: dict[str, tuple[bytes, str]] = {
    "empty.png": (b"", "it is empty"),
    "text.tif": (b"not a picture at all", "cannot read"),
    "cut.tif": (b"II*\0\xff\xff\xff\x7f", "cannot read"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_photographs_fail_with_their_reason(archive: Archive, name: str) -> None:
    content, reason = DAMAGED[name]
    (archive.scans / name).write_bytes(content)
    record = work(archive.task())
    assert isinstance(record, Record)
    assert record.outcome == "failed"
    assert reason in record.error
    assert record.input_sha256
    assert archive.leftovers() == []


def test_a_photograph_that_is_gone_fails_alone(archive: Archive) -> None:
    photo = archive.add("x.png")
    task = archive.task()
    photo.unlink()
    record = work(task)
    assert isinstance(record, Record)
    assert (record.outcome, record.input_sha256) == ("failed", "")
    assert "x.png" in record.error


def test_what_needs_more_memory_than_its_share_is_put_off_and_coloured_in_tiles_alone(archive: Archive) -> None:
    archive.add("x.png")
    short = archive.task(memory=GRAY.size * 100)
    assert work(short) == NeedsRoom()
    archive.out.mkdir(exist_ok=True)
    record = work(replace(short, alone=True))
    assert isinstance(record, Record)
    assert (record.outcome, record.tile) == ("done", 4096)
    assert "in tiles of 4096 pixels" in record.warnings[0]


def test_huge_photographs_are_refused_by_their_header_however_much_memory_there_is(archive: Archive) -> None:
    archive.add("x.png")
    task = archive.task(Settings(max_pixels=100))
    assert work(task) == NeedsRoom()
    first, second = (work(replace(task, memory=memory, alone=True)) for memory in (None, 5000))
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert "max_pixels" in first.error
    assert canonical([first]) == canonical([second])


def test_errors_and_warnings_name_the_result_and_not_its_unfinished_file(archive: Archive) -> None:
    io.imsave(archive.scans / "clear.png", np.dstack([GRAY] * 3 + [GRAY]), check_contrast=False)
    tifffile.imwrite(archive.scans / "pages.tif", np.stack([GRAY, GRAY]), photometric="minisblack")
    archive.out.mkdir()
    jobs = find_jobs([archive.scans], archive.out, suffix=".jpg")
    clear, pages = (work(Task(job, AUTO, archive.out)) for job in jobs)
    assert isinstance(clear, Record)
    assert isinstance(pages, Record)
    assert str(archive.out / "clear.jpg") in "".join(clear.warnings)
    assert str(archive.out / "pages.jpg") in pages.error


def test_errors_of_methods_stay_with_their_photograph(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.add("x.png")

    def fail(*_: object) -> None:
        raise ZeroDivisionError("of a method")

    monkeypatch.setattr(Settings, "colorize", fail)
    record = work(archive.task())
    assert isinstance(record, Record)
    assert (record.outcome, record.error) == ("failed", "ZeroDivisionError: of a method")


def test_wrong_recipes_are_refused_before_anything_is_done() -> None:
    with pytest.raises(TypeError, match="alpha7"):
        Settings(recipe=Recipe.of(alpha7=1))
    with pytest.raises(ValueError, match="watercolour"):
        Settings(recipe=Recipe.of("watercolour"))


def test_other_weights_at_the_same_path_are_another_recipe(tmp_path: Path) -> None:
    model = tmp_path / "net.onnx"
    recipe = Recipe.of(prior=f"onnx:model={model}")
    seen = [recipe.facts()]
    files = (model, "weights"), (model.with_suffix(".toml"), "card"), (model, "others")
    for number, (file, text) in enumerate(files):
        file.write_text(text, "ascii")
        os.utime(file, ns=(number, number))
        seen += [recipe.facts(), recipe.facts()]
    assert seen[1:6:2] == seen[2:7:2]
    assert all(before != after for before, after in itertools.combinations(seen[::2], 2))
    assert "sha256" not in seen[0]["method"]


@pytest.fixture(params=["workers", "cluster"])
def where(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Two workers: of this machine, of a cluster."""
    return {"workers": 2} if request.param == "workers" else {"cluster": "local:2"}


def test_good_ones_are_done_and_bad_ones_told_wherever_they_are_coloured(
    archive: Archive, where: dict[str, Any]
) -> None:
    for number in range(6):
        archive.add(f"{number % 2}/{number}.png", np.roll(GRAY, number, 0))
    (archive.scans / "bad.png").write_bytes(b"")
    seen: list[str] = []
    tally = archive.run(
        callback=lambda _, job, record: seen.append(f"{job.output} {record and record.outcome}"), **where
    )
    assert (tally.total, tally.done, tally.failed, tally.stopped) == (7, 6, 1, "")
    assert len(seen) == 7
    assert "bad.png failed" in seen
    first = archive.state()
    assert (again := archive.run(**where)).kept == 6
    assert again.failed == 1
    assert archive.state() == first
    assert archive.leftovers() == []


def test_one_or_two_workers_or_a_cluster_give_the_same_bytes(archive: Archive) -> None:
    environment = dict(os.environ)
    for number in range(4):
        archive.add(f"{number}.png", np.roll(GRAY, number, 0))
    states = []
    for place in ({"workers": 1}, {"workers": 2}, {"cluster": "local:1"}):
        archive.run(resume=False, **place)  # type: ignore[arg-type]
        states.append(archive.state())
    assert states[0] == states[1] == states[2]
    assert dict(os.environ) == environment


@pytest.mark.parametrize("doses", [1, 2])
def test_who_kills_a_worker_is_tried_again_alone_then_quarantined(
    archive: Archive, where: dict[str, Any], doses: int
) -> None:
    for number in range(5):
        archive.add(f"{number}.png", np.roll(GRAY, number, 0))
    archive.add("2.png", GRAY[:ROWS])
    file = archive.root / "doses"
    file.write_text("x\n" * doses, "ascii")
    tally = archive.run(Poison(doses=file), **where)
    assert (tally.done, tally.quarantined, tally.settled) == (6 - doses, doses - 1, 5)
    record = latest_records(archive.manifest)["2.png"]
    assert record.outcome == ("done" if doses == 1 else "quarantined")
    assert ("two workers died" in record.error) == (doses == 2)
    assert archive.run(Poison(doses=file), **where).kept == 6 - doses
    assert latest_records(archive.manifest)["2.png"].outcome == "done"
    assert archive.leftovers() == []


@pytest.fixture
def impatient() -> Iterator[None]:
    """A scheduler that gives a task up when the first worker dies of it."""
    import distributed  # noqa: F401 (before its options can be changed)

    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        yield


@pytest.mark.usefixtures("impatient")
def test_a_scheduler_that_gives_up_at_once_is_asked_again(archive: Archive) -> None:
    archive.add("0.png")
    archive.add("1.png", GRAY[:ROWS])
    file = archive.root / "doses"
    file.write_text("x\n", "ascii")
    assert archive.run(Poison(doses=file), cluster="local:1").done == 2


@pytest.mark.usefixtures("impatient")
def test_workers_that_die_before_they_begin_end_the_run(archive: Archive) -> None:
    archive.add("x.png")
    with pytest.raises(ClusterError, match="die before they begin"):
        archive.run(Deadly(spared=os.getpid()), cluster="local:1")


def test_a_full_disk_stops_and_the_same_goes_on(archive: Archive, where: dict[str, Any]) -> None:
    for number in range(5):
        archive.add(f"{number}.png", np.roll(GRAY, number, 0))
    archive.add("0.png", GRAY[:ROWS])
    file = archive.root / "doses"
    file.write_text("x\n", "ascii")
    tally = archive.run(Poison(doses=file, disk_full=True), **where)
    assert "the disk is full" in tally.stopped
    assert tally.settled < 5
    assert archive.leftovers() == []
    archive.run(Poison(doses=file), **where)
    assert {record.outcome for record in latest_records(archive.manifest).values()} == {"done"}
    assert len(latest_records(archive.manifest)) == 5


def test_a_full_disk_under_the_manifest_stops_too(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.add("x.png")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(Manifest, "append", full)
    tally = archive.run()
    assert "no space" in tally.stopped
    monkeypatch.undo()
    assert archive.run().done == 1


def test_what_workers_of_a_killed_run_had_written_is_not_lost(archive: Archive) -> None:
    archive.add("x.png")
    record = archive.done()
    archive.manifest.unlink()
    parts = archive.out / "manifest.jsonl.parts"
    parts.mkdir()
    with Manifest(parts / "1.jsonl") as part:
        part.append(record)
    with (parts / "1.jsonl").open("ab") as file:
        file.write(b'{"input": "half')
    assert archive.run().kept == 1
    assert canonical(read_records(archive.manifest)) == canonical([record])
    assert archive.leftovers() == []


def test_two_runs_do_not_share_a_folder(archive: Archive) -> None:
    archive.add("x.png")
    archive.out.mkdir()
    with FileLock(archive.out / ".pyvarcolor.lock"), pytest.raises(OSError, match="another run is at work"):
        archive.run()
    assert archive.run().done == 1


def test_a_cluster_that_is_not_there_is_told(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_PATIENCE", 0.5)
    archive.add("x.png")
    with pytest.raises(ClusterError, match=r"no scheduler answers at tcp://127\.0\.0\.1:1"):
        archive.run(cluster="tcp://127.0.0.1:1")
    with pytest.raises(ClusterError, match="local:two"):
        archive.run(cluster="local:two")


@pytest.mark.parametrize(
    ("name", "what"), [("out/x.png", "has changed"), ("scans/x.png", "has changed"), ("out/x.png", "is missing")]
)
def test_verify_finds_what_is_not_as_it_was(archive: Archive, name: str, what: str) -> None:
    archive.add("x.png")
    record = archive.done()
    path = archive.root / name
    if what == "has changed":
        path.write_bytes(path.read_bytes() + b"\0")
    else:
        path.unlink()
    [(same, [problem])] = verify([record], archive.out)
    assert same == record
    assert problem.path == path
    assert what in problem.what


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "pyvarcolor", *map(str, words)]


def say(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), capture_output=True, text=True, check=False, timeout=120)


def test_the_command_tells_failures_writes_a_report_and_goes_on(archive: Archive) -> None:
    archive.add("a/x.png")
    archive.add("b/x.png", GRAY[::-1])
    (archive.scans / "bad.png").write_bytes(b"")
    words = "batch", archive.scans, "--out-dir", archive.out, "--jobs", 1
    dry = say(*words, "--dry-run")
    assert (dry.returncode, len(dry.stdout.splitlines()), archive.out.exists()) == (0, 3, False)
    first = say(*words, "--report", archive.root / "report.html")
    assert first.returncode == 1
    assert first.stdout.startswith("2 of 3 photographs coloured, 1 failed, in 0:00:0")
    assert "pyvarcolor: failed: cannot read" in first.stderr
    assert "it is empty" in (archive.root / "report.html").read_text("utf-8")
    archive.add("bad.png", GRAY[:, ::-1])
    second = say(*words, "--json", "--quiet")
    facts = json.loads(second.stdout)
    assert (second.returncode, second.stderr) == (0, "")
    assert (facts["kept"], facts["done"], facts["failures"]) == (2, 1, [])
    checked = say("verify", archive.manifest)
    assert (checked.returncode, checked.stdout) == (0, "3 photographs and their results, no problems\n")
    (archive.out / "bad.png").unlink()
    missing = say("verify", archive.manifest, "--json")
    assert missing.returncode == 1
    assert json.loads(missing.stdout)["problems"][0]["path"] == str(archive.out / "bad.png")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["{root}/nothing", "--out-dir", "{root}/out"], 1, "there is no file or folder"),
        (["{root}/scans", "--out-dir", "{root}/out", "--method", "watercolour"], 2, "watercolour"),
        (["{root}/scans", "--out-dir", "{root}/out", "--jobs", "2", "--cluster", "local:2"], 2, "exclude each other"),
        (["{root}/scans"], 2, "--out-dir"),
    ],
)
def test_misuse_is_told_before_anything_is_done(archive: Archive, words: list[str], code: int, told: str) -> None:
    archive.add("x.png")
    ended = say("batch", *(word.format(root=archive.root) for word in words))
    assert ended.returncode == code
    assert told in ended.stderr
    assert not archive.manifest.exists()


@pytest.fixture
def running(archive: Archive) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the command on two dozen photographs, and tell when the first is done."""
    for number in range(24):
        archive.add(f"{number:02}.png", np.roll(np.tile(GRAY, (4, 4)), number, 0))
    started: list[subprocess.Popen[str]] = []

    def start(*more: object) -> subprocess.Popen[str]:
        words = command("batch", archive.scans, "--out-dir", archive.out, *more)
        begin = {"start_new_session": True, "stderr": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(words, **begin))  # type: ignore[call-overload]
        until = time.monotonic() + 60
        while not (archive.manifest.exists() and archive.manifest.stat().st_size):
            assert time.monotonic() < until, "nothing was done in a minute"
            time.sleep(0.02)
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_finishes_what_has_begun(
    archive: Archive, running: Callable[..., subprocess.Popen[str]], number: signal.Signals
) -> None:
    process = running("--jobs", 2)
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"stopped by {number.name}; the same command goes on from here" in err
    assert "stopping when what has begun is finished" in err
    assert "not begun" in out
    assert "Traceback" not in err
    done = [record.output for record in read_records(archive.manifest)]
    assert 0 < len(done) < 24
    assert sorted(done) == sorted(path.name for path in archive.out.glob("*.png"))
    assert archive.leftovers() == []
    assert archive.run(workers=2).kept == len(done)


def test_a_killed_run_goes_on_and_ends_as_if_nothing_had_been(
    archive: Archive, running: Callable[..., subprocess.Popen[str]]
) -> None:
    process = running("--jobs", 2)
    process.kill()
    process.communicate()
    assert len(latest_records(archive.manifest)) < 24
    time.sleep(1.5)  # workers end with their parent
    assert archive.run(workers=2).kept > 0
    gone_on = archive.state()
    archive.run(workers=2, resume=False)
    assert archive.state() == gone_on
    assert archive.leftovers() == []
