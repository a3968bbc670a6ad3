"""A. Levin, D. Lischinski, Y. Weiss, "Colorization using optimization", SIGGRAPH 2004.

U(r) = sum_s w_rs U(s) over the 8 neighbours s of each pixel r without a hint, with the weights of the code that was
published with the paper, which are not those of its equation 2.
"""

import numpy as np
import scipy.sparse as sp
from numpy.lib.stride_tricks import sliding_window_view

from pyvarcolor import Hints
from pyvarcolor.color import Array
from rivals.direct import solve


def levin(lightness: Array, hints: Hints) -> Array:
    """Solve for U exactly."""
    free = sp.diags_array((~hints.mask).ravel().astype(float))
    system = sp.eye_array(lightness.size) - free @ levin_weights(lightness)
    return solve(system, hints.chroma.reshape(-1, 2)).reshape(hints.chroma.shape)


def levin_weights(lightness: Array) -> sp.csr_array:
    """The matrix w_rs: exp(-(Y(r) - Y(s))^2 / c), c from the variance of Y around r; its rows sum to 1."""
    n = lightness.size
    y = np.pad(lightness.astype(float) / 100, 1, constant_values=np.nan)  # over the border there is nobody
    window = sliding_window_view(y, (3, 3)).reshape(n, 9)
    pixel = sliding_window_view(np.pad(np.arange(n).reshape(lightness.shape), 1), (3, 3)).reshape(n, 9)

    d2 = (window - window[:, 4:5]) ** 2
    variance = np.nanvar(window, axis=1)
    d2[:, 4] = np.nan  # no pixel is its own neighbour
    # the likest neighbour keeps a weight of at least 0.01
    c = np.maximum.reduce([0.6 * variance, np.nanmin(d2, axis=1) / -np.log(0.01), np.full(n, 2e-6)])
    w = np.nan_to_num(np.exp(-d2 / c[:, None]))
    w /= w.sum(axis=1, keepdims=True)
    return sp.csr_array((w.ravel(), pixel.ravel(), 9 * np.arange(n + 1)), shape=(n, n))
