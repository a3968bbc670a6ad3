"""The mathematics: TGV with every operator as a matrix, and the package's kernels and answer held against it.

    minimise   beta/2 sum |div(g grad u)|^2 / d  +  alpha1 sum g |grad u - v|_F  +  alpha0 sum |E v|_F
    over u = (a, b) and v, where u = hint at the hints

python examples/3_the_mathematics.py [FOLDER]     writes 3_mathematics.png: gray beside colour
"""

import sys
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from pyvarcolor import Hints, colorize, kernels
from pyvarcolor.color import lightness_from_gray
from pyvarcolor.io import write_photo

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
alpha0, alpha1, beta, floor, rho = 4.0, 1.0, 1.0, 0.02, 1.8

# --- a photograph: a dark disc on a soft ramp, and three hints ---
H, W = 12, 18
N = H * W
row, column = np.indices((H, W))
gray = 0.55 + 0.005 * column - 0.3 * (np.hypot(row - 6, column - 9) < 4)
hints = Hints.from_points([(6, 9, (35, 25)), (2, 2, (-15, 20)), (9, 15, (10, -25))], gray.shape)

# --- edge weights g: 1 where lightness is smooth, small where it jumps; d: sum of those around a pixel ---
lightness = lightness_from_gray(gray)
jump_x = np.diff(lightness, axis=1, append=lightness[:, -1:])
jump_y = np.diff(lightness, axis=0, append=lightness[-1:])
g = np.maximum(floor, 1 / (1 + np.hypot(jump_x, jump_y) ** 3))
d = 2 * g + np.pad(g, ((0, 0), (1, 0)))[:, :-1] + np.pad(g, ((1, 0), (0, 0)))[:-1]


# --- K (u, v) = (alpha1 g (grad u - v), alpha0 E v, s div(g grad u)), a plane flattened row by row ---
def differences(*, forward: bool) -> tuple[sp.csr_array, sp.csr_array]:
    """Differences along x and y; the row of one that would reach over the border is empty."""

    def along(m: int) -> sp.csr_array:
        inner = sp.diags_array([-1.0, 1.0], offsets=[0, 1], shape=(m - 1, m))
        empty = sp.csr_array((1, m))
        return sp.vstack([inner, empty] if forward else [empty, inner])

    return sp.kron(sp.eye_array(H), along(W)), sp.kron(along(H), sp.eye_array(W))


grad = sp.vstack(differences(forward=True))
ex, ey = differences(forward=False)
E = sp.block_array([[ex, None], [None, ey], [ey / np.sqrt(2), ex / np.sqrt(2)]])
inside = np.concatenate([column < W - 1, row < H - 1]).ravel()  # where a forward difference exists
G = sp.diags_array(np.tile(g.ravel(), 2) * inside)
S = sp.diags_array(np.sqrt(beta / d).ravel())
bilaplacian = -S @ grad.T @ G @ grad
K = sp.block_array([[alpha1 * G @ grad, -alpha1 * G], [None, alpha0 * E], [bilaplacian, None]]).tocsr()


def parts(y: np.ndarray) -> list[np.ndarray]:
    """The duals p, q and r in a vector."""
    return np.split(y, [2 * N, 5 * N])


# --- the primal-dual method of Chambolle and Pock; vectors have two columns, the channels a and b ---
def norms(y: np.ndarray) -> np.ndarray:
    """|y|_F at each pixel: over all planes and both channels."""
    return np.sqrt((y.reshape(-1, N, 2) ** 2).sum(axis=(0, 2)))


def into_unit_ball(y: np.ndarray) -> np.ndarray:
    """The nearest point with |y|_F <= 1 at each pixel."""
    return y / np.tile(np.maximum(1, norms(y)), len(y) // N)[:, None]


scale = np.repeat([10.0, 0.1], [N, 2 * N])  # chroma is of size 10, its slope of size 0.1
tau = (scale / abs(K).sum(axis=0))[:, None]
sigma = 1 / np.maximum(abs(K) @ scale, 1e-12)
for coupled in parts(sigma)[:2]:  # rows that one norm couples share a step
    coupled.reshape(-1, N)[:] = coupled.reshape(-1, N).min(axis=0)
sigma = sigma[:, None]

x, y = np.zeros((3 * N, 2)), np.zeros((6 * N, 2))
for _ in range(4000):
    moved = x - tau * (K.T @ y)
    moved[:N][hints.mask.ravel()] = hints.chroma[hints.mask]
    p, q, r = parts(y + sigma * (K @ (2 * moved - x)))
    ascent = np.vstack([into_unit_ball(p), into_unit_ball(q), r / (1 + parts(sigma)[2])])
    x, y = x + rho * (moved - x), y + rho * (ascent - y)
p, q, r = parts(K @ x)
energy = norms(p).sum() + norms(q).sum() + 0.5 * (r**2).sum()


# --- the package: the same operator ---
def state(planes: np.ndarray) -> np.ndarray:
    """Planes (k N, 2) as the kernels store them: (H, 2 k, W), all of a before all of b."""
    return np.ascontiguousarray(planes.reshape(-1, H, W, 2).transpose(1, 3, 0, 2).reshape(H, -1, W))


for name in kernels.available():
    duals = [np.empty((H, channels, W)) for channels in (4, 6, 2)]
    u, v, weights, s = state(x[:N]), state(x[N:]), g[:, None].copy(), np.sqrt(beta / d)
    kernels.load(name).tgv_forward(u, v, weights, s, alpha0, alpha1, *duals)
    for computed, expected in zip(duals, (p, q, r), strict=True):
        np.testing.assert_allclose(computed, state(expected), atol=1e-9)

# --- the same energy, the same answer ---
options = {"alpha0": alpha0, "alpha1": alpha1, "beta": beta, "normalize": False, "prior": "none"}
options |= {"edge_blur": 0.0, "edge_scale": 1.0, "edge_floor": floor}
result = colorize(gray, hints, method="tgv", **options, scale_u=10.0, tol=0, max_iter=4000)
difference = np.abs(result.chroma - x[:N].reshape(H, W, 2)).max()
print(result.report)
print(f"energy: matrices {energy:.3f}, package {result.report.energy[-1]:.3f}")
print(f"largest difference of a* and b*: {difference:.4f}")
np.testing.assert_allclose(energy, result.report.energy[-1], rtol=1e-3)
assert difference < 0.1

picture = np.hstack([np.dstack([gray] * 3), result.rgb]).repeat(12, axis=0).repeat(12, axis=1)
write_photo(folder / "3_mathematics.png", (255 * picture).round().astype(np.uint8), overwrite=True)
