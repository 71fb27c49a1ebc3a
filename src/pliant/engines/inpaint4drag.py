"""Inpaint4Drag (ICCV 2025): bend the photo's own pixels, then paint what the bend uncovered."""

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any, Self

from pliant.compose import repaint
from pliant.engines.base import EngineInfo, check_range
from pliant.errors import EditError
from pliant.events import CancelToken, Event, OnEvent, Partial, Stage, ignore
from pliant.fill.base import Filler, make_filler
from pliant.layer import paint
from pliant.models.device import ANYWHERE, Runtime
from pliant.regions.refined import Refiner
from pliant.regions.segment import Segmenter, make_segmenter
from pliant.types import Edit, Picture, Preview, Result
from pliant.warp.warper import Warper

INFO = EngineInfo(
    name="inpaint4drag",
    summary="bends the photo's own pixels, live, and paints what the bend uncovered",
    licence="Apache-2.0",
    paper="Inpaint4Drag, ICCV 2025, arXiv:2509.04582",
    options={
        "filler": "what paints the hole (see `pliant engines`)",
        "refine": "the segmenter that moves the border of a drawn region onto the object's (default: none)",
        "margin": "pixels by which an opened seam is widened before it is painted (default: by picture size)",
        "tear": "stretch beyond which a part tears and is painted anew, above 1 (default: never)",
    },
    texts=("filler", "refine"),
    understands_prompt=True,
    has_preview=True,
)

DEFAULT_FILLER = "patchmatch"


class Inpaint4Drag:
    """The engine with its options chosen. The warp runs on the CPU; `runtime` is for filler and segmenter."""

    info = INFO

    def __init__(
        self,
        runtime: Runtime = ANYWHERE,
        *,
        filler: str | Filler = DEFAULT_FILLER,
        refine: str | Segmenter | None = None,
        margin: int | None = None,
        tear: float | None = None,
    ) -> None:
        if margin is not None:
            check_range("margin", margin, 0, 100, whole=True)
        is_number = isinstance(tear, int | float | None)  # pyright: ignore[reportUnnecessaryIsInstance]
        if not is_number or (tear is not None and not tear > 1):
            raise EditError(f"tear is {tear!r}; accepted is a stretch above 1.", code="invalid_option")
        self._filler = make_filler(filler, runtime) if isinstance(filler, str) else filler
        self._segmenter = make_segmenter(refine, runtime) if isinstance(refine, str) else refine
        self._limits: dict[str, Any] = {"margin": margin, "tear": tear}

    def open(
        self,
        picture: Picture,
        *,
        edit: Edit | None = None,
        on_event: OnEvent = ignore,
        cancel: CancelToken | None = None,
    ) -> "Inpaint4DragSession":
        """A session on `picture`; nothing is slow here, so the rest is not looked at."""
        del edit, on_event, cancel
        refiner = Refiner(picture, self._segmenter) if self._segmenter else None
        return Inpaint4DragSession(picture, self._filler, self._limits, refiner)


class Inpaint4DragSession:
    """One opened photo."""

    def __init__(
        self, picture: Picture, filler: Filler, limits: dict[str, Any], refiner: Refiner | None = None
    ) -> None:
        self._warper = Warper(picture)
        self._filler = filler
        self._limits = limits
        self._refiner = refiner

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def preview(self, edit: Edit) -> Preview:
        """The warp of `edit` and its hole; milliseconds, and less for an edit whose regions stay the same.

        With `refine`, the preview's edit has the refined regions.
        """
        return self._warped(*self._refined(edit))

    def _refined(self, edit: Edit) -> tuple[Edit, list[str]]:
        return self._refiner.refined(edit) if self._refiner else (edit, [])

    def _warped(self, edit: Edit, notes: list[str]) -> Preview:
        preview = self._warper.preview(edit, **self._limits)
        return replace(preview, warnings=(*notes, *preview.warnings)) if notes else preview

    def run(
        self,
        edit: Edit,
        *,
        seed: int | None = None,
        on_event: OnEvent = ignore,
        cancel: CancelToken | None = None,
    ) -> Result:
        """The finished edit; pixels neither moved onto nor uncovered are the photo's own, bit for bit."""
        seeds = [edit.seed if seed is None else seed]
        return self.run_candidates(edit, seeds=seeds, on_event=on_event, cancel=cancel)[0]

    def run_candidates(
        self,
        edit: Edit,
        *,
        seeds: Sequence[int],
        on_event: OnEvent = ignore,
        cancel: CancelToken | None = None,
    ) -> list[Result]:
        """The edit finished once for each of `seeds`; it is warped once, and only the paint in its hole varies."""
        cancel = cancel or CancelToken()
        cancel.check()
        timings: dict[str, float] = {}
        start = perf_counter()
        if self._refiner:
            on_event(Stage(name="refine"))
        refined, notes = self._refined(edit)
        if self._refiner:
            timings["refine"] = perf_counter() - start
            cancel.check()
        on_event(Stage(name="warp"))
        start = perf_counter()
        preview = self._warped(refined, notes)
        timings["warp"] = perf_counter() - start
        results: list[Result] = []
        for seed in seeds:
            cancel.check()
            start = perf_counter()
            picture = self._filled(preview, edit.prompt, seed, on_event, cancel)
            spent = {**timings, "fill": perf_counter() - start}
            results.append(_result(preview, edit, picture, seed, spent))
        return results

    def _filled(self, preview: Preview, prompt: str, seed: int, on_event: OnEvent, cancel: CancelToken) -> Picture:
        def relay(event: Event) -> None:
            if isinstance(event, Partial):
                on_event(Partial(make=lambda: _with_parts(event.picture, preview)))
            else:
                on_event(event)

        picture = repaint(
            preview.picture,
            preview.hole_box,
            preview.hole_weight,
            self._filler,
            parts=preview.layers,
            prompt=prompt,
            seed=seed,
            on_event=relay,
            cancel=cancel,
        )
        return _with_parts(picture, preview)


def _with_parts(picture: Picture, preview: Preview) -> Picture:
    """`picture` with the moved parts painted over it; the preview's own pixels are not written."""
    pixels = picture.pixels
    pixels = pixels if pixels is not preview.picture.pixels else pixels.copy()
    paint(pixels, preview.layers)
    return picture.with_pixels(pixels)


def _result(preview: Preview, edit: Edit, picture: Picture, seed: int, timings: dict[str, float]) -> Result:
    return Result(
        picture=picture,
        edit=edit if edit.seed == seed else replace(edit, seed=seed),
        engine=INFO.name,
        seed=seed,
        timings=timings,
        hole_area=int((preview.hole_weight > 0).sum()),
        moved_area=sum(int((layer.coverage > 0).sum()) for layer in preview.layers),
        warnings=preview.warnings,
    )
