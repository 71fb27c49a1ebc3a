"""Named protocols: which metrics with which settings, so that one name means one number."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pliant.bench.metrics.base import Metric
from pliant.bench.metrics.distance import DistanceRule, MeanDistance
from pliant.bench.metrics.features import Extractor
from pliant.bench.metrics.motion import EndPointError
from pliant.bench.metrics.outside import Outside
from pliant.bench.metrics.pixels import PixelTruth
from pliant.errors import MissingRequirementError, UnknownNameError
from pliant.models.device import ANYWHERE, Runtime

_SEED = 42
_NETWORKS = ("squeezenet", "mobilenetv2")
_SQUEEZED = 224  # both pictures, whatever their shape, before LPIPS: what the drag papers do


@dataclass(frozen=True, kw_only=True)
class Means:
    """What metrics are made with: a folder of weights, the user's choice of features ("": none), where to run."""

    weights: Path | None
    features: str
    runtime: Runtime


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """`make` opens the metrics; `summary` says for lists what is measured; `paper` is where the rules are from."""

    summary: str
    make: Callable[[Means], Sequence[Metric]]
    paper: str = ""


DRAGDIFFUSION = DistanceRule(
    search="picture",
    interpolation="bilinear",
    first_tie=True,
    unit="pixels",
    prompt=True,
    same_noise=False,
    by_pairs=True,
)
REGIONDRAG = DistanceRule(
    search="discs",
    interpolation="nearest",
    first_tie=True,
    unit="sides",
    prompt=True,
    same_noise=False,
    by_pairs=False,
)
INPAINT4DRAG = replace(REGIONDRAG, prompt=False)
PLIANT = DistanceRule(
    search="discs",
    interpolation="bilinear",
    first_tie=False,
    unit="diagonal",
    prompt=True,
    same_noise=True,
    by_pairs=False,
)


def metrics_of(
    protocol: str, weights: str | Path | None = None, runtime: Runtime = ANYWHERE, *, features: str = ""
) -> Sequence[Metric]:
    """The metrics of the protocol of that name, ready to measure.

    `weights` is a folder with the weights of LPIPS and of the small networks (None: the catalogue's). `features`
    replaces the protocol's feature extractor: `squeezenet` or `mobilenetv2`, which need no hub, or a diffusion
    model for DIFT, as `pliant.models.fetch.locate` takes it. Numbers with other features are not the paper's.

    Raises:
        UnknownNameError: there is no such protocol (`unknown_protocol`).
        MissingRequirementError: a package is not installed or weights are not to be had.
        PliantError: the weights are damaged or of another kind.
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError(
            f"There is no protocol {protocol!r}; accepted are {', '.join(PROTOCOLS)}.", code="unknown_protocol"
        )
    folder = None if weights is None else Path(weights).expanduser()
    return PROTOCOLS[protocol].make(Means(weights=folder, features=features, runtime=runtime))


def _pixels(means: Means) -> Sequence[Metric]:
    del means
    return [PixelTruth(), EndPointError(), Outside()]


def _perception(means: Means) -> Sequence[Metric]:
    return [_lpips(means, None), *_pixels(means)]


def _pliant(means: Means) -> Sequence[Metric]:
    network = means.features in ("", *_NETWORKS)
    extractor = _network(means) if network else _dift(means, squeezed=False, sampled=False)
    return [*_perception(means), MeanDistance(extractor, PLIANT, seed=_SEED)]


def _published(rule: DistanceRule, *, squeezed: bool, sampled: bool) -> Callable[[Means], Sequence[Metric]]:
    def make(means: Means) -> Sequence[Metric]:
        network = means.features in _NETWORKS
        extractor = _network(means) if network else _dift(means, squeezed=squeezed, sampled=sampled)
        return [_lpips(means, _SQUEEZED), MeanDistance(extractor, rule, seed=_SEED)]

    return make


def _lpips(means: Means, side: int | None) -> Metric:
    with _explained("bench"):
        from pliant.bench.metrics.lpips import Lpips, Perception

        return Perception(Lpips.load("alex", means.weights, means.runtime), side=side)


def _network(means: Means) -> Extractor:
    with _explained("bench"):
        from pliant.bench.metrics.extractors import NetworkFeatures

        return NetworkFeatures.load(means.features or "squeezenet", means.weights, means.runtime)


def _dift(means: Means, *, squeezed: bool, sampled: bool) -> Extractor:
    with _explained("diffusion"):
        from pliant.bench.metrics.dift import Dift, DiftSettings

        settings = DiftSettings(side=768 if squeezed else None, sampled=sampled)
        return Dift.load(means.features or "sd21", settings, means.runtime)


@contextmanager
def _explained(extra: str) -> Generator[None]:
    try:
        yield
    except ImportError as error:
        raise MissingRequirementError(
            f"This metric needs {error.name or 'a package'}, which is not installed; pip install 'pliant[{extra}]'"
        ) from error


PROTOCOLS: Mapping[str, Protocol] = {
    "pixels": Protocol(
        summary="PSNR and SSIM to the truth, end-point error, what changed outside; no network, no weights.",
        make=_pixels,
    ),
    "perception": Protocol(
        summary="`pixels`, and LPIPS (AlexNet, native size) to input and truth.", make=_perception
    ),
    "pliant": Protocol(
        summary="`perception`, and MD without tie bias, in percent of the diagonal, on SqueezeNet's features.",
        make=_pliant,
    ),
    "dragdiffusion-2024": Protocol(
        summary="LPIPS at 224 and IF; MD in pixels, searched in the whole picture, mean over all drags.",
        make=_published(DRAGDIFFUSION, squeezed=False, sampled=True),
        paper="https://arxiv.org/abs/2306.14435",
    ),
    "regiondrag-2024": Protocol(
        summary="LPIPS at 224; MD x100 by width and height, searched in discs, with prompt, mean of samples.",
        make=_published(REGIONDRAG, squeezed=True, sampled=False),
        paper="https://arxiv.org/abs/2407.18247",
    ),
    "inpaint4drag-2025": Protocol(
        summary="As regiondrag-2024, without prompt.",
        make=_published(INPAINT4DRAG, squeezed=True, sampled=False),
        paper="https://arxiv.org/abs/2509.04582",
    ),
}
