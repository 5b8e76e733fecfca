"""What can go wrong, as one small tree.

Every message names the value, what was expected and what to do, so that the message alone is enough to act on.
"""


class HotareaError(Exception):
    """Base of all errors that are reported to the user as one line.

    `problem` names the open problem that has told people of it; who reports the error tells them nothing more.
    """

    def __init__(self, message: str = "", *, problem: str = "") -> None:
        super().__init__(message)
        self.problem = problem


class SettingsError(HotareaError):
    """A setting has a value that cannot be used."""


class UnreachableError(SettingsError):
    """A server that a setting names does not answer, or a disk has no room: time may mend it."""


class RawDataError(HotareaError):
    """A delivery of raw data is unreadable, incomplete or not what its manifest promised."""


class NotReadyError(HotareaError):
    """A stage was asked for something whose inputs do not exist yet."""


class TooLittleDataError(NotReadyError):
    """The history is too short to learn from it yet: time mends it, so that it is an outcome and no fault."""


class PublishError(HotareaError):
    """A finished output could not be published without overwriting another."""


class ValidationError(HotareaError):
    """A dataset broke a critical expectation; nothing of it was published."""


class JobError(HotareaError):
    """A Beam job ended without its result."""


class GateError(HotareaError):
    """The gate lacks evidence, or a promotion was asked for that no accepting decision covers."""


class DefinitionError(HotareaError):
    """Applying the feature definitions would take away what somebody may read."""
