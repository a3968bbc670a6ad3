"""The manifest of an archive: whole records or none, whatever happens."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from pyvarcolor.batch import Manifest, ManifestError, Record, canonical, latest_records, read_records

RECORD = Record(
    input="/scans/é.tif",
    input_sha256="1",
    output="é.tif",
    recipe={"method": {"name": "tgv", "alpha0": 2.0}},
    versions={},
    outcome="done",
    warnings=["a", "b"],
    seconds=2.5,
)


def written(path: Path, *records: Record) -> Path:
    with Manifest(path) as manifest:
        for record in records:
            manifest.append(record)
    return path


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    odd = replace(RECORD, output=os.fsdecode(b"\xff.tif"), error="a\nb\u2028c", tile=4096)
    path = written(tmp_path / "m.jsonl", RECORD, odd)
    assert list(read_records(path)) == [RECORD, odd]


def test_it_grows_and_the_last_record_counts(tmp_path: Path) -> None:
    failed = replace(RECORD, outcome="failed", error="no")
    path = written(tmp_path / "m.jsonl", failed)
    first = path.read_bytes()
    written(path, RECORD)
    assert path.read_bytes().startswith(first)
    assert latest_records(path) == {RECORD.output: RECORD}


@pytest.mark.parametrize("torn", [1, 40, 100_000])
def test_half_a_line_is_taken_away_and_only_that(tmp_path: Path, torn: int) -> None:
    line = replace(RECORD, error="x" * 200_000).to_line()
    path = tmp_path / "m.jsonl"
    path.write_bytes(RECORD.to_line() + line[:torn])
    assert list(read_records(path)) == [RECORD]
    written(path, replace(RECORD, output="b.tif"))
    assert [record.output for record in read_records(path)] == ["é.tif", "b.tif"]


def test_a_manifest_that_is_half_a_line_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(RECORD.to_line()[:-1])
    written(path, RECORD)
    assert path.read_bytes() == RECORD.to_line()


def test_a_full_disk_leaves_no_half_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.jsonl"

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    with Manifest(path) as manifest:
        manifest.append(RECORD)
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="full"):
            manifest.append(replace(RECORD, output="b.tif"))
        monkeypatch.undo()
        manifest.append(replace(RECORD, output="c.tif"))
    assert [record.output for record in read_records(path)] == ["é.tif", "c.tif"]


@pytest.mark.parametrize("line", [b"no json\n", b"[]\n", b'{"input": "a"}\n', b"\xff\n", b"3\n"])
def test_other_files_are_no_manifests(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(RECORD.to_line() + line)
    with pytest.raises(ManifestError, match=r"m\.jsonl, line 2 is no record"):
        list(read_records(path))


def test_records_of_a_later_version_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(RECORD.to_line().replace(b'{"input"', b'{"mood": "good", "input"'))
    assert list(read_records(path)) == [RECORD]


def test_canonical_form_knows_neither_order_nor_time_nor_what_was_tried_before() -> None:
    other = replace(RECORD, output="b.tif")
    again = replace(RECORD, seconds=9.0, peak_memory=5, finished="now")
    failed = replace(RECORD, outcome="failed")
    assert canonical([RECORD, other]) == canonical([other, failed, again])
    assert canonical([RECORD]) != canonical([failed])
    assert canonical([RECORD]) != canonical([replace(RECORD, output_sha256="2")])
