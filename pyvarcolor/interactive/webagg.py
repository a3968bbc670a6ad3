"""A backend of matplotlib: WebAgg with a canvas that blits and fills its page, and nothing between it and the brush."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

from matplotlib.backends import backend_webagg_core as core
from matplotlib.backends.backend_webagg import FigureCanvasWebAgg, FigureManagerWebAgg


class FigureManager(FigureManagerWebAgg):
    """Sends a frame when the page has shown the one before; what changes meanwhile is in the next one."""

    canvas: Any
    _on_its_way = _waits = False

    def refresh_all(self) -> None:
        """Send what has changed, now or as soon as the page is ready."""
        self._waits = self._on_its_way and bool(self.web_sockets)
        if not self._waits:
            self._on_its_way = bool(self.web_sockets) and self.canvas._png_is_old
            super().refresh_all()  # type: ignore[no-untyped-call]

    def go_on(self) -> None:
        """Take note that the page has shown a frame, or is new, or gone."""
        self._on_its_way = False
        if self._waits:
            self.refresh_all()

    def remove_web_socket(self, web_socket: Any) -> None:
        """Forget a page, and the frame that was on its way to it."""
        super().remove_web_socket(web_socket)  # type: ignore[no-untyped-call]
        self.go_on()


class FigureCanvas(FigureCanvasWebAgg):
    """A canvas that blits: frames are not lost, as the page tells when it has shown one."""

    manager_class = FigureManager
    manager: Any
    supports_blit = True

    def handle_ack(self, event: Any) -> None:
        """Go on with the next frame."""
        self.manager.go_on()

    def handle_refresh(self, event: Any) -> None:
        """Draw for a page that is new."""
        self.manager.go_on()
        super().handle_refresh(event)  # type: ignore[no-untyped-call]


def _write_script(stream: IO[str] | None = None) -> str | None:
    """The script of the page: matplotlib's, and ours."""
    script = f"{_write_theirs()}\n{Path(__file__).with_name('webagg.js').read_text(encoding='utf-8')}"
    if stream is None:
        return script
    stream.write(script)
    return None


_page: Any = core.FigureManagerWebAgg  # which the server asks, whatever manager there is
_write_theirs = _page.get_javascript
_page.get_javascript = _write_script
