"""Gzipped files read as batches of whole lines."""

import gzip
import zlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, cast

from hotarea.domain.errors import RawDataError

BATCH_BYTES = 4 << 20
"""Inflated bytes of a batch: about a thousand works, so that calls for whole columns weigh little."""

_MAGIC = b"\x1f\x8b"


def is_gzip(path: Path) -> bool:
    """Whether a file begins like a gzip file."""
    with path.open("rb") as file:
        return file.read(2) == _MAGIC


def batches(path: Path, size: int = BATCH_BYTES) -> Iterator[bytes]:
    """Yield a file's inflated bytes in batches that end with a line (the last line may lack its newline).

    Raises `RawDataError` with the file's name if it is truncated, damaged or no gzip file.
    """
    rest = b""
    for block in _blocks(path, size):
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join((rest, memoryview(block)[:end]))
            rest = block[end:]
        else:
            rest += block
    if rest:
        yield rest


def whole(path: Path) -> bytes:
    """Return all of a file's inflated bytes; raise `RawDataError` as `batches` does."""
    return b"".join(_blocks(path, BATCH_BYTES))


def _blocks(path: Path, size: int) -> Iterator[bytes]:
    try:
        with _opened(path) as file:
            while block := file.read(size):
                yield block
    except EOFError as error:
        raise RawDataError(f"{path} is truncated: {error}; expected a whole gzip file. Deliver it again.") from error
    except (*_damages(), OSError) as error:
        raise RawDataError(f"{path} cannot be inflated: {error}; expected a gzip file. Deliver it again.") from error


def _opened(path: Path) -> IO[bytes]:
    """Open with isal, which inflates several times faster, on the processors that it is built for."""
    if find_spec("isal"):
        from isal import igzip

        return cast("IO[bytes]", igzip.open(path, "rb"))
    return cast("IO[bytes]", gzip.open(path, "rb"))


def _damages() -> tuple[Any, ...]:
    if find_spec("isal"):
        from isal import isal_zlib

        return (zlib.error, isal_zlib.error)
    return (zlib.error,)
