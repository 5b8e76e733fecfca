"""The point-in-time rule: which published set answers for a moment, and which rows of it count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hotarea.domain.columns import Ints
from hotarea.domain.tables import STAMP

NEVER = timedelta(0)
"""The time to live of values that never expire; Feast writes it so."""


FOREVER = datetime.max.replace(tzinfo=UTC)
"""The end of what goes on."""


@dataclass(frozen=True, order=True)
class Span:
    """From which moment on a set of rows holds, and from which it is known; the one that begins last counts.

    What another model's predictions have taken the place of is known no more from `ended` on.
    """

    holds: datetime
    known: datetime
    ended: datetime = FOREVER


def until(as_of: date) -> datetime:
    """Return the last moment of a day: what became known on it is known as of it."""
    return datetime.combine(as_of + timedelta(days=1), time(), UTC) - timedelta(microseconds=1)


def answering(spans: Sequence[Span], moments: Ints, known_by: Ints, ttl: timedelta = NEVER) -> Ints:
    """Return for each moment the place of the set that answers for it, -1 where none does.

    A set is all that is known of its cutoff: the newest that holds by the moment and is known by then answers alone,
    and a document that it does not hold had ended by then. `spans` are in order; moments are microseconds since 1970.
    """
    found = np.full(len(moments), -1)
    for place, span in enumerate(spans):
        is_known = (known_by >= micros(span.known)) & (known_by < micros(span.ended))
        found[(moments >= micros(span.holds)) & is_known] = place
    if ttl != NEVER:
        holds = np.array([micros(span.holds) for span in spans] or [0])
        found[moments - holds[found] > ttl // timedelta(microseconds=1)] = -1
    return found


def visible(rows: pa.Table | pa.RecordBatch, moment: datetime, known_by: datetime) -> pa.Table | pa.RecordBatch:
    """Return the rows that hold by a moment and were known by another."""
    holds = pc.less_equal(rows.column("event_timestamp"), pa.scalar(moment, STAMP))
    return rows.filter(pc.and_(holds, pc.less_equal(rows.column("created_timestamp"), pa.scalar(known_by, STAMP))))


def micros(moment: datetime) -> int:
    """Return a moment as microseconds since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
