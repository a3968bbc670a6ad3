"""D. Min, S. Choi, J. Lu, B. Ham, K. Sohn, M. N. Do, "Fast global image smoothing based on weighted least squares",
IEEE Transactions on Image Processing 23, 2014: along rows and columns in turn, with the settings of OpenCV.
"""

import numpy as np
from scipy.linalg import solveh_banded

from pyvarcolor import Hints
from pyvarcolor.color import Array
from rivals.nearest import nearest

ITERATIONS = 3
ATTENUATION = 0.25
"""of lambda from one iteration to the next: lambda starts as it is, where the paper divides it by 2.625"""
OUT_OF_REACH = 1e-12
"""share of the hints that is none"""


def fgs(lightness: Array, hints: Hints, smoothness: float, sigma: float) -> Array:
    """Smooth hints and their mask alike; their ratio is the chroma, or the nearest hint's where none reaches."""
    guide = np.rint(2.55 * lightness)  # of 8 bits
    smoothed = smooth(np.dstack([hints.chroma, hints.mask]), guide, smoothness, sigma)
    chroma, mask = smoothed[..., :2], smoothed[..., 2:]
    return np.where(mask > OUT_OF_REACH, chroma / np.maximum(mask, OUT_OF_REACH), nearest(lightness, hints))


def smooth(f: Array, guide: Array, smoothness: float, sigma: float) -> Array:
    """Make u of f (H, W, channels): smooth but for edges of the guide."""
    u = f.astype(float)
    for t in range(ITERATIONS):
        strength = smoothness * ATTENUATION**t
        u = smooth_rows(u, guide, strength, sigma)
        u = smooth_rows(u.swapaxes(0, 1), guide.T, strength, sigma).swapaxes(0, 1)
    return u


def smooth_rows(f: Array, guide: Array, smoothness: float, sigma: float) -> Array:
    """Minimise sum_p (u_p - f_p)^2 + lambda w_p,p+1 (u_p - u_p+1)^2 in each row; all of them are one line."""
    w = np.zeros(guide.shape)  # of a pixel and the one before it; no row goes on in the next
    w[:, 1:] = smoothness * np.exp(-np.abs(np.diff(guide)) / sigma)
    w = w.ravel()
    banded = np.stack([-w, 1 + w + np.append(w[1:], 0)])
    return solveh_banded(banded, f.reshape(w.size, -1)).reshape(f.shape)
