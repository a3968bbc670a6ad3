"""The stroke tool: paint on a photograph and see its colour follow the brush.

matplotlib is imported when a `StrokeTool` is made.
"""

from pyvarcolor.interactive.files import Files
from pyvarcolor.interactive.session import Session
from pyvarcolor.interactive.stroke_tool import StrokeTool

__all__ = ["Files", "Session", "StrokeTool"]
