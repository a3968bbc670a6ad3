"""Colour that follows the brush: a thread that always works for the newest strokes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


class Newest(Generic[Asked, Answered]):
    """A thread that answers the newest request, in ever better answers, until there is a newer one.

    Parameters
    ----------
    answer : callable
        Takes a request and yields answers to it. Between two of them it is left for a newer request; its first answer
        is given in any case, so that there is something new to see all along while requests keep coming.

    Examples
    --------
    >>> live = Newest(lambda asked: iter([f"{asked}, roughly", f"{asked}, exactly"]))
    >>> live.ask("this")
    >>> live.wait()
    True
    >>> live.take()
    ['this, roughly', 'this, exactly']
    >>> live.close()
    """

    def __init__(self, answer: Callable[[Asked], Iterator[Answered]]) -> None:
        self._answer = answer
        self._requests: list[Asked] = []
        self._answers: SimpleQueue[Answered | Exception] = SimpleQueue()
        self._changed = threading.Condition()
        self._working = self._closed = False
        self._thread = threading.Thread(target=self._work, name="pyvarcolor-live", daemon=True)
        self._thread.start()

    def ask(self, request: Asked) -> None:
        """Ask for answers; a request that waits is forgotten for this one."""
        with self._changed:
            if not self._closed:
                self._requests[:] = [request]
                self._changed.notify_all()

    def take(self) -> list[Answered | Exception]:
        """Answers since the last call, the oldest first; an exception where a request failed."""
        answers = []
        while True:
            try:
                answers.append(self._answers.get_nowait())
            except Empty:
                return answers

    @property
    def busy(self) -> bool:
        """Whether answers are on their way."""
        with self._changed:
            return self._working or bool(self._requests)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until all answers are there; whether they are."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._working and not self._requests, seconds)

    def close(self) -> None:
        """End the thread, as soon as it has its next answer."""
        with self._changed:
            self._closed = True
            self._requests.clear()
            self._changed.notify_all()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._working = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._requests or self._closed)
                if self._closed:
                    return
                request = self._requests.pop()
                self._working = True
            try:
                for count, answer in enumerate(self._answer(request)):
                    with self._changed:
                        outdated = bool(self._requests) or self._closed
                    if not outdated or count == 0:
                        self._answers.put(answer)
                    if outdated:
                        break
            except Exception as error:  # noqa: BLE001  # whatever it is, the window says it and lives on
                self._answers.put(error)
