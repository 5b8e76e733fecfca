"""Quarantined records as people work with them: written out to be corrected, read back, and tried again."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from hotarea.domain import works
from hotarea.domain.delivery import JSON_LINES
from hotarea.domain.errors import RawDataError
from hotarea.domain.rejects import Reason, Wrong

Status = Literal["open", "ingested", "read again", "staged"]
"""Open; or ingested by a retry; or its delivery was read again since, so that its newest reading counts. Staged: of a
release that was not published."""

INSTRUCTIONS = (
    "#: Correct the line below each heading; leave the heading as it is. Then: hotarea quarantine retry --from FILE",
    "#: A line that is left as it is is tried as it is; a record of which both are removed stays in quarantine.",
)

_HEADING = "#: {"
_DELIVERY = re.compile(r"updated_date=(\d{4}-\d\d-\d\d)/.+")

Key = tuple[str, str, int]
"""Release, file and line: which rejected record."""


@dataclass(frozen=True)
class Quarantined:
    """A rejected record and what became of it; the reason and the detail are those of the last try."""

    release: str
    file: str
    line: int
    reason: str
    detail: str
    record: str
    status: Status
    ingested_by: str | None  # the release

    @property
    def key(self) -> Key:
        """Which record it is."""
        return self.release, self.file, self.line

    @property
    def digest(self) -> str:
        """The record's SHA-256."""
        return hashlib.sha256(self.record.encode()).hexdigest()

    @property
    def delivered(self) -> date | None:
        """When the work was delivered; None for a row of an edge list, or of a list of ended ids.

        A file of JSON lines says nothing of that by its name: it was delivered with the release that read it.
        """
        if self.file.endswith(JSON_LINES):
            return date.fromisoformat(self.release)
        found = _DELIVERY.fullmatch(self.file)
        return date.fromisoformat(found[1]) if found else None


def written_out(records: Iterable[Quarantined]) -> Iterator[str]:
    """Yield lines for a person to correct: a heading that says which record it is and what is wrong, and the record."""
    yield from INSTRUCTIONS
    for found in records:
        names = ("release", "file", "line", "reason", "detail")
        yield f"#: {json.dumps({name: getattr(found, name) for name in names}, ensure_ascii=False)}"
        yield found.record


def read_back(text: str, name: str) -> dict[Key, str]:
    """Return the records of a file that was written out; those without a line are left out.

    Raises `RawDataError` that names the line at which it is not such a file.
    """
    lines = iter(enumerate(text.split("\n"), 1))
    found: dict[Key, str] = {}
    for number, line in lines:
        if line.startswith(_HEADING):
            key = _key(line, f"{name}, line {number}")
            record = next(lines, (0, ""))[1]
            if record.strip():
                found[key] = record
        elif line.strip() and line not in INSTRUCTIONS:
            raise RawDataError(
                f"{name}, line {number}: {line[:80]!r} has no heading; expected a line that begins with {_HEADING!r} "
                "before each record. Write the file anew with `hotarea quarantine show --export FILE`."
            )
    return found


def _key(line: str, where: str) -> Key:
    try:
        heading: Mapping[str, Any] = json.loads(line.removeprefix("#: "))
        return str(heading["release"]), str(heading["file"]), int(heading["line"])
    except (ValueError, KeyError, TypeError) as error:
        raise RawDataError(
            f"{where}: the heading cannot be read ({error}); expected release, file and line as they were written out. "
            "Write the file anew with `hotarea quarantine show --export FILE`."
        ) from error


def tried(record: str, delivered: date) -> Wrong | None:
    """Return why a record can't be used, by today's rules for what was delivered on a date; None if it can."""
    if "\n" in record.strip("\n"):
        return Wrong(Reason.BROKEN_JSON, "more than one line; expected one JSON object a line")
    batch = works.decode(record.encode("utf-8", errors="replace") + b"\n", delivered)
    if batch.rejects:
        return Wrong(batch.rejects[0].reason, batch.rejects[0].detail)
    return None if batch.works.num_rows else Wrong(Reason.BROKEN_JSON, "nothing; expected one JSON object a line")
