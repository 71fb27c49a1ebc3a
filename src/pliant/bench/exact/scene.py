"""A scene: a background, a thing in front of it, how that moves, and what it may move behind; drawn by seed."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pliant.bench.exact import drawn
from pliant.bench.exact.moves import Affine, Bend, Floats
from pliant.bench.exact.pack import Pack
from pliant.bench.exact.thing import Thing
from pliant.types import Edge

KINDS = ("translate", "rotate", "scale", "bend", "exit", "behind")

_ATTEMPTS = 60
_BODY = 300  # points by which a placement is judged


@dataclass(frozen=True, eq=False, kw_only=True)
class Scene:
    """`background` `(side, side, 3)` float32; the occluder stands in front of `thing`.

    Neither the occluder nor the background moves.
    """

    kind: str
    edge: Edge
    background: NDArray[np.float32]
    thing: Thing
    move: Affine | Bend
    occluder: Thing | None = None

    @property
    def side(self) -> int:
        """Width and height in pixels."""
        return self.background.shape[0]


@dataclass(frozen=True, eq=False)
class _Image:
    """A picture with straight alpha and the photo it comes from; `upright`: it should not be turned far."""

    pixels: NDArray[np.float32]
    photo: str | None
    upright: bool


def draw(seed: int, index: int, side: int, pack: Pack, attempt: int = 0) -> Scene | None:
    """Scene `index` of the set that `seed` makes; it depends on nothing else. Each `attempt` is another.

    None where no placement of the chosen pictures fits.
    """
    rng = np.random.default_rng([seed, index, attempt])
    kind = KINDS[index % len(KINDS)]
    edge: Edge = "pinned" if index // len(KINDS) % 3 == 2 else "free"
    image, other = _image(rng, pack), _image(rng, pack)
    background = _background(rng, pack, side, {image.photo, other.photo})
    for _ in range(_ATTEMPTS):
        thing = _placed(rng, image, side)
        move = _move(rng, kind, thing, side)
        scene = Scene(kind=kind, edge=edge, background=background, thing=thing, move=move)
        body = thing.body(_BODY)
        if not _fits(scene, body):
            continue
        if kind != "behind":
            return scene
        occluder = _occluder(rng, other, scene, body)
        if occluder is not None:
            return replace(scene, occluder=occluder)
    return None


def _image(rng: Generator, pack: Pack) -> _Image:
    if rng.random() < 0.4:
        return _Image(drawn.sprite(rng), None, upright=False)
    name, photo = list(pack.cutouts.items())[int(rng.integers(len(pack.cutouts)))]
    pixels = pack.cutout(name)
    return _Image(pixels[:, ::-1] if rng.random() < 0.5 else pixels, photo, upright=True)


def _background(rng: Generator, pack: Pack, side: int, excluded: set[str | None]) -> NDArray[np.float32]:
    """A square of a photo that no thing was cut from, or a texture."""
    if rng.random() < 0.2:
        return drawn.texture(rng, side)
    names = [name for name in pack.backgrounds if name not in excluded]
    photo = pack.background(names[int(rng.integers(len(names)))])
    height, width = (int(length) for length in photo.shape[:2])
    cut = int(min(height, width) * rng.uniform(0.55, 1))
    y, x = int(rng.integers(height - cut + 1)), int(rng.integers(width - cut + 1))
    square = photo[y : y + cut, x : x + cut]
    how = cv2.INTER_AREA if cut > side else cv2.INTER_CUBIC
    square = cv2.resize(square[:, ::-1] if rng.random() < 0.5 else square, (side, side), interpolation=how)
    return np.clip(square, 0, 255).astype(np.float32)


def _placed(rng: Generator, image: _Image, side: int) -> Thing:
    length = side * rng.uniform(0.28, 0.5)
    reach = np.pi / 9 if image.upright else np.pi
    centre = rng.uniform(0.15, 0.85, 2) * side
    scale = length / max(image.pixels.shape[:2])
    return Thing.of(image.pixels, centre=centre, angle=rng.uniform(-reach, reach), scale=scale)


def _move(rng: Generator, kind: str, thing: Thing, side: int) -> Affine | Bend:
    if kind == "bend":
        return _bend(rng, thing)
    body = thing.body(_BODY)
    pivot = np.rint(body[int(rng.integers(len(body)))])
    sign = rng.choice((-1, 1))
    if kind == "rotate":
        return Affine.about(pivot, turn=sign * np.deg2rad(rng.uniform(12, 60)))
    if kind == "scale":
        return Affine.about(pivot, scale=float(rng.uniform(1.2, 1.45) ** sign))
    far = side * rng.uniform(0.1, 0.35)
    angle = rng.uniform(0, 2 * np.pi)
    shift = far * np.cos(angle), far * np.sin(angle)
    turns = kind != "translate" and rng.random() < 0.5
    return Affine.about(pivot, turn=sign * np.deg2rad(rng.uniform(10, 40)) if turns else 0, shift=shift)


def _bend(rng: Generator, thing: Thing) -> Bend:
    """The foot lies a share of the height above the lower end; how far it bends is bounded by how wide it is."""
    height, width = thing.image.shape[:2]
    share = rng.uniform(0.15, 0.3)
    foot = thing.place.target_of(np.array([(width - 1) / 2, (height - 1) * (1 - share)]))
    ends = thing.place.target_of(np.array([[0.0, 0.0], [0.0, -1.0], [1.0, 0.0]]))
    up, side = ends[1] - ends[0], (ends[2] - ends[0]) * rng.choice((-1, 1))
    scale = float(np.linalg.norm(up))
    length, half = height * (1 - share) * scale, width * scale / 2
    angle = min(np.deg2rad(rng.uniform(25, 75)), 0.5 * length / half)
    return Bend(foot, up / scale, side / scale, length / angle)


def _fits(scene: Scene, body: Floats) -> bool:
    """All of it is seen before, and after as much as its kind says; and it moves enough to see."""
    after = scene.move.target_of(body)
    seen = _inside(after, scene.side).mean()
    enough = 0.4 <= seen <= 0.85 if scene.kind == "exit" else seen == 1
    moved = np.linalg.norm(after - body, axis=1).mean()
    return bool(enough and _inside(body, scene.side).all() and moved > 0.04 * scene.side)


def _inside(points: Floats, side: int) -> NDArray[np.bool_]:
    return np.all((points >= 2) & (points <= side - 3), axis=1)


def _occluder(rng: Generator, image: _Image, scene: Scene, body: Floats) -> Thing | None:
    """Something in front that hides 15 to 55 % of the thing after its move, and next to nothing before."""
    after = scene.move.target_of(body)
    thing = _placed(rng, image, scene.side)
    middle = thing.place.target_of(np.array([thing.image.shape[1], thing.image.shape[0]]) / 2)
    shift = after[int(rng.integers(len(after)))] + rng.normal(0, 0.08 * scene.side, 2) - middle
    thing = replace(thing, place=Affine(thing.place.matrix, thing.place.shift + shift))
    hidden = (thing.at(after[None])[0, :, 3] > 0.5).mean()
    before = (thing.at(body[None])[0, :, 3] > 0.5).mean()
    return thing if 0.15 <= hidden <= 0.55 and before <= 0.02 else None
