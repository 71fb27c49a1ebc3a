"""A quick look at latents without a decoder: colours as a linear map of them, fitted on the photo itself."""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from pliant.fill.diffusion.frame import CELL


class Glance:
    """Shows unfinished latents of one photo, coarsely; any autoencoder's will do."""

    def __init__(self, rgb: NDArray[np.uint8], latents: torch.Tensor) -> None:
        rows, columns = latents.shape[2:]
        means = cv2.resize(rgb, (columns, rows), interpolation=cv2.INTER_AREA)
        colours = np.asarray(means, np.float64).reshape(-1, 3)
        self._map = np.linalg.lstsq(_features(latents), colours, rcond=None)[0]

    def decode(self, latents: torch.Tensor) -> NDArray[np.float32]:
        """`(h, w, 3)`, 0 to 255, as `Codec.decode` gives, from `(1, 4, h/8, w/8)`."""
        rows, columns = latents.shape[2:]
        colours = (_features(latents) @ self._map).reshape(rows, columns, 3).astype(np.float32).clip(0, 255)
        large = cv2.resize(colours, (columns * CELL, rows * CELL), interpolation=cv2.INTER_CUBIC)
        return np.asarray(large, np.float32).clip(0, 255)


def _features(latents: torch.Tensor) -> NDArray[np.float64]:
    flat = latents[0].double().cpu().flatten(1).T.numpy()
    return np.column_stack([flat, np.ones(len(flat))])
