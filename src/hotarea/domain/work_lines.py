"""The lines of OpenAlex work records: bytes in, records of the declared fields out, and what is wrong with a line."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import msgspec

from hotarea.domain.record_dates import updated
from hotarea.domain.rejects import Reason, Reject, Wrong, reject


class Topic(msgspec.Struct, gc=False):
    """What a work is about; each field may be missing."""

    id: str | int | msgspec.UnsetType | None = msgspec.UNSET
    display_name: str | None = None


NO_TOPIC = Topic(None)

_NULL = msgspec.Raw(b"null")


class Work(msgspec.Struct, gc=False):
    """The fields that are read; each may be missing in some snapshot, and the rules below say what then."""

    id: str | int | None = None
    title: str | None = None
    display_name: str | None = None
    publication_date: str | None = None
    publication_year: int | None = None
    language: str | None = None
    type: str | None = None
    is_retracted: bool | msgspec.UnsetType | None = msgspec.UNSET
    primary_topic: Topic | str | msgspec.UnsetType | None = msgspec.UNSET
    referenced_works: msgspec.Raw = _NULL  # texts would cost more than all other fields
    updated_date: str | None = None
    updated: str | None = None


class _Change(msgspec.Struct, gc=False):
    updated_date: str | None = None
    updated: str | None = None


_decode = msgspec.json.Decoder(Work).decode
_decode_change = msgspec.json.Decoder(_Change).decode


def newest_change(chunks: Iterable[bytes], latest: date) -> date | None:
    """Return the last day up to `latest` on which a record of some JSON lines changed; None if no line tells one."""
    days = (_changed(line, latest) for chunk in chunks for line in chunk.splitlines())
    return max((day for day in days if day and day <= latest), default=None)


def parsed(chunk: bytes, first_line: int) -> tuple[Sequence[int], list[Work], list[Reject], int]:
    """Parse line after line if nothing is wrong with any, else each on its own; count the lines that end, last."""
    try:
        # The decoder skips undeclared fields without looking at their bytes, so the encoding is checked here.
        if not chunk.isascii():
            chunk.decode("utf-8")
        works = list(_every_line(chunk))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        lines = chunk.split(b"\n")
        return *_parsed_singly(lines, first_line), len(lines) - 1
    numbers = range(first_line, first_line + len(works))
    return numbers, works, [], len(works) if chunk.endswith(b"\n") else max(len(works) - 1, 0)


def _changed(line: bytes, latest: date) -> date | None:
    try:
        found = _decode_change(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # it goes to quarantine
    moment = updated(found.updated_date or found.updated or "", latest)
    return None if isinstance(moment, Wrong) else moment.date()


def _every_line(chunk: bytes) -> Iterator[Work]:
    """Yield the works of lines none of which is blank; the lines are not copied."""
    view, start = memoryview(chunk), 0
    while (end := chunk.find(b"\n", start)) >= 0:
        yield _decode(view[start:end])
        start = end + 1
    if start < len(chunk):
        yield _decode(view[start:])


def _parsed_singly(lines: list[bytes], first_line: int) -> tuple[list[int], list[Work], list[Reject]]:
    numbers, works, rejects = [], [], []
    for number, line in enumerate(lines, first_line):
        if not line.strip():
            continue
        parsed = _parse(line)
        if isinstance(parsed, Wrong):
            rejects.append(reject(number, parsed, line))
        else:
            numbers.append(number)
            works.append(parsed)
    return numbers, works, rejects


def _parse(line: bytes) -> Work | Wrong:
    try:
        line.decode("utf-8")
        return _decode(line)
    except UnicodeDecodeError as error:
        return Wrong(Reason.INVALID_UTF8, f"byte {error.start}: {error.reason}; expected UTF-8")
    except msgspec.ValidationError as error:
        return Wrong(Reason.WRONG_TYPE, str(error))
    except (msgspec.DecodeError, RecursionError) as error:
        return Wrong(Reason.BROKEN_JSON, f"{error}; expected one JSON object a line")
