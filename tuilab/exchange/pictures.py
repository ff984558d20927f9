"""Encoded pictures to pixels."""

from __future__ import annotations

import io
import warnings

import numpy as np
from numpy.typing import NDArray

_MOST_PIXELS = 1 << 24


def decoded(encoded: list[bytes]) -> NDArray[np.uint8] | str:
    """Pictures of one size as (n, h, w, 3 or 1); or why there are none."""
    try:
        from PIL import Image
    except ImportError:
        return "pictures are left out: they need pip install 'tuilab[images]'"
    arrays = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for each in encoded:
                with Image.open(io.BytesIO(each), formats=("PNG", "JPEG", "GIF", "BMP")) as image:
                    if image.width * image.height > _MOST_PIXELS:
                        return "a picture of more than 16 million pixels is left out"
                    grey = image.mode in ("1", "L", "I", "I;16", "LA")
                    pixels = np.asarray(image.convert("L" if grey else "RGB"), np.uint8)
                    arrays.append(pixels[..., None] if grey else pixels)
    except Exception as error:  # whatever a decoder says of bytes from a stranger
        return f"a picture can't be decoded ({type(error).__name__})"
    if not arrays or len({array.shape for array in arrays}) > 1:
        return "pictures of several sizes are left out" if arrays else "a picture without pixels"
    return np.stack(arrays)
