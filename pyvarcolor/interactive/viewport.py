"""Which part of the photograph is seen, and how large."""

from __future__ import annotations

from dataclasses import dataclass, replace

MOST_ZOOM = 40.0  # pixels of the screen for one of the photograph


@dataclass(frozen=True)
class Viewport:
    """A window on the photograph; places in it are pixels of the screen, x to the right and y down.

    Parameters
    ----------
    photo, window : (int, int)
        Height and width of the photograph and of the window.
    zoom : float
        Pixels of the screen for one of the photograph.
    left, top : float
        Place of the photograph, in its pixels, at the window's upper left corner.

    Examples
    --------
    >>> view = Viewport.fitting((100, 200), (300, 400))
    >>> view.zoom, view.to_photo(200, 150)
    (2.0, (100.0, 50.0))
    >>> view.zoomed(200, 150, 2.0).to_photo(200, 150)
    (100.0, 50.0)
    """

    photo: tuple[int, int]
    window: tuple[int, int]
    zoom: float
    left: float
    top: float

    @classmethod
    def fitting(cls, photo: tuple[int, int], window: tuple[int, int]) -> Viewport:
        """All of the photograph, in the middle of the window."""
        zoom = min(window[0] / photo[0], window[1] / photo[1], MOST_ZOOM)
        return cls(photo, window, zoom, 0, 0)._kept_in_sight()

    @property
    def is_fitting(self) -> bool:
        """Whether all of the photograph is seen."""
        return self.zoom <= Viewport.fitting(self.photo, self.window).zoom * (1 + 1e-9)

    def to_photo(self, x: float, y: float) -> tuple[float, float]:
        """Place in the photograph, in its pixels, of one in the window."""
        return self.left + x / self.zoom, self.top + y / self.zoom

    def to_window(self, x: float, y: float) -> tuple[float, float]:
        """Place in the window of one in the photograph."""
        return (x - self.left) * self.zoom, (y - self.top) * self.zoom

    def zoomed(self, x: float, y: float, factor: float) -> Viewport:
        """Seen larger by this factor, the place at (x, y) staying where it is."""
        least = Viewport.fitting(self.photo, self.window).zoom
        zoom = min(max(self.zoom * factor, least), max(MOST_ZOOM, least))
        at = self.to_photo(x, y)
        return replace(self, zoom=zoom, left=at[0] - x / zoom, top=at[1] - y / zoom)._kept_in_sight()

    def moved(self, x: float, y: float) -> Viewport:
        """Dragged by so many pixels of the screen."""
        return replace(self, left=self.left - x / self.zoom, top=self.top - y / self.zoom)._kept_in_sight()

    def resized(self, window: tuple[int, int]) -> Viewport:
        """In a window of another size: all of the photograph still, or the same middle at the same zoom."""
        if self.is_fitting:
            return Viewport.fitting(self.photo, window)
        x, y = self.to_photo(self.window[1] / 2, self.window[0] / 2)
        left, top = x - window[1] / 2 / self.zoom, y - window[0] / 2 / self.zoom
        return replace(self, window=window, left=left, top=top).zoomed(window[1] / 2, window[0] / 2, 1)

    def _kept_in_sight(self) -> Viewport:
        """Moved so that the photograph fills the window, or lies in its middle where it is smaller."""
        start = []
        for side, size, at in zip(self.photo, self.window, (self.top, self.left), strict=True):
            room = size / self.zoom - side
            start.append(-room / 2 if room >= 0 else min(max(at, 0), -room))
        return replace(self, top=start[0], left=start[1])
