"""The options that every engine on latents has. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pliant.engines.base import check_range
from pliant.errors import EditError

if TYPE_CHECKING:
    from pliant.engines.latent.model import LatentModel

DEFAULT_MODEL = "sd15"

COMMON_OPTIONS = {
    "model": "Stable Diffusion: a name of the catalogue, a hub id, a folder or a file (default: sd15)",
    "vae": "a tiny autoencoder in place of the model's own, such as taesd (default: none)",
    "size": "side in pixels of the square that the model works on best (default: the model's own)",
    "paste_back": "false: give back all that the model made, not only what the edit moves (default: true)",
}
"""What each of the first four fields of `Choices` is, for `EngineInfo.options`."""

COMMON_TEXTS = "model", "vae"
"""Those of them that take text, for `EngineInfo.texts`."""

DEFAULT_ADAPTER = "ip-adapter-sd15"

IMAGE_OPTIONS = {
    "image_prompt": "how much the photo itself counts as a prompt, 0 to 1, by an IP-Adapter (default: 0, without)",
    "image_adapter": f"the IP-Adapter: a name of the catalogue, a folder or a file (default: {DEFAULT_ADAPTER})",
}
"""The same for the two fields after these, which some methods understand."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """How a model is had and how photos are taken in and put back.

    The first four are the user's, `COMMON_OPTIONS`, and so are the next two, `IMAGE_OPTIONS`. The others are what
    a method asks for: `unet`, a whole model whose UNet takes the place of the model's own; `guided`, the empty
    prompt's embedding before the prompt's; `sampled`, a sample of the encoder's posterior, not its mode;
    `uncropped`, photos of any size whole; `mixed`, an empty picture's tokens among those of the image prompt.

    Raises:
        EditError: a value is not one that is accepted (`invalid_option`).
    """

    model: "str | LatentModel" = DEFAULT_MODEL
    vae: str | None = None
    size: int | None = None
    paste_back: bool = True
    image_prompt: float = 0.0
    image_adapter: str | None = None
    unet: str | None = None
    guided: bool = False
    sampled: bool = False
    uncropped: bool = False
    mixed: bool = False

    def __post_init__(self) -> None:
        optional = {name: getattr(self, name) or "" for name in ("vae", "unet", "image_adapter")}
        for name, value in {"model": self.model, **optional}.items():
            if isinstance(value, int | float | None):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise EditError(f"{name} is {value!r}; accepted is what names a model.", code="invalid_option")
        if self.size is not None:
            check_range("size", self.size, 64, 4096, whole=True)
        if not isinstance(self.paste_back, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise EditError(
                f"paste_back is {self.paste_back!r}; accepted are true and false.", code="invalid_option"
            )
        check_range("image_prompt", self.image_prompt, 0, 1)
        if self.image_adapter and not self.image_prompt:
            raise EditError(
                f"image_adapter is {self.image_adapter!r}, which nothing uses while image_prompt is 0; accepted "
                "is an image_prompt above 0 beside it, or none of both.",
                code="invalid_option",
            )


def split_options(
    options: Mapping[str, Any], common: Mapping[str, str] = COMMON_OPTIONS
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options that are `Choices`, of which the engine has those in `common`, and the method's own."""
    chosen = {name: value for name, value in options.items() if name in common}
    return chosen, {name: value for name, value in options.items() if name not in common}
