"""A model on disk: what it is, judged without loading it, and how to open a part of it."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pliant.errors import PliantError
from pliant.fill.diffusion.libraries import number_type, of_diffusers, quietly, read_facts, read_shapes

TEXT = ("text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2")
PAINT = ("unet", "vae")
_UNUSED = ("safety_checker", "feature_extractor", "image_encoder")
_FAMILIES = {
    "StableDiffusionXL": ("StableDiffusionXLInpaintPipeline", (*TEXT, *PAINT, *_UNUSED[1:])),
    "StableDiffusion": ("StableDiffusionInpaintPipeline", ("text_encoder", "tokenizer", *PAINT, *_UNUSED)),
}
_FIRST_LAYER = "model.diffusion_model.input_blocks.0.0.weight"
_SECOND_TEXT_ENCODER = "conditioner.embedders.1."
_CROSS_ATTENTION = "model.diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_k.weight"
_INPAINTING_CHANNELS = 9
# Input channels and width of the text of a UNet, and the model of the catalogue with the same parts.
_ALIKE = {(9, 768): "sd15-inpaint", (4, 768): "sd15", (9, 2048): "sdxl-inpaint"}


@dataclass(frozen=True, kw_only=True)
class Source:
    """`path` is a folder in the hub's layout or a `.safetensors` file; `config` describes the parts of a file.

    `family` is `StableDiffusion`, `StableDiffusionXL` or, for all else, empty.
    """

    path: Path
    family: str
    in_channels: int
    config: Path | None = None
    offline: bool = False

    @property
    def is_inpainting_unet(self) -> bool:
        """Whether it is a UNet that takes latents, mask and masked picture."""
        return bool(self.family) and self.in_channels == _INPAINTING_CHANNELS

    def open(self, dtype: torch.dtype, *, without: tuple[str, ...] = ()) -> Any:
        """The pipeline, on the CPU, with the parts in `without` left out."""
        with quietly(), _explained(self.path):
            if not self.family:
                return of_diffusers("AutoPipelineForInpainting").from_pretrained(self.path, **self._common(dtype))
            name, parts = _FAMILIES[self.family]
            absent: dict[str, Any] = {part: None for part in parts if part in (*without, *_UNUSED)}
            if self.family == "StableDiffusion":
                absent["requires_safety_checker"] = False
            pipeline = of_diffusers(name)
            if self.path.is_dir():
                return pipeline.from_pretrained(self.path, **self._common(dtype), **absent)
            config = {"config": str(self.config)} if self.config else {}
            return pipeline.from_single_file(str(self.path), **number_type(dtype), **config, **absent)

    def _common(self, dtype: torch.dtype) -> dict[str, Any]:
        half = {file.parent for file in self.path.glob("*/*.fp16.safetensors")}
        whole = {file.parent for file in self.path.glob("*/*.safetensors") if ".fp16." not in file.name}
        variant = "fp16" if half and (dtype == torch.float16 or half - whole) else None
        return {"variant": variant, "use_safetensors": True, "local_files_only": True, **number_type(dtype)}


def examine(path: Path, *, offline: bool = False) -> Source:
    """What stands at `path`.

    Raises:
        PliantError: it is neither a folder with a `model_index.json` nor a `.safetensors` file of Stable
            Diffusion (`invalid_model`).
    """
    if path.is_dir():
        return _folder(path)
    if path.is_file() and path.suffix == ".safetensors":
        return _single_file(path, offline)
    raise PliantError(
        f"{str(path)!r} is no model; accepted are a folder in the hub's layout and a .safetensors file.",
        code="invalid_model",
    )


def _folder(path: Path) -> Source:
    index = path / "model_index.json"
    if not index.is_file():
        raise PliantError(
            f"The folder {str(path)!r} has no model_index.json; it must hold a whole diffusers pipeline.",
            code="invalid_model",
        )
    with _explained(path):
        name = str(read_facts(index)["_class_name"])
        unet = path / "unet" / "config.json"
        facts = read_facts(unet) if unet.is_file() else dict[str, Any]()
    plain = facts.get("time_cond_proj_dim") is None
    return Source(path=path, family=_family(name) if plain else "", in_channels=int(facts.get("in_channels", 0)))


def _family(pipeline: str) -> str:
    stem = pipeline.removesuffix("Pipeline").removesuffix("Inpaint")
    return stem if stem in _FAMILIES else ""


def _single_file(path: Path, offline: bool) -> Source:
    with _explained(path):
        shapes = read_shapes(path)
    channels = shapes[_FIRST_LAYER][1] if _FIRST_LAYER in shapes else 0
    if not channels:
        raise PliantError(
            f"{str(path)!r} is not a whole checkpoint of Stable Diffusion 1.5 or XL; other families are taken "
            "as a folder in the hub's layout.",
            code="invalid_model",
        )
    large = any(name.startswith(_SECOND_TEXT_ENCODER) for name in shapes)
    text_width = shapes.get(_CROSS_ATTENTION, [0, 0])[1]
    config = _config_of(path, _ALIKE.get((channels, text_width)))
    if config is None and offline:
        raise PliantError(
            f"{str(path)!r} does not describe its parts and downloads are off; put the model's configuration "
            f"(model_index.json and the folders beside it) into {str(path.with_suffix(''))!r}.",
            code="invalid_model",
        )
    family = "StableDiffusionXL" if large else "StableDiffusion"
    return Source(path=path, family=family, in_channels=channels, config=config, offline=offline)


def _config_of(path: Path, alias: str | None) -> Path | None:
    """A folder of the file's own name, or the model of the catalogue that has the same parts, if it is here."""
    from pliant.models.fetch import locate

    beside = path.with_suffix("")
    if (beside / "model_index.json").is_file():
        return beside
    if alias is None:
        return None
    try:
        return locate(alias, offline=True)
    except PliantError:
        return None


@contextmanager
def _explained(path: Path) -> Generator[None]:
    """Errors of the libraries about a broken model as ours."""
    try:
        yield
    except PliantError:
        raise
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError) as error:
        raise PliantError(
            f"The model in {str(path)!r} cannot be loaded: {error}. Get it again, or name another.",
            code="invalid_model",
        ) from error
    except Exception as error:
        if type(error).__module__.split(".")[0] not in ("safetensors", "safetensors_rust"):
            raise
        raise PliantError(f"{str(path)!r} is damaged: {error}.", code="invalid_model") from error
