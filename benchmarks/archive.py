"""An archive to try `pyvarcolor batch` on: nothing may be lost, whatever is damaged or killed.

    python benchmarks/archive.py make scans --count 2000
    python benchmarks/archive.py run scans --jobs 2
    python benchmarks/archive.py kills scans --times 100
    python benchmarks/archive.py cluster scans

`make` writes files of many kinds from the pictures that come with scikit-image, some of them damaged; strokes for a few
of them lie beside the folder, and so does truth.json, which says what was damaged, and how. The same files are written
each time. `run` colours all of them, and a sample of the good ones once more beside a plain loop without workers.
`kills` colours a few at a time and kills workers, the parent or all of them at random moments; `cluster` does so with a
worker of dask's. In the end everything must be as if nothing had happened, byte for byte. The exit code is 1 if not.
Linux only.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from hashlib import sha256
from pathlib import Path, PurePosixPath
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import imagecodecs
import numpy as np
import psutil
import tifffile
from numpy.typing import NDArray
from PIL import Image
from scale_table import mirrored
from skimage import data

from pyvarcolor import colorize
from pyvarcolor.batch import Job, canonical, find_jobs, latest_records, read_records
from pyvarcolor.io import Photo, read_pages, write_pages
from pyvarcolor.strokes.parsing import read_strokes
from pyvarcolor.strokes.vector import VectorStroke, save_vector

Pixels = NDArray[Any]
Writer = Callable[[Path, Pixels], object]
Process = subprocess.Popen[bytes]

SEED = 730419
BOXES, YEARS = 8, 4
"""folders, and folders in each of them, in all of which names repeat"""
STROKES_EVERY = 10
PATIENCE = 300.0
"""seconds after which something hangs"""
KINDS = ("a worker", "the parent", "all")
MANIFEST = "manifest.jsonl"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
LIKE_GLIBC = ONE_THREAD | {"MALLOC_TRIM_THRESHOLD_": str(2**28), "MALLOC_MMAP_THRESHOLD_": str(2**25)}
"""for dask's workers: else they are made to give memory back all the time"""
WORKERS = re.compile("popen_loky_posix|spawn_main")
"""found in their command lines"""


def tiff(path: Path, pixels: Pixels, **how: Any) -> None:
    """Uncompressed unless told otherwise."""
    photometric = "rgb" if pixels.shape[-1] == 3 else "minisblack"
    tifffile.imwrite(path, pixels, photometric=photometric, metadata=None, **how)


def gray_tiff(path: Path, pixels: Pixels) -> None:
    """With a profile, which is always dated: the date is taken out, for all files to be the same each time."""
    profile = imagecodecs.cms_profile("gray", gamma=1.8)
    tiff(path, pixels if pixels.ndim == 2 else pixels[..., 1], iccprofile=profile[:24] + bytes(12) + profile[36:])


def png(path: Path, pixels: Pixels) -> None:
    path.write_bytes(imagecodecs.png_encode(pixels, level=1))


def pillow(path: Path, pixels: Pixels) -> None:
    Image.fromarray(pixels).save(path, quality=90)


def deep(pixels: Pixels) -> Pixels:
    """16 bits that 8 could not hold."""
    return 257 * pixels.astype(np.uint16) - (pixels > 128)


def faded(pixels: Pixels) -> Pixels:
    """More and more transparent to the right."""
    alpha = np.linspace(255, 64, pixels.shape[1]).astype(np.uint8)
    return np.dstack([pixels, np.broadcast_to(alpha, pixels.shape[:2])])


FORMATS: tuple[tuple[str, Writer], ...] = (
    (".png", png),
    (".png", lambda path, pixels: png(path, deep(pixels))),
    (".png", lambda path, pixels: png(path, faded(pixels))),
    (".tif", tiff),
    (".tif", partial(tiff, compression="lzw")),
    (".tif", partial(tiff, compression="zlib", predictor=True)),
    (".tif", partial(tiff, compression="jpeg")),
    (".tif", partial(tiff, bigtiff=True)),
    (".tif", lambda path, pixels: tiff(path, deep(pixels))),
    (".tif", lambda path, pixels: tiff(path, np.stack([pixels, pixels[::-1]]))),
    (".tif", gray_tiff),
    (".jpg", pillow),
    (".webp", pillow),
)


def patched(write: Writer, at: int, new: bytes) -> Writer:
    """What writes a file, and other bytes over some of it."""

    def write_and_patch(path: Path, pixels: Pixels) -> None:
        write(path, pixels)
        with path.open("r+b") as file:
            file.seek(at)
            file.write(new)

    return write_and_patch


def cut(path: Path, pixels: Pixels) -> None:
    """Half a file."""
    tiff(path, pixels, compression="lzw")
    os.truncate(path, path.stat().st_size // 2)


def flipped(path: Path, pixels: Pixels) -> None:
    """One bit of the compressed pixels is another."""
    content = bytearray(imagecodecs.png_encode(pixels, level=1))
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def claiming(width: int, height: int) -> Writer:
    """What writes a file whose header is sound, but says another size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return patched(png, 12, header + struct.pack(">I", zlib.crc32(header)))


DAMAGES: dict[str, tuple[str, Writer]] = {
    "empty": (".jpg", lambda path, _: path.touch()),
    "cut in the middle": (".tif", cut),
    "text": (".png", lambda path, _: path.write_text("The photograph is in the other box.\n")),
    "a flipped bit": (".png", flipped),
    "a wrong header": (".webp", patched(pillow, 8, b"WAVE")),
    "a directory beyond the end": (".tif", patched(tiff, 4, b"\xf0\xff\xff\x7f")),
    "10 gigapixels": (".png", claiming(100_000, 100_000)),
    "no pixels": (".png", claiming(0, 0)),
    "not a number": (
        ".tif",
        lambda path, pixels: tiff(path, np.where(pixels >= pixels.max(), np.nan, np.float32(0.5))),
    ),
    "complex numbers": (".tif", lambda path, pixels: tiff(path, pixels.astype(np.complex64))),
    "a link to nothing": (".tif", lambda path, _: path.symlink_to("nowhere.tif")),
}


def make(folder: Path, count: int, damaged: float) -> None:
    """Write the archive, and beside it strokes and truth.json."""
    pictures = [getattr(data, name)() for name in ("astronaut", "coffee", "chelsea", "rocket")]
    pictures += [getattr(data, name)() for name in ("camera", "page", "brick", "grass", "gravel", "moon", "coins")]
    truth, strokes = {}, strokes_of(folder)
    for index in range(count):
        random = np.random.default_rng((SEED, index))
        turn = int(index * damaged)  # evenly spread, each kind in turn
        damage = list(DAMAGES)[turn % len(DAMAGES)] if int((index + 1) * damaged) > turn else ""
        suffix, write = DAMAGES[damage] if damage else FORMATS[index % len(FORMATS)]
        number = index // (BOXES * YEARS)
        place = PurePosixPath(f"box{index % BOXES}/{1888 + index // BOXES % YEARS}/photo{number:03}{suffix}")
        for root in (folder, strokes):
            (root / place).parent.mkdir(parents=True, exist_ok=True)
        pixels = cropped(pictures[random.integers(len(pictures))], random)
        write(folder / place, pixels)
        if damage:
            truth[str(place)] = damage
        elif index % STROKES_EVERY == 0:
            save_strokes(strokes / place, pixels.shape[:2], random)
    (folder.parent / "truth.json").write_text(json.dumps(truth, indent=1))


def cropped(picture: Pixels, random: np.random.Generator) -> Pixels:
    """Another picture each time: from 64 x 48 to 1000 x 700 pixels, small ones as often as large ones."""
    width = round(64 * (1000 / 64) ** random.random())
    height = round(random.uniform(0.7, 0.75) * width)
    moved = np.roll(picture, random.integers(picture.shape[:2]), (0, 1))[:: random.choice((-1, 1))]
    return mirrored(mirrored(moved, height, 0), width, 1)


def save_strokes(path: Path, shape: tuple[int, int], random: np.random.Generator) -> None:
    """One stroke: a vector, or a picture on a transparent layer."""
    color, (x, y) = random.integers(40, 216, 3), random.uniform(0.1, 0.8, 2)
    if random.random() < 0.5:
        stroke = VectorStroke(((x, y), (0.5, 0.5)), 0.02, "#{:02x}{:02x}{:02x}".format(*color))
        save_vector(path.with_suffix(".json"), [stroke])
    else:
        layer = np.zeros((*shape, 4), np.uint8)
        layer[int(y * shape[0]) :, int(x * shape[1]) :][:4, :9] = *color, 255
        png(path.with_suffix(".png"), layer)


def strokes_of(folder: Path) -> Path:
    return folder.parent / "strokes"


def truth_of(folder: Path) -> dict[str, str]:
    """From places of damaged files to what was done to them."""
    return json.loads((folder.parent / "truth.json").read_text())


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def batch(photos: Path, strokes: Path, out: Path, *options: object) -> list[str]:
    """The command that colours everything."""
    where = (photos, "--strokes-dir", strokes, "--out-dir", out)
    return [sys.executable, *map(str, ("-m", "pyvarcolor", "batch", *where, "--quiet", *options))]


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str] = ONE_THREAD) -> Iterator[Process]:
    """A process, one thread each unless told otherwise, with children none of which outlives the block."""
    alone: dict[str, Any] = {"env": {**os.environ, **environment}, "start_new_session": True}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **alone) as process:
        try:
            yield process
        finally:
            for number in (signal.SIGTERM, signal.SIGKILL):  # first such that they can remove their semaphores
                with suppress(OSError):
                    os.killpg(process.pid, number)
                    until(lambda: is_gone(process), patience=10)


def finish(*commands: Sequence[str], patience: float | None = None) -> float:
    """Seconds that commands take to their ends, all at once."""
    began = time.perf_counter()
    with ExitStack() as stack:
        for process in [stack.enter_context(running(command)) for command in commands]:
            if (code := process.wait(patience)) not in {0, 1}:  # 1: some photographs failed
                raise SystemExit(f"exit code {code}: {shlex.join(process.args)}")
        return time.perf_counter() - began


def run(folder: Path, jobs: int, sample: int) -> list[str]:
    """Colour all, and a sample beside a plain loop; what went wrong."""
    truth, there = truth_of(folder), files_in(folder)
    with TemporaryDirectory() as scratch:
        out = Path(scratch, "out")
        seconds = finish(batch(folder, strokes_of(folder), out, "--jobs", jobs))
        records = latest_records(out / MANIFEST)
        verified = subprocess.run([sys.executable, "-m", "pyvarcolor", "verify", out / MANIFEST], check=False)
        done = [record for record in records.values() if record.outcome == "done"]
        failed = {place for place, record in records.items() if record.outcome == "failed" and record.error}
        lost = there - failed - {record.output for record in done}
        peaks = [record.peak_memory / 1e6 for record in done]
        tenth = -(-len(peaks) // 10)
        first, last = median(peaks[:tenth]), median(peaks[-tenth:])
        print("| files | done | failed | lost | seconds | files/s | peak MB, first tenth | last tenth | ratio |")
        print("|---|---|---|---|---|---|---|---|---|")
        speed = f"{seconds:.0f} | {len(there) / seconds:.1f}"
        memory = f"{first:.0f} | {last:.0f} | {last / first:.2f}"
        print(f"| {len(there)} | {len(done)} | {len(failed)} | {len(lost)} | {speed} | {memory} |\n", flush=True)
        compare(folder, sorted(there - truth.keys()), jobs, sample)
    wrong = [f"{place} ({truth.get(place, 'good')}) is lost" for place in sorted(lost)]
    wrong += [f"{place} is good, but failed: {records[place].error}" for place in sorted(failed - truth.keys())]
    wrong += [f"{place} ({truth[place]}) is done" for place in sorted(truth.keys() - failed - lost)]
    return wrong + ["`pyvarcolor verify` finds fault"] * (verified.returncode != 0)


def compare(folder: Path, good: Sequence[str], jobs: int, sample: int) -> None:
    """Print how fast a sample is coloured, as processes from start to end: the faster of two rounds."""
    chosen, strokes = good[:: -(-len(good) // sample)], strokes_of(folder)
    seconds: dict[str, list[float]] = {}
    for _ in range(2):
        with TemporaryDirectory() as scratch:
            root = Path(scratch)
            whole, *shares = (list_of(folder, each, root) for each in (chosen, *(chosen[k::jobs] for k in range(jobs))))
            plain = [
                [sys.executable, __file__, "loop", *map(str, (each, strokes, root / f"of {each.stem}"))]
                for each in (whole, *shares)
            ]
            seconds.setdefault("plain loop", []).append(finish(plain[0]))
            seconds.setdefault(f"{jobs} plain loops at once, a share each", []).append(finish(*plain[1:]))
            seconds.setdefault(f"batch, {jobs} jobs", []).append(
                finish(batch(whole, strokes, root / "out", "--jobs", jobs))
            )
    once = min(seconds["plain loop"])
    print(f"| {len(chosen)} of them | seconds | files/s | of the loop | of perfect scaling |\n|---|---|---|---|---|")
    for name, rounds in seconds.items():
        best = min(rounds)
        print(f"| {name} | {best:.1f} | {len(chosen) / best:.1f} | {once / best:.2f} | {once / best / jobs:.0%} |")


def list_of(folder: Path, places: Sequence[str], to: Path) -> Path:
    """A list of photographs for the command."""
    path = to / f"{len(list(to.iterdir()))}.jsonl"
    path.write_text("".join(json.dumps({"photo": str(folder / place), "output": place}) + "\n" for place in places))
    return path


def loop(photos: Path, strokes: Path, out: Path) -> None:
    """Colour one photograph after the other, as anyone would do it."""
    for job in find_jobs([photos], out, strokes_dir=strokes):
        (out / job.output).parent.mkdir(parents=True, exist_ok=True)
        write_pages(out / job.output, ((colored(photo, job), photo) for photo in read_pages(job.photo)))


def colored(photo: Photo, job: Job) -> Pixels:
    hints = None if job.strokes is None else read_strokes(job.strokes, photo.pixels).hints
    return colorize(photo.pixels, hints, threads=1).rgb


def state(out: Path) -> dict[str, bytes]:
    """All that lies in a folder of results; of the manifest, what must be the same in each run."""
    found = {}
    for path in out.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        same = canonical(read_records(path)) if path == out / MANIFEST else content
        found[path.relative_to(out).as_posix()] = sha256(same).digest()
    return found


def differences(expected: dict[str, bytes], found: dict[str, bytes]) -> list[str]:
    """Names of what is missing, too much or not the same."""
    return sorted({name for name, _ in expected.items() ^ found.items()})


def kills(folder: Path, times: int, count: int) -> list[str]:
    """Colour a few photographs each time, with violence, and print what was equal; what was not."""
    random, wrong = Random(SEED), []
    counts = {kind: np.zeros(4, int) for kind in KINDS}
    with TemporaryDirectory() as scratch:
        photos, out = Path(scratch, "photos"), Path(scratch, "out")
        copy_small_ones(folder, photos, count)
        command = batch(photos, strokes_of(folder), out, "--jobs", 2)
        seconds = finish(command)
        expected = state(out)
        for trial in range(times):
            shutil.rmtree(out)
            kind = KINDS[trial % len(KINDS)]
            struck = disturb(command, kind, seconds, random)
            at_once = state(out) == expected
            finish(command, patience=PATIENCE)
            others = differences(expected, state(out))
            counts[kind] += 1, struck, at_once, not others
            wrong += [f"trial {trial}, {kind} killed: {name} is not the same" for name in others]
    print(f"{count} files, {seconds:.1f} s undisturbed\n")
    print("| killed | trials | kills | equal at once | equal after the same command |\n|---|---|---|---|---|")
    for kind in KINDS:
        print(f"| {kind} | {' | '.join(map(str, counts[kind]))} |")
    return wrong


def copy_small_ones(folder: Path, to: Path, count: int) -> None:
    """One of each damaged kind, and the smallest of the good ones."""
    truth = truth_of(folder)
    good = sorted(files_in(folder) - truth.keys(), key=lambda place: ((folder / place).stat().st_size, place))
    for place in [*{damage: place for place, damage in truth.items()}.values(), *good][:count]:
        (to / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / place, to / place, follow_symlinks=False)


def disturb(command: Sequence[str], kind: str, seconds: float, random: Random) -> int:
    """Kill one to three times on the way, and begin anew where all ended; how often something was killed."""
    blows, struck = random.randint(1, 3), 0
    with ExitStack() as stack:
        process = stack.enter_context(running(command))
        for _ in range(blows):
            if process.poll() is not None:
                process = stack.enter_context(running(command))
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds * random.uniform(0.1, 0.9) / (blows if kind == "a worker" else 1))
            struck += strike(process, kind, random)
        process.wait(PATIENCE)
    return struck


def strike(process: Process, kind: str, random: Random) -> bool:
    """Kill, and wait for orphans to end by themselves; whether there was something to kill."""
    if process.poll() is not None:
        return False
    if kind == "a worker":
        until(lambda: workers_of(process) or process.poll() is not None)
        workers = workers_of(process)
        if workers:
            random.choice(workers).kill()
        return bool(workers)
    if kind == "the parent":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    until(lambda: is_gone(process))
    for semaphore in Path("/dev/shm").glob(f"sem.loky-{process.pid}-*"):  # who would remove them was killed, too
        semaphore.unlink()
    return True


def is_gone(process: Process) -> bool:
    """Whether nothing is left of a process and its children."""
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return True
    return False


def workers_of(process: Process) -> list[psutil.Process]:
    """Processes that colour: loky's, or the one below a nanny of dask's."""
    with suppress(psutil.NoSuchProcess):
        children = psutil.Process(process.pid).children(recursive=True)
        return [child for child in children if WORKERS.search(" ".join(child.cmdline()))]
    return []


def until(true: Callable[[], object], patience: float = 60.0) -> None:
    """Wait for something, or raise TimeoutError."""
    end = time.monotonic() + patience
    while not true():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.02)


def cluster(folder: Path, times: int) -> list[str]:
    """Colour all on two workers of dask's, which are killed in turn on the way; what is not as without them."""
    with TemporaryDirectory() as scratch, ExitStack() as stack:
        out, file = Path(scratch, "out"), Path(scratch, "scheduler.json")
        here = finish(batch(folder, strokes_of(folder), out, "--jobs", 2))
        expected, many = state(out), len(files_in(out))
        shutil.rmtree(out)

        def dask(*arguments: object) -> Process:
            common = ("--host", "127.0.0.1", "--scheduler-file", file, "--no-dashboard")
            return stack.enter_context(
                running([sys.executable, "-m", "dask", *map(str, (*arguments, *common))], LIKE_GLIBC)
            )

        dask("scheduler", "--port", 0)
        nannies = [dask("worker", "--nthreads", 1, "--local-directory", scratch) for _ in range(2)]
        until(file.exists)
        command = batch(folder, strokes_of(folder), out, "--cluster", json.loads(file.read_text())["address"])
        began = time.perf_counter()
        with running(command) as process:
            for number in range(times):
                enough = many * (number + 1) / (times + 2)
                until(lambda enough=enough: len(files_in(out)) >= enough or process.poll() is not None, PATIENCE)
                strike(nannies[number % 2], "a worker", Random(SEED))
            process.wait()
        there = time.perf_counter() - began
        others = differences(expected, state(out))
    print("| files | seconds here | on the cluster | workers killed | not the same |\n|---|---|---|---|---|")
    print(f"| {len(files_in(folder))} | {here:.1f} | {there:.1f} | {times} | {len(others)} |")
    return [f"not the same: {name}" for name in others]


def main() -> None:
    """Do what is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)

    def command(call: Callable[..., list[str] | None], *places: str, **options: float) -> None:
        told = commands.add_parser(call.__name__, help=call.__doc__)
        told.set_defaults(call=call)
        for place in places:
            told.add_argument(place, type=lambda name: Path(name).resolve())
        for option, default in options.items():
            told.add_argument(f"--{option}", type=type(default), default=default)

    command(make, "folder", count=2000, damaged=0.03)
    command(run, "folder", jobs=2, sample=200)
    command(loop, "photos", "strokes", "out")
    command(kills, "folder", times=100, count=40)
    command(cluster, "folder", times=2)
    arguments = vars(parser.parse_args())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # by way of `finally`: children end, too
    wrong = arguments.pop("call")(**arguments) or []
    sys.exit("\n".join(wrong) or None)


if __name__ == "__main__":
    main()
