"""The report on a run: its numbers, that it needs nothing else, and that no name of a file does harm."""

import re
import time
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import test_web
from PIL import Image

from pyvarcolor.batch.manifest import Record
from pyvarcolor.batch.report import MOST_ROWS, SIDE, SLOWEST, write_report

ENTER = "\ue007"
DONE = Record(
    input="/scans/a.png",
    input_sha256="",
    output="a.png",
    recipe={"method": {"name": "tgv", "alpha": 2.0}, "prior": None, "space": "lab"},
    versions={"pyvarcolor": "0.1.0", "numpy": "2.1"},
    backend="cpp",
    outcome="done",
    pages=1,
    width=2000,
    height=1000,
    dtype="uint16",
    lightness_error=0.25,
    moved=0.0123,
    seconds=4.0,
    peak_memory=512_000_000,
    finished="2026-01-02T03:04:05+00:00",
)
HOSTILE = [
    "<script>alert(1)</script>.png",
    "\"onload='x'.png",
    "byte\udc80.png",
    "half\ud800.png",
    "tur\u202egnp.png",
    "עברית.png",
    "Zürich 東京.png",
    "line\nbreak\x00.png",
    "&amp;.png",
]


class Page(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.tables, self.words = [], [], {}
        self._open = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in {"meta", "img"}:
            self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in {"td", "th"}:
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        for tag in set(self._open):
            self.words[tag] = self.words.get(tag, "") + data
        if {"td", "th"} & set(self._open):
            self.tables[-1][-1][-1] += data

    def of(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


def failed(name, error="it is empty", **facts):
    return Record(
        input=f"/scans/{name}", input_sha256="", output=name, recipe=DONE.recipe, versions=DONE.versions,
        **{"outcome": "failed", "error": error, **facts},
    )  # fmt: skip


def done(name, folder="/scans", **facts):
    return replace(DONE, input=f"{folder}/{name}", output=name, **facts)


@pytest.fixture
def report(tmp_path):
    def write(records, **options):
        write_report(records, tmp_path / "out", tmp_path / "report.html", **options)
        text = (tmp_path / "report.html").read_text(encoding="utf-8")
        return text, Page(text)

    return write


def numbers_of(text):
    return dict(re.findall(r"<div><dt>(.*?)</dt><dd>(.*?)</dd></div>", text))


def paint(path, *, size=(600, 400), color=(200, 100, 50)):
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", size, color).save(path)


def test_the_numbers_at_the_top(report):
    times = [1.0, 2.0, 3.0, 10.0]
    records = [done(f"{time:g}.png", seconds=time, pages=2) for time in times]
    records[1] = replace(records[1], lightness_error=0.5, peak_memory=2_000_000_000)
    text, page = report([*records, failed("f.png", seconds=4.0), failed("q.png", outcome="quarantined")], samples=0)
    assert numbers_of(text) == {
        "photographs": "6",
        "pages": "8",
        "megapixels coloured": "16.0",
        "time of all workers": "20.0 s",
        "seconds per megapixel": "1.00",
        "median time": "2.5 s",
        "95 % took at most": "8.9 s",
        "longest time": "10.0 s",
        "largest peak of memory": "2,000 MB",
        "largest error of lightness": "0.5 L*",
    }
    assert "4 done1 failed1 quarantined" in page.words["ul"]
    assert "pyvarcolor 0.1.0, numpy 2.1" in page.words["section"]
    assert "Method: tgv, 6 photographs" in page.words["summary"]
    assert '"alpha": 2.0' in page.words["pre"]
    assert "from /scans" in page.words["header"]


def test_tables_of_failures_warnings_and_timings(report):
    records = [failed("sub/f.png", seconds=1.26), done("b.png", seconds=1.0, warnings=["two pages"]), done("c.png")]
    _, page = report(records, samples=0)
    failures, warned, timings = page.tables
    assert failures == [["file", "outcome", "reason", "seconds"], ["sub/f.png", "failed", "it is empty", "1.3"]]
    assert warned == [["file", "warning"], ["b.png", "two pages"]]
    assert timings[1:] == [
        ["c.png", "2,000 × 1,000", "uint16", "1", "4.0", "512", "0.25", "1.23", "0"],
        ["b.png", "2,000 × 1,000", "uint16", "1", "1.0", "512", "0.25", "1.23", "1"],
    ]
    (sorted_by,) = [head for head in page.of("th") if "aria-sort" in head]
    assert sorted_by["aria-sort"] == "descending"
    assert len(page.of("th")) == len([button for button in page.of("button") if button["type"] == "button"])


def test_nothing_is_needed_but_the_page(report, tmp_path):
    paint(tmp_path / "in" / "a.png")
    paint(tmp_path / "out" / "a.png")
    text, page = report([done("a.png", tmp_path / "in"), failed("f.png")])
    assert not re.search(r"https?:|//\w|@import|url\(", re.sub(r"base64,[^\"]*", "", text))
    assert all(image["src"].startswith("data:image/jpeg;base64,") for image in page.of("img"))
    assert len(page.of("img")) == 2
    assert {name for tag, names in page.tags for name in names if tag != "img"}.isdisjoint({"src", "href"})
    (policy,) = (meta["content"] for meta in page.of("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
    assert "aria-sort" in page.words["script"]
    assert "prefers-color-scheme: dark" in page.words["style"]


def test_thumbnails_are_small_and_true(report, tmp_path):
    Image.new("RGB", (1, 5000)).save(tmp_path / "thin.png")
    (tmp_path / "out").mkdir()
    Image.fromarray(np.full((2000, 3000), 40000, np.uint16)).save(tmp_path / "out" / "thin.png")
    _, page = report([done("thin.png", tmp_path)])
    sizes = [(int(image["width"]), int(image["height"])) for image in page.of("img")]
    assert sizes == [(1, SIDE), (SIDE, SIDE * 2 // 3)]
    assert [image["alt"] for image in page.of("img")] == ["before", "after"]


@pytest.mark.parametrize(("samples", "shown"), [(-1, []), (0, []), (1, [0]), (3, [0, 4, 9]), (20, list(range(10)))])
def test_samples_are_spread_evenly_in_the_order_of_the_records(report, samples, shown):
    text, _ = report([done(f"{number}.png") for number in range(10)], samples=samples)
    assert [int(name) for name in re.findall(r"<figcaption><bdi>(\d)", text)] == shown


def test_files_that_are_gone_or_damaged_are_told_of(report, tmp_path):
    paint(tmp_path / "in" / "cut.png")
    (tmp_path / "in" / "cut.png").write_bytes((tmp_path / "in" / "cut.png").read_bytes()[:60])
    (tmp_path / "in" / "words.png").write_text("no picture")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "words.png").mkdir()
    _, page = report([done(name, tmp_path / "in") for name in ("cut.png", "words.png", "gone.png")])
    assert not page.of("img")
    for reason in ("damaged, cut short", "no known image format", "no such file", "it is a folder"):
        assert reason in page.words["p"]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_and_reasons_are_words_and_nothing_else(report, tmp_path, name):
    plain, _ = report([done("a.png", tmp_path), failed("f.png")])
    facts = {"recipe": {"method": name}, "versions": {name: name}, "dtype": name, "warnings": [name], "backend": name}
    text, page = report([done(name, tmp_path, **facts), failed(name, error=name)])
    assert re.findall("<script", text) == re.findall("<script", plain)
    names = {key for _, attributes in page.tags for key in attributes}
    assert not any(key.startswith("on") for key in names)
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", text)
    shown = page.tables[0][1][2]
    assert shown == re.sub("[\udc80\ud800\u202e\n\x00]", lambda one: one[0].encode("unicode_escape").decode(), name)


@pytest.mark.parametrize("records", [[], [failed("f.png")], [done("a.png", width=0, pages=0)]])
def test_little_or_nothing_done(report, records):
    text, page = report(iter(records))
    assert numbers_of(text)["photographs"] == str(len(records))
    assert numbers_of(text)["seconds per megapixel"] == "–"
    assert len(page.tables) == len(records)


def test_what_is_no_number_is_shown_as_such(report):
    text, page = report([done("a.png"), done("b.png", lightness_error="NaN")])  # as `to_json` writes it
    assert numbers_of(text)["largest error of lightness"] == "nan L*"
    assert [row[6] for row in page.tables[0][1:]] == ["0.25", "nan"]


def test_photographs_of_several_folders_and_drives(report):
    _, page = report([failed("a.png"), replace(failed("b.png"), input="b.png")])
    assert [row[0] for row in page.tables[0][1:]] == ["/scans/a.png", "b.png"]


@pytest.mark.slow
def test_an_archive_of_a_hundred_thousand_takes_seconds(report):
    records = [done(f"{number // 1000}/{number}.png", seconds=number / 1000) for number in range(100_000)]
    records[::10] = [failed(f"{number}.png") for number in range(10_000)]
    began = time.perf_counter()
    text, page = report(records, samples=0)
    assert time.perf_counter() - began < 20
    assert "10,000 failed" in text
    assert [len(table) - 1 for table in page.tables] == [MOST_ROWS, SLOWEST]
    assert f"{MOST_ROWS:,} of 10,000" in text
    assert len(text) < 2_000_000


browser = test_web.browser


def in_a_browser(test):
    for mark in test_web.pytestmark:
        test = mark(test)
    return test


COLUMN = "return [...document.querySelectorAll('table')[{}].tBodies[0].rows].map(row => row.cells[{}].textContent)"
HEAD = "document.querySelectorAll('table')[{}].querySelectorAll('th')[{}]"


@in_a_browser
def test_a_click_on_a_head_sorts_numbers_as_numbers_and_words_as_words(browser, report, tmp_path):
    times = [9.0, 1000.0, 25.5]
    records = [done(f"{name}.png", seconds=time) for name, time in zip(["10", "b", "9"], times, strict=True)]
    report([*records, failed("<b>f.png", seconds=3), failed("g.png", error="a", seconds=20)])
    browser._call("/url", {"url": (tmp_path / "report.html").as_uri()})

    def column(table, number):
        return browser.run(COLUMN.format(table, number))

    def click(table, number):
        browser.run(f"{HEAD.format(table, number)}.querySelector('button').click()")
        return browser.run(f"return {HEAD.format(table, number)}.getAttribute('aria-sort')")

    assert column(1, 4) == ["1,000.0", "25.5", "9.0"]
    assert (click(1, 4), column(1, 4)) == ("ascending", ["9.0", "25.5", "1,000.0"])
    assert (click(1, 4), column(1, 4)) == ("descending", ["1,000.0", "25.5", "9.0"])
    assert (click(1, 0), column(1, 0)) == ("ascending", ["9.png", "10.png", "b.png"])
    assert browser.run(f"return {HEAD.format(1, 4)}.getAttribute('aria-sort')") is None
    assert (click(0, 3), column(0, 3)) == ("descending", ["20.0", "3.0"])
    assert (click(0, 2), column(0, 2)) == ("ascending", ["a", "it is empty"])
    browser.run(f"{HEAD.format(0, 0)}.querySelector('button').focus()")
    browser.press(ENTER)
    assert column(0, 0) == ["<b>f.png", "g.png"]
