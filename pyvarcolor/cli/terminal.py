"""What a command says beside its results: notes, progress, warnings and errors, all on standard error."""

import logging
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from pyvarcolor.kernels import BackendError
from pyvarcolor.result import Callback, Progress

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

FAILED, MISUSED, INTERRUPTED = 1, 2, 130
"""Exit codes."""
_LINE_EVERY = 60.0  # seconds, where no bar can be shown


class UsageError(ValueError):
    """A command line that asks for what does not exist or contradicts itself."""


@dataclass(frozen=True)
class Terminal:
    """Standard error of one command.

    Parameters
    ----------
    quiet : bool
        Leave out notes and progress; warnings and errors are said in any case.
    """

    quiet: bool = False
    console: Console = field(default_factory=lambda: Console(stderr=True))

    def note(self, text: str) -> None:
        """Say something that is good to know."""
        if not self.quiet:
            self.say(text)

    def say(self, text: str) -> None:
        """Say something on a line of its own, above the progress bar."""
        self.console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)

    @contextmanager
    def progress(self, task: str) -> Iterator[Callback | None]:
        """Show a bar where there is a terminal, for as long as the context lasts.

        Parameters
        ----------
        task : str
            What is being done.

        Yields
        ------
        callable or None
            Takes each `pyvarcolor.Progress` of a solver; None where nobody would see the bar.
        """
        with self._bar(task) as update:
            if update is None:
                yield None
            else:
                yield lambda look: update(total=look.max_iter, completed=look.iteration, state=_state(look))

    @contextmanager
    def counting(self, task: str, total: int) -> Iterator[Callable[[str], None]]:
        """Show a bar of things that are done one after the other, and the time left; without a terminal, now and then.

        Parameters
        ----------
        task : str
            What is being done.
        total : int
            How many there are.

        Yields
        ------
        callable
            Takes what to say of each thing done.
        """
        from rich.progress import MofNCompleteColumn, TimeRemainingColumn

        done, said = count(1), time.monotonic()

        def say_now_and_then(state: str) -> None:
            nonlocal said
            number = next(done)
            if time.monotonic() - said > _LINE_EVERY:
                said = time.monotonic()
                self.note(f"pyvarcolor: {number} of {total}, {state}")

        with self._bar(task, MofNCompleteColumn(), TimeRemainingColumn(), total=total) as update:
            if update is None:
                yield say_now_and_then
            else:
                yield lambda state: update(completed=next(done), state=state)

    @contextmanager
    def _bar(
        self, task: str, *columns: "ProgressColumn", total: int | None = None
    ) -> Iterator[Callable[..., None] | None]:
        """What moves a bar; None where nobody would see it."""
        if self.quiet or not self.console.is_terminal:
            yield None
            return
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        name, state = (TextColumn(text, markup=False) for text in ("{task.description}", "{task.fields[state]}"))
        with Bar(name, BarColumn(20), *columns, state, console=self.console, transient=True) as bar:
            yield partial(bar.update, bar.add_task(task, total=total, state="preparing"))


@contextmanager
def speaking(*, quiet: bool = False, kept: str = "nothing was written") -> Iterator[Terminal]:
    """Turn what happens in a command into lines on standard error and an exit code: 1 failed, 2 misused.

    Parameters
    ----------
    quiet : bool
        See `Terminal`.
    kept : str
        What is left of a command that was interrupted.

    Yields
    ------
    Terminal
        For what the command itself has to say.
    """
    terminal = Terminal(quiet)
    with warnings.catch_warnings(), _notes_of_the_package(terminal):
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *_, **__: terminal.say(f"pyvarcolor: warning: {message}")
        try:
            yield terminal
        except UsageError as error:
            raise _end(terminal, f"error: {error}", MISUSED) from error
        except BrokenPipeError:
            raise  # who reads the results has seen enough
        except (OSError, ValueError, ImportError, BackendError) as error:
            raise _end(terminal, f"error: {error}", FAILED) from error
        except MemoryError as error:
            advice = "use a machine with more memory or a smaller copy"
            raise _end(terminal, f"error: there is not enough memory ({error}); {advice}", FAILED) from error
        except KeyboardInterrupt as interrupt:
            raise _end(terminal, f"stopped, {kept}", INTERRUPTED) from interrupt


@contextmanager
def blaming_usage() -> Iterator[None]:
    """Take errors for those of the command line rather than of files."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from error


def flush_results() -> None:
    """Write what standard output still holds; a reader who closed the pipe (``| head``) has seen enough."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end(terminal: Terminal, last_words: str, exit_code: int) -> typer.Exit:
    """Say why the command ends."""
    terminal.say(f"pyvarcolor: {last_words}")
    return typer.Exit(exit_code)


def _state(look: Progress) -> str:
    """Where a solver is; it may stop before `max_iter`, so that the time left is an upper bound."""
    left = timedelta(seconds=round(look.seconds / look.iteration * (look.max_iter - look.iteration)))
    return f"{look.iteration} iterations, change {look.change:.2g}, {left} left at most"


@contextmanager
def _notes_of_the_package(terminal: Terminal) -> Iterator[None]:
    """Show what the package logs, such as the compilation of kernels."""
    logger, handler = logging.getLogger("pyvarcolor"), _NoteHandler(terminal)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


class _NoteHandler(logging.Handler):
    """Log records as notes."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__()
        self._terminal = terminal

    def emit(self, record: logging.LogRecord) -> None:
        """Note the message."""
        self._terminal.note(f"pyvarcolor: {record.getMessage()}")
