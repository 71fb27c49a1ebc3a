"""Which files of a repository are wanted, and when a download is whole."""

import json

import pytest

from pliant.models.selection import choose_files, complete

PIPELINE = [
    "README.md",
    "model_index.json",
    "v1-5.ckpt",
    "v1-5.safetensors",
    "safety_checker/config.json",
    "safety_checker/model.safetensors",
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "text_encoder/model.safetensors",
    "text_encoder/pytorch_model.bin",
    "tokenizer/merges.txt",
    "tokenizer/vocab.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.bin",
    "unet/diffusion_pytorch_model.fp16.safetensors",
    "unet/diffusion_pytorch_model.non_ema.safetensors",
    "unet/diffusion_pytorch_model.safetensors",
    "unet/model.onnx",
]


def test_a_pipeline_gives_its_parts_once_and_safely():
    assert choose_files(PIPELINE) == [
        "model_index.json",
        "scheduler/scheduler_config.json",
        "text_encoder/config.json",
        "text_encoder/model.safetensors",
        "tokenizer/merges.txt",
        "tokenizer/vocab.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.fp16.safetensors",
    ]


def test_other_repositories_give_settings_and_safe_weights():
    names = [
        "config.json",
        "model.safetensors",
        "pytorch_model.bin",
        "tf_model.h5",
        "onnx/model.onnx",
        ".gitattributes",
    ]
    assert choose_files(names) == ["config.json", "model.safetensors", "onnx/model.onnx"]


def put(folder, files: dict[str, object]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))


WHOLE = {
    "model_index.json": {
        "_class_name": "Pipeline",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "scheduler": ["diffusers", "LCMScheduler"],
        "safety_checker": ["stable_diffusion", "Checker"],
        "image_encoder": [None, None],
    },
    "unet/config.json": {"_class_name": "UNet2DConditionModel"},
    "unet/a.fp16.safetensors": "",
    "scheduler/scheduler_config.json": {"_class_name": "LCMScheduler"},
}


def test_a_whole_pipeline(tmp_path):
    put(tmp_path, WHOLE)
    assert complete(tmp_path)


@pytest.mark.parametrize("missing", ["unet/a.fp16.safetensors", "scheduler/scheduler_config.json"])
def test_a_pipeline_that_lacks_a_part(tmp_path, missing):
    put(tmp_path, WHOLE)
    (tmp_path / missing).unlink()
    if missing.startswith("scheduler"):
        (tmp_path / "scheduler").rmdir()
    assert not complete(tmp_path)


def test_shards(tmp_path):
    put(tmp_path, {"m.safetensors.index.json": {"weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors"}}})
    put(tmp_path, {"m-1.safetensors": ""})
    assert not complete(tmp_path)
    put(tmp_path, {"m-2.safetensors": ""})
    assert complete(tmp_path)


def test_settings_alone_are_no_model(tmp_path):
    put(tmp_path, {"config.json": {}})
    assert not complete(tmp_path)


def test_damaged_settings_do_not_matter_here(tmp_path):
    (tmp_path / "config.json").write_bytes(b"\xff{")
    (tmp_path / "model_index.json").write_text("[]")
    (tmp_path / "a.onnx").write_bytes(b"")
    assert complete(tmp_path)
