"""What keeps strokes: the side file while they are painted, and the files that they are saved to in the background."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyvarcolor.interactive.files import Files, Saved
from pyvarcolor.interactive.journal import Journal
from pyvarcolor.interactive.live import Newest
from pyvarcolor.interactive.session import Session
from pyvarcolor.strokes.vector import VectorStroke


class Keeper:
    """The files of one session.

    Parameters
    ----------
    files : Files
        Where it saves.
    shape : (int, int)
        Height and width of the photograph.

    Attributes
    ----------
    journal : Journal
        The side file.
    """

    def __init__(self, files: Files, shape: tuple[int, int]) -> None:
        self.files = files
        self.journal = Journal(files.strokes.with_name(f"{files.strokes.name}.autosave"), shape)
        self._saver: Newest[tuple[VectorStroke, ...], Saved] = Newest(files.save)
        self.save, self.wait = self._saver.ask, self._saver.wait

    @property
    def busy(self) -> bool:
        """Whether something is being saved."""
        return self._saver.busy

    def in_the_way(self) -> list[Path]:
        """Files that saving would replace, and that are not of this session."""
        return self.files.in_the_way()

    def note(self, record: dict[str, Any], session: Session) -> None:
        """Put a change into the side file; raises OSError if that cannot be written."""
        self.journal.add(record, session)

    def take(self, session: Session) -> list[str]:
        """What to say of what was saved since the last call; the session learns it."""
        said = []
        for answer in self._saver.take():
            if isinstance(answer, Exception):
                said.append(f"not saved: {answer}")
                continue
            if answer.path == self.files.strokes:
                session.mark_saved(answer.strokes)
                if not session.unsaved:
                    self.journal.end()
            more = ", colouring at full size ..." if self.busy else ""
            said.append(f"saved {answer.path.name} in {answer.seconds:.1f} s{more}")
        return said

    def close(self, session: Session) -> list[str]:
        """End; what is being saved is saved first."""
        self._saver.wait()
        said = self.take(session)
        self._saver.close()
        if not session.unsaved:
            self.journal.end()
        return said
