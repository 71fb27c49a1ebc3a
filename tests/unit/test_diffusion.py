"""The diffusion fillers with tiny real models: what is computed, how often, and what is kept."""

import gc
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers")

import torch
from original_checkpoint import save_as_one_file
from safetensors.torch import load_file, save_file
from tiny_diffusion import ALPHA, RANK, lcm_lora, sd15, sdxl, taesd, tiny_recipe, unet_of

from pliant.engines.inpaint4drag import Inpaint4Drag
from pliant.errors import CancelledError, MissingRequirementError, PliantError, UnknownNameError
from pliant.events import CancelToken, Event, Partial, Step, ignore
from pliant.fill.base import Filler, make_filler
from pliant.fill.diffusion import recipes
from pliant.fill.diffusion.codec import Codec
from pliant.fill.diffusion.filler import DiffusionFiller
from pliant.fill.diffusion.frame import Frame, latent_mask
from pliant.fill.diffusion.generic import PipelinePainter
from pliant.fill.diffusion.latent import LatentPainter
from pliant.fill.diffusion.source import Source, examine
from pliant.fill.diffusion.tiny import load_tiny, renamed
from pliant.geometry import Box
from pliant.models.device import Runtime
from pliant.types import Bool, Drag, DragRegion, Edit, Picture, Rectangle
from pliant.warp.warper import Warper

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)  # diffusers and NumPy 2

PUBLISHED = [999, 879, 759, 639, 499, 379, 259, 139]


def photo(height: int = 61, width: int = 75) -> Picture:
    noise = np.random.default_rng(1).integers(0, 256, (height // 4 + 1, width // 4 + 1, 3), dtype=np.uint8)
    return Picture(np.asarray(cv2.resize(noise, (width, height)), np.uint8))


def hole_of(height: int = 61, width: int = 75) -> Bool:
    hole = np.zeros((height, width), bool)
    hole[20:41, 30:55] = True
    return hole


def fill(filler: Filler, *, prompt: str = "", seed: int = 0, events: list[Event] | None = None) -> np.ndarray:
    listen = ignore if events is None else events.append
    return filler.fill(photo(), hole_of(), prompt=prompt, seed=seed, on_event=listen, cancel=CancelToken()).pixels


def tiny(recipe: recipes.Recipe = recipes.SD15_LCM, runtime: Runtime | None = None) -> DiffusionFiller:
    return cast(DiffusionFiller, tiny_recipe(recipe)(runtime or Runtime(device="cpu", dtype="float32")))


def painter_of(filler: DiffusionFiller) -> LatentPainter:
    if filler._painter is None:
        fill(filler)
    return cast(LatentPainter, filler._painter)


class Calls:
    """What a UNet was given, call by call."""

    def __init__(self, unet: Any) -> None:
        self.times: list[int] = []
        self.batches: list[int] = []
        unet.register_forward_pre_hook(self._note)

    def _note(self, unet: Any, given: tuple[Any, ...]) -> None:
        self.times.append(int(given[1]))
        self.batches.append(given[0].shape[0])


# ------------------------------------------------------------------------------------------ what is computed


@pytest.mark.parametrize("recipe", [recipes.SD15_LCM, recipes.SDXL_LCM], ids=lambda recipe: recipe.info.name)
def test_eight_calls_at_the_published_timesteps_without_guidance(recipe: recipes.Recipe) -> None:
    filler = tiny(recipe)
    calls = Calls(painter_of(filler).parts.unet)
    fill(filler)
    assert calls.times == PUBLISHED
    assert calls.batches == [1] * 8


def test_the_full_model_takes_25_steps() -> None:
    filler = tiny(recipes.SD15)
    calls = Calls(painter_of(filler).parts.unet)
    fill(filler)
    assert len(calls.times) == 25
    assert calls.times == sorted(calls.times, reverse=True)
    assert set(calls.batches) == {1}


@pytest.mark.parametrize("recipe", [recipes.SD15_LCM, recipes.SD15, recipes.SDXL], ids=lambda r: r.info.name)
def test_a_prompt_is_guided(recipe: recipes.Recipe) -> None:
    filler = tiny(recipe)
    calls = Calls(painter_of(filler).parts.unet)
    prompted = fill(filler, prompt="a cat")
    assert set(calls.batches) == {2}
    assert (prompted != fill(filler)).any()
    assert (prompted != fill(filler, prompt="a dog")).any()


def test_guidance_leads_away_from_the_empty_prompt() -> None:
    weak, strong = (
        cast(DiffusionFiller, replace(tiny_recipe(recipes.SD15_LCM), guidance=g)()) for g in (1.0, 4.0)
    )
    calls = Calls(painter_of(weak).parts.unet)
    assert (fill(weak, prompt="a cat") != fill(strong, prompt="a cat")).any()
    assert set(calls.batches) == {1}


def test_the_lora_is_fused() -> None:
    fused = dict(painter_of(tiny()).parts.unet.named_parameters())
    base = dict(unet_of(sd15()).named_parameters())
    lora = load_file(lcm_lora(sd15()) / "pytorch_lora_weights.safetensors")
    assert fused.keys() == base.keys()
    changed = 0
    for name, weight in base.items():
        key = "lora_unet_" + name.removesuffix(".weight").replace(".", "_")
        expected = weight
        if name.endswith(".weight") and f"{key}.alpha" in lora:
            up, down = lora[f"{key}.lora_up.weight"], lora[f"{key}.lora_down.weight"]
            delta = (up.flatten(1) @ down.flatten(1)).reshape(weight.shape)
            assert delta.abs().max() > 1e-3
            expected = weight + ALPHA / RANK * delta
            changed += 1
        torch.testing.assert_close(fused[name], expected)
    assert changed == sum(name.endswith(".alpha") for name in lora) > 5


@pytest.mark.parametrize("offset", range(8))
@pytest.mark.parametrize("width", [1, 5])
def test_a_thin_band_is_seen_in_the_latents_at_every_offset(offset: int, width: int) -> None:
    band = np.zeros((64, 64), bool)
    band[24 + offset : 24 + offset + width] = True
    mask = latent_mask(band)
    assert mask.shape == (8, 8)
    assert mask[3].all()
    assert mask.sum() == 8 * (1 + (offset + width > 8))
    np.testing.assert_array_equal(latent_mask(band.T), mask.T)


def test_the_hole_is_mid_grey_to_the_encoder() -> None:
    seen: list[torch.Tensor] = []
    filler = tiny()
    painter_of(filler).parts.codec.model.encoder.register_forward_pre_hook(
        lambda module, given: seen.append(given[0])
    )
    picture = photo().with_pixels(photo().pixels[::-1])
    filler.fill(picture, hole_of(), on_event=ignore, cancel=CancelToken())
    pixels = seen[0][0, :, :61, :75].permute(1, 2, 0).numpy()
    assert (pixels[hole_of()] == 0).all()
    np.testing.assert_allclose(pixels[~hole_of()], picture.pixels[~hole_of()] / 127.5 - 1, atol=1e-6)


@pytest.mark.parametrize("size", [(61, 75), (64, 64), (1, 200), (130, 66)])
def test_a_picture_is_padded_and_never_stretched(size: tuple[int, int]) -> None:
    picture, hole = photo(*size), np.zeros(size, bool)
    hole[0, : size[1] // 2] = True
    frame = Frame.of(picture, hole)
    assert all(side % 8 == 0 and side >= 64 for side in frame.hole.shape)
    np.testing.assert_array_equal(frame.hole[: size[0], : size[1]], hole)
    np.testing.assert_array_equal(frame.rgb[: size[0], : size[1]][~hole], picture.pixels[~hole])
    assert not frame.rgb[frame.hole].any()


def test_colours_that_the_autoencoder_loses_are_given_back() -> None:
    picture, hole = Picture(np.full((96, 96, 3), 100, np.uint8)), np.zeros((96, 96), bool)
    hole[30:60, 30:60] = True
    frame = Frame.of(picture, hole)
    answer = frame.finished(np.full((96, 96, 3), 88.0, np.float32)).pixels
    assert np.abs(answer.astype(int) - 100).max() <= 1


# ------------------------------------------------------------------------------------- seeds, cancel, progress


def test_seeds() -> None:
    first = fill(tiny(), seed=5)
    np.testing.assert_array_equal(first, fill(tiny(), seed=5))
    assert (first != fill(tiny(), seed=6))[hole_of()].mean() > 0.5


def test_the_noise_does_not_depend_on_the_global_generator() -> None:
    filler = tiny()
    first = fill(filler)
    torch.manual_seed(1234)
    np.testing.assert_array_equal(first, fill(filler))


@pytest.mark.parametrize("channels", [9, 4])
def test_cancel_stops_within_a_step(channels: int) -> None:
    filler = cast(DiffusionFiller, recipes.from_reference(str(sd15(channels)), Runtime(device="cpu")))
    token = CancelToken()
    done: list[Event] = []

    def stop(event: Event) -> None:
        done.append(event)
        if event == Step(index=3, total=event.total if isinstance(event, Step) else 0):
            token.cancel()

    with pytest.raises(CancelledError):
        filler.fill(photo(), hole_of(), on_event=stop, cancel=token)
    assert sum(isinstance(event, Step) for event in done) == 3
    assert fill(filler).shape == photo().pixels.shape


def test_previews_are_decoded_only_where_someone_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    filler, events = tiny(recipes.SD15), list[Event]()
    painter_of(filler)
    decoded: list[int] = []
    decode = Codec.decode
    monkeypatch.setattr(Codec, "decode", lambda self, latents: (decoded.append(1), decode(self, latents))[1])
    final = fill(filler, events=events)
    partials = [event for event in events if isinstance(event, Partial)]
    assert len(partials) == 24
    assert len(decoded) == 1
    picture = partials[-1].picture
    assert picture.size == (75, 61)
    np.testing.assert_array_equal(picture.pixels[~hole_of()], final[~hole_of()])
    assert len(decoded) == 2


def test_where_there_is_no_tiny_autoencoder_there_are_no_previews() -> None:
    recipe = replace(tiny_recipe(recipes.SD15), preview="no/where")
    events: list[Event] = []
    fill(recipe(Runtime(device="cpu", offline=True)), events=events)
    assert {type(event) for event in events} == {Step}


# --------------------------------------------------------------------------------------------- what is kept


def test_the_text_encoder_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    encoders: list[weakref.ref[Any]] = []
    open_source = Source.open

    def watched(self: Source, *args: Any, **flags: Any) -> Any:
        pipeline = open_source(self, *args, **flags)
        if pipeline.text_encoder is not None:
            encoders.append(weakref.ref(pipeline.text_encoder))
            assert pipeline.unet is None
        return pipeline

    monkeypatch.setattr(Source, "open", watched)
    filler = tiny()
    for seed in range(3):
        fill(filler, seed=seed)
    assert len(encoders) == 1
    gc.collect()
    assert encoders[0]() is None
    for prompt in ("a cat", "a dog", "a cat", " a cat "):
        fill(filler, prompt=prompt)
    assert len(encoders) == 3


def test_candidates_warp_and_encode_once(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[int] = []
    encode = Codec.encode
    monkeypatch.setattr(
        Codec, "encode", lambda self, rgb, hole=None: (encoded.append(1), encode(self, rgb, hole))[1]
    )
    filler = tiny()
    region = DragRegion(Rectangle(20, 15, 40, 35), [Drag((30, 25), (45, 30))])
    with Inpaint4Drag(filler=filler).open(photo()) as session:
        warp, warped = Warper.preview, list[int]()
        monkeypatch.setattr(Warper, "preview", lambda self, *a, **k: (warped.append(1), warp(self, *a, **k))[1])
        events: list[Event] = []
        results = session.run_candidates(Edit([region]), seeds=[4, 5, 6], on_event=events.append)
        assert len(warped) == 1
        alone = session.run(Edit([region]), seed=5)
    assert len(encoded) == 1
    assert [result.seed for result in results] == [4, 5, 6]
    pixels = [result.picture.pixels for result in results]
    np.testing.assert_array_equal(pixels[1], alone.picture.pixels)
    assert (pixels[0] != pixels[1]).any()
    partial = next(event for event in events if isinstance(event, Partial)).picture
    changed = (pixels[0] != pixels[1]).any(axis=2)
    same = ~changed & ~(partial.pixels != pixels[0]).any(axis=2)
    assert same[Box(42, 25, 50, 35).slices].all()  # the moved part stands in the unfinished picture too


def test_another_hole_is_another_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    filler = tiny()
    painter = painter_of(filler)
    other = hole_of()
    other[0, 0] = True
    for hole in (hole_of(), other, hole_of()):
        filler.fill(photo(), hole, on_event=ignore, cancel=CancelToken())
    assert len(painter._known) == 2


def test_low_memory_changes_nothing_but_where_things_rest() -> None:
    runtime = Runtime(device="cpu", dtype="float32", low_mem=True)
    np.testing.assert_array_equal(fill(tiny(runtime=runtime)), fill(tiny()))


def test_bfloat16_is_close() -> None:
    half = fill(tiny(runtime=Runtime(device="cpu", dtype="bfloat16"))).astype(int)
    assert np.abs(half - fill(tiny()))[hole_of()].mean() < 8


# ------------------------------------------------------------------------------------------------ references


def test_a_folder_is_a_filler() -> None:
    filler = cast(DiffusionFiller, make_filler(str(sd15()), Runtime(device="cpu")))
    assert filler.info.working_size == 64
    assert isinstance(painter_of(filler), LatentPainter)
    assert (fill(filler) == fill(tiny(recipes.SD15)))[~hole_of()].all()


def test_weights_in_half_precision_alone(tmp_path: Path) -> None:
    folder = tmp_path / "half"
    pipeline = examine(sd15()).open(torch.float16)
    pipeline.save_pretrained(folder, variant="fp16")
    for dtype in ("float32", "bfloat16"):
        filler = make_filler(str(folder), Runtime(device="cpu", dtype=dtype))
        assert fill(filler)[hole_of()].std() > 0


def test_too_little_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    filler = tiny()

    def full(*_: Any, **__: Any) -> None:
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(painter_of(filler).parts.unet, "forward", full)
    with pytest.raises(PliantError, match="too little free memory") as caught:
        fill(filler)
    assert caught.value.code == "out_of_memory"


def test_other_pipelines_are_called_whole() -> None:
    filler = cast(DiffusionFiller, make_filler(str(sd15(4)), Runtime(device="cpu")))
    events: list[Event] = []
    first = fill(filler, events=events)
    assert isinstance(filler._painter, PipelinePainter)
    steps = [event for event in events if isinstance(event, Step)]
    assert [step.index for step in steps] == list(range(1, steps[-1].total + 1))
    np.testing.assert_array_equal(first, fill(filler))
    assert (first != fill(filler, seed=1))[hole_of()].any()
    np.testing.assert_array_equal(first[~hole_of()], photo().pixels[~hole_of()])


def test_sizes_of_references_that_are_not_here() -> None:
    sizes = [
        make_filler(name).info.working_size for name in ("some/model-v1", "some/Model-XL-inpaint", "a/FLUX-fill")
    ]
    assert sizes == [512, 1024, 1024]


@pytest.mark.parametrize("name", ["nowhere/../at-all/deep", "/nowhere", "gone.safetensors", "gone/model.onnx"])
def test_a_path_that_is_not_there(name: str) -> None:
    with pytest.raises(PliantError) as caught:
        make_filler(name)
    assert caught.value.code == "missing_file"


def test_a_misspelt_name() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'sd15-lcm'"):
        make_filler("sd15-lmc")


def test_what_is_no_model_is_said(tmp_path: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"\x10\0\0\0\0\0\0\0not a header at all")
    foreign = tmp_path / "foreign.safetensors"
    save_file({"weight": torch.zeros(2)}, foreign)
    text = tmp_path / "model.ckpt"
    text.write_text("")
    (tmp_path / "folder").mkdir()
    for path in (broken, foreign, text, tmp_path / "folder"):
        with pytest.raises(PliantError) as caught:
            fill(recipes.from_reference(str(path), Runtime(device="cpu")))
        assert caught.value.code in ("invalid_model", "unsafe_model")
        assert path.name in str(caught.value)


def test_a_single_file_without_its_configuration_is_not_looked_up_offline(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_file({"model.diffusion_model.input_blocks.0.0.weight": torch.zeros(16, 9, 3, 3)}, path)
    with pytest.raises(PliantError, match="downloads are off") as caught:
        examine(path, offline=True)
    assert caught.value.code == "invalid_model"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model_index.json").write_text("{}")
    source = examine(path, offline=True)
    assert source.is_inpainting_unet
    assert (source.family, source.config) == ("StableDiffusion", tmp_path / "mine")


def test_a_single_file_is_the_same_model(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_as_one_file(sd15(), path)
    (tmp_path / "mine").symlink_to(sd15())  # what the parts are
    runtime = Runtime(device="cpu", dtype="float32", offline=True)
    filler = cast(DiffusionFiller, make_filler(str(path), runtime))
    found = fill(filler)
    assert isinstance(filler._painter, LatentPainter)
    np.testing.assert_array_equal(found, fill(make_filler(str(sd15()), runtime)))
    assert (found != fill(filler, prompt="a cat")).any()


def test_parts_that_do_not_fit_are_refused() -> None:
    recipe = tiny_recipe(recipes.SD15_LCM)
    wrong = [
        replace(recipe, model=str(sd15(4))),
        replace(recipe, lora=str(lcm_lora(sdxl()))),
        replace(recipe, vae=str(sdxl())),
    ]
    for broken in wrong:
        with pytest.raises(PliantError) as caught:
            fill(broken(Runtime(device="cpu")))
        assert caught.value.code == "invalid_model"


def test_without_torch_the_command_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    found = __import__("importlib.util").util.find_spec
    monkeypatch.setattr(
        "pliant.fill.diffusion.requirements.find_spec", lambda name: None if name == "torch" else found(name)
    )
    with pytest.raises(MissingRequirementError, match=r"torch; pip install 'pliant\[diffusion\]'"):
        fill(tiny())


# ------------------------------------------------------------------------------------------- TAESD, the real one


def test_original_keys() -> None:
    model = load_tiny(taesd(), torch.float32)
    original = {}
    for name, weight in model.state_dict().items():
        half, _, number, tail = name.split(".", 3)
        original[f"{half}.{int(number) + (half == 'decoder')}.{tail}"] = weight
    assert renamed(original).keys() == model.state_dict().keys()
    assert renamed(renamed(original)).keys() == model.state_dict().keys()


def test_the_real_taesd_keeps_photos(assets: Path) -> None:
    codec = Codec(load_tiny(assets / "taesd", torch.float32), torch.device("cpu"))
    signals: list[float] = []
    for path in sorted((assets / "photos" / "kodak").iterdir())[:4]:
        pixels = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        side = min(pixels.shape[:2])
        square = np.asarray(cv2.resize(pixels[:side, :side], (512, 512), interpolation=cv2.INTER_AREA), np.uint8)
        latents = codec.encode(square)
        assert latents.shape == (1, 4, 64, 64)
        signals.append(10 * np.log10(255**2 / np.mean((codec.decode(latents) - square) ** 2)))
    assert np.mean(signals) >= 24.5
