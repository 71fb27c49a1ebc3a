"""A photo as a prompt for its own edit: an IP-Adapter, put into the UNet for a while.

Ye et al., "IP-Adapter: Text Compatible Image Prompt Adapter for Text-to-Image Diffusion Models", 2023,
arXiv:2308.06721. Each cross-attention layer attends to the text and, with keys and values of the adapter's own, to
tokens of a picture; what this gives is added, times a scale. Layers and projections are those of diffusers.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from pliant.engines.latent.choices import DEFAULT_ADAPTER, Choices
from pliant.engines.latent.ip_adapter_weights import AdapterWeights, read_adapter
from pliant.engines.latent.model import LatentModel
from pliant.errors import PliantError
from pliant.fill.diffusion.libraries import quietly
from pliant.fill.diffusion.load import settled
from pliant.fill.diffusion.residence import at_work
from pliant.fill.diffusion.text import Embedding

if TYPE_CHECKING:
    from pliant.engines.latent.task import OpenPhoto

_WIDTHS = {DEFAULT_ADAPTER: 768, "ip-adapter-sdxl": 2048}  # channels of the text beside which they are read


@dataclass(frozen=True, eq=False, kw_only=True)
class ImagePrompt:
    """`tokens` `(B, tokens, channels)`; B is that of the text, and with guidance an empty picture's come first.

    `readers` are the attention processors that attend to them, by the UNet's names for their places.
    """

    tokens: torch.Tensor
    readers: Mapping[str, torch.nn.Module]


def image_prompt(
    model: LatentModel, rgb: NDArray[np.uint8], choices: Choices, *, offline: bool
) -> ImagePrompt | None:
    """`rgb` `(h, w, 3)` as a prompt for `model`; None where `choices` want none.

    The image encoder is in memory only while this reads. An empty picture is one whose values are 0 after the
    encoder's normalisation, or for a plain adapter an embedding of zeros, as diffusers has it.

    Raises:
        MissingRequirementError: the adapter is not on this machine and cannot be had (`model_unavailable`).
        PliantError: it is not for this model, or it is none (`unknown_model`, `invalid_model`).
    """
    if not choices.image_prompt:
        return None
    name = choices.image_adapter or DEFAULT_ADAPTER
    if name in _WIDTHS:  # what does not fit need not be downloaded
        _check_width(name, _WIDTHS[name], model)
    weights = read_adapter(name, offline=offline)
    _check_width(name, weights.width, model)
    with quietly():
        readers, projection = _layers(weights, model)
        empty_first = projection(_seen(weights, rgb, model))
    for reader in readers.values():
        reader.scale = [choices.image_prompt]
    if choices.mixed:
        tokens = empty_first.flatten(0, 1)[None]
    else:
        tokens = empty_first if choices.guided else empty_first[1:]
    return ImagePrompt(tokens=tokens, readers=readers)


@contextmanager
def prompted(photo: "OpenPhoto", wanted: bool = True) -> Generator[Embedding]:
    """For the while, and if `wanted`, the UNet reads the image prompt of `photo`; gives the text to ask it with.

    A photo without one changes nothing. Taken out, the adapter leaves the UNet bit for bit as before.
    """
    image, model = photo.image, photo.model
    if image is None or not wanted:
        yield photo.text
        return
    before = model.unet.attn_processors
    with at_work(torch.nn.ModuleList(image.readers.values()), model.device, model.low_mem):
        try:
            model.unet.set_attn_processor({**before, **image.readers})
            yield replace(photo.text, image=image.tokens)
        finally:
            model.unet.set_attn_processor(before)


def _check_width(name: str, width: int, model: LatentModel) -> None:
    wanted = model.unet.config.cross_attention_dim
    if width == wanted:
        return
    suited = next((other for other in _WIDTHS if _WIDTHS[other] == wanted), "the catalogue has none")
    raise PliantError(
        f"The IP-Adapter {name!r} is for models whose text has {width} channels; this model's has {wanted}. Name "
        f"one made for such a model as image_adapter ({suited}), or leave image_prompt out.",
        code="invalid_model",
    )


def _layers(weights: AdapterWeights, model: LatentModel) -> tuple[dict[str, Any], Any]:
    """The attention processors for the cross-attention of the UNet, which stays as it is, and the projection."""
    unet = model.unet
    try:
        found = unet._convert_ip_adapter_attn_to_diffusers([weights.state])
        projection = unet._convert_ip_adapter_image_proj_to_diffusers(weights.state["image_proj"])
    except (KeyError, ValueError, RuntimeError) as error:
        raise PliantError(
            f"The IP-Adapter {weights.name!r} does not fit this model's layers: {error}. Use one made for it.",
            code="invalid_model",
        ) from error
    readers = {
        name: settled(reader.to(unet.dtype), model.device, low_mem=model.low_mem)
        for name, reader in found.items()
        if isinstance(reader, torch.nn.Module)  # those of self-attention have no weights and are not wanted
    }
    return readers, settled(projection.to(unet.dtype), model.device, low_mem=False)


def _seen(weights: AdapterWeights, rgb: NDArray[np.uint8], model: LatentModel) -> torch.Tensor:
    """What the encoder sees of an empty picture and of `rgb`: `(2, patches + 1, channels)`, or `(2, channels)`."""
    encoder = _encoder(weights, model)
    side = encoder.config.image_size
    pixels = _processor()(size=side, crop_size=side)(rgb, return_tensors="pt").pixel_values
    pixels = pixels.to(model.device, encoder.dtype)
    if weights.is_plus:
        both = torch.cat([torch.zeros_like(pixels), pixels])
        return encoder(both, output_hidden_states=True).hidden_states[-2]
    whole = encoder(pixels).image_embeds
    return torch.cat([torch.zeros_like(whole), whole])


def _encoder(weights: AdapterWeights, model: LatentModel) -> Any:
    vision: Any = import_module("transformers").CLIPVisionModelWithProjection
    try:
        encoder = vision.from_pretrained(
            weights.encoder, use_safetensors=True, local_files_only=True, dtype=model.unet.dtype
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise PliantError(
            f"{str(weights.encoder)!r} is no CLIP image encoder that can be loaded: {error}", code="invalid_model"
        ) from error
    sees = encoder.config.hidden_size if weights.is_plus else encoder.config.projection_dim
    if sees != weights.sees:
        raise PliantError(
            f"The IP-Adapter {weights.name!r} reads {weights.sees} channels of its image encoder; the one in "
            f"{str(weights.encoder)!r} gives {sees}. Put the adapter's own encoder there.",
            code="invalid_model",
        )
    return settled(encoder, model.device, low_mem=False)


def _processor() -> Any:
    """CLIP's preprocessing without torchvision, which transformers 5 has under a name of its own."""
    transformers = import_module("transformers")
    return getattr(transformers, "CLIPImageProcessorPil", None) or transformers.CLIPImageProcessor
