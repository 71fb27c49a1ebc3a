"""Whether a data set can be used: every sample is read once, and what is odd about it is said."""

from collections.abc import Sequence
from dataclasses import dataclass

from pliant.bench.sample import DataSet, Sample
from pliant.errors import PliantError
from pliant.regions.mask import rasterise
from pliant.types import Bool, DragRegion, PointLike, as_region


@dataclass(frozen=True, kw_only=True)
class Check:
    """What reading every sample found.

    `whole` samples can be used, `with_truth` of them have a true result. `drags` and `pairs` count drags and pairs
    of regions. `broken` are (sample, reason), `odd` are (sample, remark) of samples that can be used all the same.
    """

    whole: int
    with_truth: int
    drags: int
    pairs: int
    broken: Sequence[tuple[str, str]]
    odd: Sequence[tuple[str, str]]


def check(dataset: DataSet) -> Check:
    """Read every sample of `dataset`; nothing stops at a broken one."""
    broken: list[tuple[str, str]] = []
    odd: list[tuple[str, str]] = []
    whole = with_truth = drags = pairs = 0
    for ref in dataset.samples:
        try:
            sample = ref.load()
        except PliantError as error:
            broken.append((ref.name, str(error)))
            continue
        whole, with_truth = whole + 1, with_truth + (sample.truth is not None)
        drags += sum(len(item.drags) for item in sample.edit.regions if isinstance(item, DragRegion))
        pairs += sum(not isinstance(item, DragRegion) for item in sample.edit.regions)
        odd += [(ref.name, remark) for remark in remarks(sample)]
    return Check(whole=whole, with_truth=with_truth, drags=drags, pairs=pairs, broken=broken, odd=odd)


def remarks(sample: Sample) -> list[str]:
    """What may surprise an engine: handles outside their region, targets beyond a border that is pinned."""
    found: list[str] = []
    for item in sample.edit.regions:
        if not isinstance(item, DragRegion):
            continue
        mask = rasterise(as_region(item.region), sample.picture.size)
        handles = _outside([drag.handle for drag in item.drags], mask)
        targets = _outside([drag.target for drag in item.drags], mask)
        if handles:
            found.append(f"{handles} of {len(item.drags)} handles lie outside the region")
        if targets and item.edge == "pinned":
            found.append(f"{targets} of {len(item.drags)} targets lie outside the region, whose border is pinned")
    return found


def _outside(points: Sequence[PointLike], mask: Bool) -> int:
    """How many of `points` are not in `mask`."""
    height, width = mask.shape
    nearest = [(round(x), round(y)) for x, y in points]
    return sum(not (0 <= x < width and 0 <= y < height and mask[y, x]) for x, y in nearest)
