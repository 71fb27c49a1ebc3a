"""Which files of a model repository are wanted, and whether a folder has all that its own index files name."""

import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any, cast

# Formats that run code when they are read, and copies of the weights for other frameworks.
UNWANTED = ("*.bin", "*.ckpt", "*.pt", "*.pth", "*.pkl", "*.pickle", "*.msgpack", "*.h5", "*.tflite", "*.gguf")
PICKLES = frozenset({".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle"})

_WEIGHTS = frozenset({".safetensors", ".onnx", ".onnx_data"})
_SETTINGS = frozenset({".json", ".txt", ".model", ".jinja"})
_HALF = ".fp16"
_UNUSED_PARTS = frozenset({"safety_checker", "image_encoder"})


def choose_files(names: Iterable[str]) -> list[str]:
    """The wanted ones of a repository's file `names`: settings and safe weights.

    Of a diffusers pipeline (it has a `model_index.json`) only the parts are taken, not single-file copies beside
    them, without safety checker, and of each part the half-precision weights where there are such.
    """
    everything = sorted(names)
    wanted = [name for name in everything if PurePosixPath(name).suffix in _WEIGHTS | _SETTINGS]
    if "model_index.json" not in everything:
        return wanted
    parts = [name for name in wanted if _in_part(name) or name == "model_index.json"]
    return [name for name in parts if not _superseded(name, parts)]


def complete(folder: Path) -> bool:
    """Whether a downloaded repository has its weights: every part of a pipeline, every shard of an index."""
    if not all(shard.is_file() for index in folder.rglob("*.index.json") for shard in _shards(index)):
        return False
    pipeline = folder / "model_index.json"
    if pipeline.is_file():
        return all(_has_part(folder / name) for name in _parts(pipeline))
    return any(path.suffix in _WEIGHTS for path in folder.iterdir())


def _in_part(name: str) -> bool:
    parents = PurePosixPath(name).parts[:-1]
    return len(parents) == 1 and parents[0] not in _UNUSED_PARTS


def _superseded(name: str, names: list[str]) -> bool:
    path = PurePosixPath(name)
    if path.suffix != ".safetensors":
        return path.suffix in _WEIGHTS
    folder = [other for other in names if PurePosixPath(other).parent == path.parent]
    half = any(_HALF in PurePosixPath(other).name for other in folder if other.endswith(".safetensors"))
    return ".non_ema" in path.name or (half and _HALF not in path.name)


def _shards(index: Path) -> set[Path]:
    mapping = _read(index).get("weight_map")
    names = set(cast(dict[str, str], mapping).values()) if isinstance(mapping, dict) else set[str]()
    return {index.parent / name for name in names}


def _parts(pipeline: Path) -> list[str]:
    listed = [
        name for name, value in _read(pipeline).items() if isinstance(value, list) and any(cast(list[Any], value))
    ]
    return [name for name in listed if name not in _UNUSED_PARTS]


def _has_part(folder: Path) -> bool:
    if not folder.is_dir():
        return folder.name == "feature_extractor"
    settings = _read(folder / "config.json") if (folder / "config.json").is_file() else {}
    is_network = "_class_name" in settings or "architectures" in settings
    return not is_network or any(path.suffix in _WEIGHTS for path in folder.iterdir())


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return cast(dict[str, Any], content) if isinstance(content, dict) else {}
