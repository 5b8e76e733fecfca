"""A Beam job as data: what to run and with which arguments."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """One run of an installed Beam module.

    The module has `main(arguments) -> dict`, and as a program writes that dict as JSON to the path after `--result`
    (or `{"error": {"type": …, "message": …}}`, with exit status 1).
    """

    module: str
    arguments: tuple[str, ...]
