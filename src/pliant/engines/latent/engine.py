"""The engine around a drag method on latents. Imports no torch: that is left to the first `open`."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from pliant.engines.base import EngineInfo
from pliant.engines.latent.choices import Choices
from pliant.events import CancelToken, OnEvent, ignore
from pliant.models.cache import ModelCache
from pliant.models.device import Runtime, choose
from pliant.models.fetch import bytes_of
from pliant.types import Edit, Picture

if TYPE_CHECKING:
    from pliant.engines.latent.model import LatentModel
    from pliant.engines.latent.session import LatentSession
    from pliant.engines.latent.task import Method


class LatentEngine(ABC):
    """What engines on latents share: it opens photos for their method; the first `open` loads the model.

    It is kept in the `kept` of `runtime`, for every engine that has that one, or else in the engine itself.
    """

    info: ClassVar[EngineInfo]

    def __init__(self, runtime: Runtime, choices: Choices) -> None:
        self._runtime = runtime
        self._choices = choices
        self._kept = runtime.kept or ModelCache(0)  # which keeps one model, however large

    @abstractmethod
    def _method(self) -> "Method[Any]":
        """The method with its options; torch may be imported here."""

    def open(
        self,
        picture: Picture,
        *,
        edit: Edit | None = None,
        on_event: OnEvent = ignore,
        cancel: CancelToken | None = None,
    ) -> "LatentSession":
        """A session on `picture`, encoded and inverted for `edit`, or for edits without a prompt.

        Raises:
            MissingRequirementError: torch or diffusers is not installed, or the weights are not there.
            EditError: `edit` does not fit the picture.
            PliantError: the model is not one that drags (`unsupported_model`, `invalid_model`), or the device has
                too little memory (`out_of_memory`).
        """
        from pliant.fill.diffusion.requirements import check_installed

        check_installed(self.info.name, "engine")
        from pliant.engines.latent.session import LatentSession

        cancel = cancel or CancelToken()
        cancel.check()
        session = LatentSession(
            picture, self.info, self._loaded, self._method(), self._choices, offline=self._runtime.offline
        )
        session.start(edit, on_event, cancel)
        return session

    def _loaded(self) -> "LatentModel":
        from pliant.engines.latent.model import open_model
        from pliant.fill.diffusion.filler import memory_explained

        chosen = self._choices
        if not isinstance(chosen.model, str):
            return chosen.model
        named, where = (chosen.model, chosen.vae, chosen.unet), choose(self._runtime)
        with memory_explained(self.info.name):
            return self._kept.get(
                ("latent", *named, where, self._runtime.low_mem),
                lambda: open_model(named[0], self._runtime, vae=chosen.vae, unet=chosen.unet),
                lambda model: model.nbytes,
                expect=sum(bytes_of(reference) for reference in named if reference),
            )
