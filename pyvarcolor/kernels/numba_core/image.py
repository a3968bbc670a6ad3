"""Names of the shapes that the kernels speak of; the C++ twin is `image.hpp`."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.floating[Any]]
"""(rows, channels, cols): within a row, each channel lies along unit stride; or (rows, cols)."""

Picture: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16] | Image
"""(rows, cols, 3), sRGB in the range of its dtype."""

Index: TypeAlias = int | np.signedinteger[Any]
Scalar: TypeAlias = float | np.floating[Any]

Row: TypeAlias = NDArray[np.floating[Any]]
"""(cols,): one channel of one row, or (channels, cols): all of them."""
