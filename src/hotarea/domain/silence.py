"""Silence: for how long nothing has happened that should. Pure functions of the ledger's records."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hotarea.domain.records import PROMOTED, Champion, Materialization, Release


@dataclass(frozen=True)
class Limits:
    """How long each may be silent."""

    release: timedelta
    promotion: timedelta
    online: timedelta


@dataclass(frozen=True)
class Quiet:
    """One thing that should happen again and again, and since when it has not."""

    name: str
    last: str  # what happened last, in words
    since: datetime | None  # None where nothing is missing
    age: timedelta
    limit: timedelta

    @property
    def is_silent(self) -> bool:
        """Whether it is missing for longer than it may."""
        return self.age > self.limit


@dataclass(frozen=True)
class Seen:
    """What the ledger remembers of what should happen."""

    watched_since: datetime
    releases: Sequence[Release]
    champions: Sequence[Champion]
    writes: Sequence[Materialization]
    served_predictions: str  # the view that serves them


def listen(seen: Seen, limits: Limits, now: datetime) -> list[Quiet]:
    """Return how long each has been silent at a moment."""
    found = {
        "releases": (*_releases(seen), limits.release),
        "promotions": (*_promotions(seen), limits.promotion),
        "online_store": (*_online(seen), limits.online),
    }
    return [
        Quiet(name, last, since, now - since if since else timedelta(), limit)
        for name, (last, since, limit) in found.items()
    ]


def _releases(seen: Seen) -> tuple[str, datetime]:
    """Return the release that came last; a home without any has been waiting since it is watched."""
    last = max(seen.releases, key=lambda r: r.ingested_at, default=None)
    if last is None:
        return "no release has come yet", seen.watched_since
    return f"release {last.release_id}, ingested {_moment(last.ingested_at)}", last.ingested_at


def _promotions(seen: Seen) -> tuple[str, datetime | None]:
    """Return the promotion that came last, which no rollback is; without any, they are missing since there is data."""
    last = max((c for c in seen.champions if c.kind == PROMOTED), key=lambda c: c.sequence, default=None)
    if last is not None:
        return f"version {last.model_version}, promoted {_moment(last.promoted_at)}", last.promoted_at
    return "no model has been promoted yet", min((r.ingested_at for r in seen.releases), default=None)


def _online(seen: Seen) -> tuple[str, datetime | None]:
    """Return since when the online store is behind: what has arrived is newer than what was written last.

    Every release brings new features to serve. Predictions follow from it and from every promotion, and are served once
    there is a champion.
    """
    arrived = max((r.ingested_at for r in seen.releases), default=None)
    promoted = max((c.promoted_at for c in seen.champions), default=None)
    predictions = [w.materialized_at for w in seen.writes if w.view == seen.served_predictions]
    features = [w.materialized_at for w in seen.writes if w.view != seen.served_predictions]
    behind = [
        *_missed(arrived, features),
        *(_missed(arrived, predictions) if promoted else ()),
        *_missed(promoted, predictions),
    ]
    last = max((w.materialized_at for w in seen.writes), default=None)
    return f"written {_moment(last)}" if last else "nothing has been written yet", min(behind, default=None)


def _missed(moment: datetime | None, writes: Sequence[datetime]) -> list[datetime]:
    return [moment] if moment and not any(write >= moment for write in writes) else []


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"
