"""What a person does to strokes: paint, erase, undo, redo, load. No window, no solver, no file is known here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pyvarcolor.strokes.vector import VectorStroke

NEUTRAL = "#808080"
MOST_RECENT = 9
LEAST_RADIUS, MOST_RADIUS = 1e-4, 0.25  # of the short side
_FIRST_COLORS = "#c8503c", "#e0b090", "#5a8f3c", "#6aa0d8", "#8a6a48", "#d8c060"

Record = dict[str, Any]


@dataclass(frozen=True)
class _Step:
    """A change of the list of strokes, at its end: these went, those came."""

    gone: tuple[VectorStroke, ...]
    come: tuple[VectorStroke, ...]


class Session:
    """The strokes on one photograph, with undo and redo without limit, a brush and its colours.

    Places are fractions of the frame's width and height, as in `VectorStroke`.

    Parameters
    ----------
    strokes : iterable of VectorStroke
        What is there to begin with; they cannot be undone.

    Attributes
    ----------
    note : callable or None
        Gets a record of each change before it is made, for `replay`; see `pyvarcolor.interactive.journal`.
    strokes : tuple of VectorStroke
        In the order of painting, the one in progress left out.
    color : str
        Of the brush, "#rrggbb".
    recent : list of str
        Colours used last, the latest first.
    radius : float
        Of the brush, as a fraction of the frame's short side.
    erasing : bool
        Whether the brush erases.

    Examples
    --------
    >>> session = Session()
    >>> session.begin(0.1, 0.2)
    >>> session.extend(0.6, 0.2)
    >>> session.finish()
    True
    >>> session.strokes[0].points
    ((0.1, 0.2), (0.6, 0.2))
    >>> session.undo(), session.strokes
    (True, ())
    """

    def __init__(self, strokes: Iterable[VectorStroke] = ()) -> None:
        self.note: Callable[[Record], None] | None = None
        self.color, self.radius, self.erasing = _FIRST_COLORS[0], 0.012, False
        self.recent = list(_FIRST_COLORS)
        self._start(tuple(strokes))

    def _start(self, strokes: tuple[VectorStroke, ...]) -> None:
        """Begin with these strokes."""
        self.strokes = self._first = self._saved = strokes
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self._points: list[tuple[float, float]] = []
        for stroke in self.strokes:
            if stroke.color is not None:
                self._remember(stroke.color.lower())
        self.color = self.recent[0]

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """Corners of the stroke in progress."""
        return tuple(self._points)

    @property
    def unfinished(self) -> VectorStroke | None:
        """The stroke in progress."""
        if not self._points:
            return None
        return VectorStroke(tuple(self._points), self.radius, None if self.erasing else self.color)

    @property
    def unsaved(self) -> bool:
        """Whether the strokes differ from those that were saved last."""
        return self.strokes != self._saved

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to make again."""
        return bool(self._undone)

    def begin(self, x: float, y: float) -> None:
        """Put the brush down; a stroke still in progress is finished first."""
        self.finish()
        self._points = [(x, y)]

    def extend(self, x: float, y: float) -> None:
        """Draw on to this place, if the brush is down."""
        if self._points and self._points[-1] != (x, y):
            self._points.append((x, y))

    def finish(self) -> bool:
        """Lift the brush; whether there was a stroke."""
        stroke = self.unfinished
        if stroke is None:
            return False
        self._points = []
        self._do(_Step((), (stroke,)))
        if stroke.color is not None:
            self._remember(stroke.color)
        return True

    def abandon(self) -> None:
        """Forget the stroke in progress."""
        self._points = []

    def replace(self, strokes: Iterable[VectorStroke]) -> None:
        """Have these strokes instead of all others, in one step."""
        self.abandon()
        self._do(_Step(self.strokes, tuple(strokes)))

    def undo(self) -> bool:
        """Take the last change back; whether there was one. A stroke in progress counts as one."""
        if self._points:
            self.abandon()
            return True
        if not self._done:
            return False
        self._tell({"undo": True})
        step = self._done.pop()
        self._undone.append(step)
        self._exchange(step.come, step.gone)
        return True

    def redo(self) -> bool:
        """Make the last change again that was taken back; whether there was one."""
        if not self._undone or self._points:
            return False
        self._tell({"redo": True})
        step = self._undone.pop()
        self._done.append(step)
        self._exchange(step.gone, step.come)
        return True

    def mark_saved(self, strokes: tuple[VectorStroke, ...]) -> None:
        """Take note that these strokes are in a file."""
        self._saved = strokes

    def choose(self, color: str) -> None:
        """Paint in this colour from now on."""
        if color != self.color:
            self._remember(self.color)
        self.color, self.erasing = VectorStroke(((0, 0),), 1, color.lower()).color or NEUTRAL, False
        self._remember(self.color)

    def swap(self) -> None:
        """Paint in the colour before this one."""
        if len(self.recent) > 1:
            self.choose(self.recent[1] if self.recent[0] == self.color else self.recent[0])

    def resize(self, factor: float) -> None:
        """Make the brush larger or smaller."""
        self.radius = min(max(self.radius * factor, LEAST_RADIUS), MOST_RADIUS)

    def history(self) -> list[Record]:
        """Records of all that was done, to be replayed in a new session.

        Returns
        -------
        list of dict
        """
        steps = [*self._done, *reversed(self._undone)]
        start: Record = {"start": [asdict(stroke) for stroke in self._first]}
        return [start, *map(_record_of, steps), *[{"undo": True} for _ in self._undone]]

    def replay(self, record: Mapping[str, Any]) -> None:
        """Make a change again that `note` got.

        Parameters
        ----------
        record : mapping
            As `note` got it, also by way of JSON.

        Raises
        ------
        ValueError
            If it is no such record.
        """
        if "undo" in record:
            self.undo()
        elif "redo" in record:
            self.redo()
        elif "start" in record:
            self._start(_strokes_of(record, "start"))
        else:
            gone, come = record.get("gone"), _strokes_of(record, "come")
            if not (isinstance(gone, int) and 0 <= gone <= len(self.strokes)):
                raise ValueError(f"record.gone must be in 0..{len(self.strokes)}, but is {gone!r}")
            self._do(_Step(self.strokes[len(self.strokes) - gone :], come))

    def _do(self, step: _Step) -> None:
        """Make a new change."""
        self._tell(_record_of(step))
        self._done.append(step)
        self._undone.clear()
        self._exchange(step.gone, step.come)

    def _exchange(self, gone: tuple[VectorStroke, ...], come: tuple[VectorStroke, ...]) -> None:
        """Put these strokes in the place of those at the end."""
        self.strokes = self.strokes[: len(self.strokes) - len(gone)] + come

    def _tell(self, record: Record) -> None:
        if self.note is not None:
            self.note(record)

    def _remember(self, color: str) -> None:
        """Put a colour in front of those used last."""
        self.recent = [color, *(other for other in self.recent if other != color)][:MOST_RECENT]


def _record_of(step: _Step) -> Record:
    """A step as JSON can hold it."""
    return {"gone": len(step.gone), "come": [asdict(stroke) for stroke in step.come]}


def _strokes_of(record: Mapping[str, Any], key: str) -> tuple[VectorStroke, ...]:
    """Strokes that a record holds."""
    entries = record.get(key)
    if not isinstance(entries, list):
        raise ValueError(f"record must hold a list of strokes as {key!r}, but is {record!r}")
    return tuple(map(VectorStroke.from_json, entries))
