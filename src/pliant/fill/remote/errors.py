"""What goes wrong with a server; each kind has its stable code."""

from pliant.errors import PliantError


class RemoteError(PliantError):
    """Root of these errors. `again_in`: the seconds after which asking again is right; None where it is not."""

    code = "remote_error"

    def __init__(self, message: str, *, again_in: float | None = None) -> None:
        super().__init__(message)
        self.again_in = again_in


class RemoteUnreachableError(RemoteError):
    """Nothing listens there, or the connection broke."""

    code = "remote_unreachable"


class RemoteRefusedError(RemoteError):
    """The server answered, and said no. `status` is HTTP's; 0 where it said so in another way."""

    code = "remote_refused"

    def __init__(self, message: str, *, status: int = 0, again_in: float | None = None) -> None:
        super().__init__(message, again_in=again_in)
        self.status = status


class RemoteTimeoutError(RemoteError):
    """The answer took longer than allowed."""

    code = "remote_timeout"


class RemoteAnswerError(RemoteError):
    """The server answered with something else than was asked for."""

    code = "remote_bad_answer"
