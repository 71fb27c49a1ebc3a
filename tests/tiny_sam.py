"""Real SAM and SAM 2 models, tiny and random, saved as transformers saves them and loaded as a user's would be."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

SIDE = 64
_PROMPT = {"hidden_size": 16, "image_size": SIDE, "mask_input_channels": 4}
_DECODER = {
    "hidden_size": 16,
    "mlp_dim": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "iou_head_hidden_dim": 16,
}


def _sam(transformers):
    config = transformers.SamConfig(
        vision_config={
            "hidden_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": SIDE,
            "patch_size": 8,
            "output_channels": 16,
            "mlp_dim": 16,
            "window_size": 2,
            "global_attn_indexes": [1],
            "num_pos_feats": 8,
        },
        prompt_encoder_config={**_PROMPT, "patch_size": 8},
        mask_decoder_config=_DECODER,
    )
    return transformers.SamModel(config)


def _sam2(transformers):
    backbone = {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 8,
        "image_size": [SIDE, SIDE],
        "blocks_per_stage": [1, 1, 2, 1],
        "embed_dim_per_stage": [8, 16, 32, 64],
        "num_attention_heads_per_stage": [1, 1, 1, 1],
        "window_size_per_stage": [4, 2, 2, 2],
        "global_attention_blocks": [3],
    }
    config = transformers.Sam2Config(
        vision_config={
            "backbone_config": backbone,
            "backbone_channel_list": [64, 32, 16, 8],
            "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]],
            "fpn_hidden_size": 16,
        },
        prompt_encoder_config={**_PROMPT, "patch_size": 16},
        mask_decoder_config=_DECODER,
    )
    return transformers.Sam2Model(config)


@cache
def folder(name: str) -> Path:
    """Where the tiny model called `name`, `sam` or `sam2`, is saved."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    place = Path(mkdtemp(prefix=f"pliant-tiny-{name}-"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = {"sam": _sam, "sam2": _sam2}[name](transformers)
        for parameter in model.parameters():
            if parameter.dim() > 1:  # as they come, they are so small that masks hang on rounding
                parameter.data.normal_(std=parameter[0].numel() ** -0.5)
        model.save_pretrained(place)
    return place
