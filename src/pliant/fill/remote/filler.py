"""The filler around a server: finds out what runs there, sends the work and judges the answer."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from pliant.errors import PictureError, PliantError
from pliant.events import CancelToken, OnEvent, Step
from pliant.fill.base import FillerInfo, check_hole
from pliant.fill.remote import comfyui, iopaint, pliant_server
from pliant.fill.remote.address import Address, parse
from pliant.fill.remote.client import Client
from pliant.fill.remote.errors import RemoteAnswerError
from pliant.fill.remote.interface import Interface, Job
from pliant.fill.remote.wire import Watch
from pliant.fill.smooth import continue_smoothly
from pliant.imageio import load
from pliant.models.device import ANYWHERE, Runtime
from pliant.types import Bool, Picture

INTERFACES = {
    "pliant": pliant_server.INTERFACE,
    "comfyui": comfyui.INTERFACE,
    "iopaint": iopaint.INTERFACE,
}
_WORKING_SIZE = 1024  # where it is not known what runs there
_PROBING = 10.0  # seconds to find out what runs there
_LEAST_CELLS = 8  # a UNet halves its latents three times
_BYTES_PER_PIXEL = 16  # twice what 16-bit RGBA takes without any compression
_HEADERS = 1 << 20  # bytes of metadata
_STEPS = 3  # known, painted, judged


def from_url(url: str, runtime: Runtime = ANYWHERE) -> "RemoteFiller":
    """The filler that runs at `url`; `docs/models.md` says what may stand in it. Nothing is contacted yet.

    Raises:
        PliantError: `url` is not of the form (`invalid_address`).
    """
    del runtime  # where the model runs is the server's choice
    return RemoteFiller(parse(url))


class RemoteFiller:
    """Sends hole and picture to a running Pliant, IOPaint or ComfyUI; the first `fill` finds out which it is."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._client = Client(address)
        self._interface = INTERFACES.get(address.interface)
        if self._interface:
            _check_options(address, self._interface)

    @property
    def info(self) -> FillerInfo:
        """What is known of it without asking the server."""
        name = INTERFACES[self._address.interface].name if self._address.interface else "server"
        return FillerInfo(
            name="remote",
            summary=f"The {name} that runs at {self._client.server}.",
            licence="that of the server's model",
            working_size=self._working_size(),
            understands_prompt=True,
        )

    def fill(
        self,
        picture: Picture,
        hole: Bool,
        *,
        prompt: str = "",
        seed: int = 0,
        on_event: OnEvent,
        cancel: CancelToken,
    ) -> Picture:
        """See `pliant.fill.base.Filler.fill`.

        Raises:
            RemoteError: the server cannot be reached, refuses, takes too long or answers nonsense.
        """
        cancel.check()
        if not check_hole(picture, hole):
            return picture
        step = partial(Step, total=_STEPS)
        watch = Watch.over(self._address.options.timeout, self._client.server, cancel)
        interface = self._known(watch)
        on_event(step(index=1))
        job = self._job(interface, picture, hole, prompt=prompt.strip(), seed=seed, watch=watch)
        answer = interface.paint(job)
        on_event(step(index=2))
        painted = self._judged(answer, job.rgb)[: hole.shape[0], : hole.shape[1]]
        on_event(step(index=3))
        cancel.check()
        return picture.with_pixels(np.where(hole[..., None], painted, picture.pixels).astype(np.uint8))

    def _working_size(self) -> int | None:
        asked = self._address.options.size
        if asked is not None:
            return asked or None
        interface = INTERFACES.get(self._address.interface)
        return interface.working_size if interface else _WORKING_SIZE

    def _known(self, watch: Watch) -> Interface:
        if self._interface is None:
            soon = watch.within(_PROBING)
            found = next((each for each in INTERFACES.values() if each.recognises(self._client, soon)), None)
            if found is None:
                raise RemoteAnswerError(
                    f"What runs at {self._client.server} is none of Pliant, IOPaint and ComfyUI as far as its "
                    "answers tell. If it is, say which: pliant+http://, iopaint+http:// or comfyui+http://."
                )
            _check_options(self._address, found)
            self._interface = found
        return self._interface

    def _job(
        self, interface: Interface, picture: Picture, hole: Bool, *, prompt: str, seed: int, watch: Watch
    ) -> Job:
        rgb, padded = _shown(picture, hole, interface.cell)
        return Job(
            client=self._client,
            options=self._address.options,
            rgb=rgb,
            hole=padded,
            prompt=prompt,
            seed=seed,
            watch=watch,
            limit=_HEADERS + _BYTES_PER_PIXEL * padded.size,
        )

    def _judged(self, answer: bytes, sent: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The answer's pixels as RGB, 8 bit, of the size that was sent."""
        height, width = sent.shape[:2]
        try:
            picture = load(answer, max_pixels=max(16 * height * width, 1 << 20))
        except PictureError as error:
            raise RemoteAnswerError(f"{self._client.server} did not answer with a picture: {error}") from error
        if picture.size != (width, height):
            raise RemoteAnswerError(
                f"{self._client.server} was sent {width}x{height} pixels and answered with {picture.size.width}x"
                f"{picture.size.height}; see whether a model or an option of it changes the size."
            )
        return _as_rgb(picture)


def _as_rgb(picture: Picture) -> NDArray[np.uint8]:
    colours = picture.pixels[..., :-1] if picture.has_alpha else picture.pixels
    if picture.peak > 255:
        colours = (colours.astype(np.uint32) * 255 + 32767) // 65535
    return np.broadcast_to(colours.astype(np.uint8), (*colours.shape[:2], 3))


def _shown(picture: Picture, hole: Bool, cell: int) -> tuple[NDArray[np.uint8], Bool]:
    """What is sent: a smooth guess in the hole, since some models look at it; padded to whole cells."""
    guess = continue_smoothly(np.asarray(picture.pixels, np.float32), hole)
    rgb = np.where(hole[..., None], np.rint(guess), picture.pixels).astype(np.uint8)
    if cell > 1:
        height, width = (max(-(-side // cell), _LEAST_CELLS) * cell - side for side in hole.shape)
        rgb = np.pad(rgb, ((0, height), (0, width), (0, 0)), mode="edge").astype(np.uint8)
        hole = np.pad(hole, ((0, height), (0, width)), mode="edge")
    return rgb, hole


def _check_options(address: Address, interface: Interface) -> None:
    unused = address.options.given - interface.options - {"size", "timeout"}
    if unused:
        understood = ", ".join(sorted({"size", "timeout", *interface.options}))
        raise PliantError(
            f"The address of {address.origin} has the option {min(unused)!r}, which {interface.name} does not "
            f"understand; it understands {understood}.",
            code="invalid_address",
        )
