"""What age, lens and scanner do to lightness: the network shall not take grain and fading for a lack of colour."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Array = NDArray[np.floating]


def degrade(rgb: Array, random: np.random.Generator) -> Array:
    """The gray that an old film might have made of a scene.

    Parameters
    ----------
    rgb : (H, W, 3) ndarray
        sRGB-encoded, 0..1.
    random : numpy.random.Generator
        Draws the film.

    Returns
    -------
    (H, W) ndarray
        sRGB-encoded gray, 0..1.
    """
    # orthochromatic films see little red
    gray = rgb @ random.dirichlet((3, 6, 2)).astype(rgb.dtype)
    gray = gray ** random.uniform(0.75, 1.35)
    gray = gaussian_filter(gray, random.uniform(0, 1.2))
    low, high = random.uniform(0, 0.15), random.uniform(0.8, 1)
    grain = gaussian_filter(random.standard_normal(gray.shape).astype(rgb.dtype), random.uniform(0.3, 0.9))
    gray = low + (high - low) * gray + random.uniform(0, 0.05) * grain / grain.std()
    if random.random() < 0.3:  # scratches run down the film
        columns = random.integers(0, gray.shape[1], random.integers(1, 4))
        gray[:, columns] += random.uniform(-0.2, 0.3)
    return np.clip(gray, 0, 1)
