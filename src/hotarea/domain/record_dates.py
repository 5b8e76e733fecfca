"""When a work was published and when its record changed, from dates as they are found."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hotarea.domain.limits import EARLIEST_YEAR
from hotarea.domain.rejects import Reason, Wrong

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ].*)?)?)?", re.ASCII)


@lru_cache(maxsize=65_536)
def published(text: str | None, year: int | None, latest: date) -> date | Wrong:
    """Return the publication date: the text's, else 1 January of the year.

    The text is `YYYY-MM-DD`, `YYYY-MM` or `YYYY`, what is left out being the first. Dates before 1500 or after
    `latest` are wrong.
    """
    if text is None and year is None:
        return Wrong(Reason.NO_DATE, "publication_date and publication_year are null; expected one of them")
    given = f"{year:04d}" if text is None else text.strip()
    found = _DATE.fullmatch(given)
    if not found:
        return Wrong(Reason.BAD_DATE, f"published {given!r}; expected YYYY-MM-DD")
    parts = [int(part or 1) for part in found.groups()]
    if parts[0] < EARLIEST_YEAR or parts[0] > latest.year:
        return _implausible(found[0], latest)
    try:
        day = date(*parts)
    except ValueError as error:
        return Wrong(Reason.BAD_DATE, f"published {found[0]!r}: {error}; expected YYYY-MM-DD")
    return day if day <= latest else _implausible(found[0], latest)


@lru_cache(maxsize=65_536)
def updated(text: str, latest: date) -> datetime | Wrong:
    """Return the moment of a record's last change in UTC (a text without a zone is in UTC)."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return Wrong(Reason.BAD_UPDATED, f"updated {text!r}; expected YYYY-MM-DDTHH:MM:SS")
    if not EARLIEST_YEAR <= moment.year <= latest.year:
        return Wrong(Reason.BAD_UPDATED, f"updated {text!r}; expected a moment from {EARLIEST_YEAR} to {latest}")
    return moment


def published_at_once(texts: Sequence[str | None], latest: date) -> pa.Date32Array | None:
    """Return what `published` says of each text if all are plausible dates of the form YYYY-MM-DD; None if not."""
    return _at_once(texts, pa.date32(), date(EARLIEST_YEAR, 1, 1), latest)


def updated_at_once(texts: Sequence[str | None], latest: date) -> pa.TimestampArray | None:
    """Return what `updated` says of each text if all are plausible moments without a zone; None if not."""
    low, high = datetime(EARLIEST_YEAR, 1, 1), datetime(latest.year, 12, 31, 23, 59, 59, 999_999)  # noqa: DTZ001
    found = _at_once(texts, pa.timestamp("us"), low, high)
    return None if found is None else pc.assume_timezone(found, "UTC")


def _at_once(texts: Sequence[str | None], kind: pa.DataType, low: date, high: date) -> Any:
    if not len(texts):
        return pa.array([], kind)
    try:
        found = pa.array(texts, pa.string()).cast(kind)
    except (pa.ArrowInvalid, UnicodeEncodeError):
        return None
    within = pc.and_(pc.greater_equal(found, pa.scalar(low, kind)), pc.less_equal(found, pa.scalar(high, kind)))
    return found if pc.all(within, skip_nulls=False).as_py() else None


def _implausible(text: str, latest: date) -> Wrong:
    return Wrong(Reason.IMPLAUSIBLE_DATE, f"published {text!r}; expected a date from {EARLIEST_YEAR} to {latest}")
