"""Gray and CMYK values with a colour profile of their own, brought to sRGB."""

import numpy as np

from pyvarcolor.io.photo import WHITE, Pixels, with_depth


def color_space(profile: bytes) -> str:
    """Colour space that a profile is for: "RGB", "GRAY", "CMYK", ..."""
    return profile[16:20].decode("latin-1").strip()


def srgb_from_gray(channels: Pixels, profile: bytes | None) -> Pixels:
    """Gray (H, W) of the same dtype from (H, W, 1); without a profile, the values as they are."""
    gray = channels[..., 0]
    if profile is None:
        return gray
    import imagecodecs

    # Integers go through a table of all their values: exact to rounding, and small.
    levels = gray if gray.dtype.kind == "f" else np.arange(WHITE[gray.dtype] + 1, dtype=gray.dtype)[None]
    encoded = imagecodecs.cms_transform(
        levels,
        profile,
        imagecodecs.cms_profile("srgb"),
        colorspace="gray",
        outcolorspace="rgb",
        outdtype=np.float32,  # lcms interpolates coarsely when it gives integers
    )[..., 1]
    encoded = with_depth(np.clip(encoded, 0, 1), gray.dtype)
    return encoded if gray.dtype.kind == "f" else encoded[0][gray]


def srgb_from_cmyk(cmyk: Pixels, profile: bytes | None) -> Pixels:
    """RGB (H, W, 3) of the same dtype from (H, W, 4); without a profile, inks are ideal filters."""
    if profile is not None:
        import imagecodecs

        srgb = imagecodecs.cms_profile("srgb")
        return imagecodecs.cms_transform(cmyk, profile, srgb, colorspace="cmyk", outcolorspace="rgb")
    white = WHITE[cmyk.dtype]
    paper = (white - cmyk).astype(np.uint32)
    return ((paper[..., :3] * paper[..., 3:] + white // 2) // white).astype(cmyk.dtype)
