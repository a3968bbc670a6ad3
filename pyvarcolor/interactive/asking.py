"""What is asked of a person: a question with two answers, and to do a thing again that cannot be undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Question(NamedTuple):
    """Something to be answered with Enter or Esc, above the picture."""

    words: str
    yes: Callable[[], None]
    no: Callable[[], None]


class Confirmation:
    """What is done only when it is asked for twice in a row.

    Examples
    --------
    >>> confirmed = Confirmation()
    >>> confirmed.by("close"), confirmed.by("close")
    (False, True)
    >>> confirmed.by("close"), confirmed.by("replace"), confirmed.by("close")
    (False, False, False)
    """

    def __init__(self) -> None:
        self._asked = ""

    def by(self, what: str) -> bool:
        """Whether this is the second time; the first is remembered until something else happens."""
        again, self._asked = self._asked == what, what
        if again:
            self.forget()
        return again

    def forget(self) -> None:
        """Something else has happened."""
        self._asked = ""
