"""The graph that ComfyUI is given to paint a hole, made of its own nodes alone."""

from typing import Any

RESULT = "9"
_STEPS = 20
_CFG = 7.0


def workflow(
    *, image: str, checkpoint: str, prompt: str, seed: int, steps: int | None, cfg: float | None
) -> dict[str, Any]:
    """Load, encode, denoise, decode, show; the hole is where `image`, a stored RGBA picture, is transparent.

    The hole is denoised from nothing, so that any checkpoint can paint it, and one made for inpainting well.
    """
    sampling = {
        "seed": seed % 2**64,
        "steps": steps or _STEPS,
        "cfg": _CFG if cfg is None else cfg,
        "sampler_name": "euler",
        "scheduler": "normal",
        "denoise": 1.0,
    }
    conditioning = {"model": ["1", 0], "positive": ["3", 0], "negative": ["4", 0], "latent_image": ["5", 0]}
    return {
        "1": _node("CheckpointLoaderSimple", ckpt_name=checkpoint),
        "2": _node("LoadImage", image=image),
        "3": _node("CLIPTextEncode", text=prompt, clip=["1", 1]),
        "4": _node("CLIPTextEncode", text="", clip=["1", 1]),
        "5": _node("VAEEncodeForInpaint", pixels=["2", 0], vae=["1", 2], mask=["2", 1], grow_mask_by=6),
        "7": _node("KSampler", **sampling, **conditioning),
        "8": _node("VAEDecode", samples=["7", 0], vae=["1", 2]),
        # A preview is a temporary file there; a saved picture would stay among its user's.
        RESULT: _node("PreviewImage", images=["8", 0]),
    }


def _node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}
