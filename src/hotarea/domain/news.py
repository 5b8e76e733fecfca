"""What of a raw folder is new, and what corrects that which was ingested."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from hotarea.domain.delivery import Delivery
from hotarea.domain.errors import NotReadyError
from hotarea.domain.records import Release

Files = Mapping[str, Mapping[str, Any]]
"""What the ledger remembers of the files of a delivery, by name."""


@dataclass(frozen=True)
class News:
    """Deliveries that are to be read, oldest first."""

    new: tuple[Delivery, ...]  # dated after all that was ingested
    again: tuple[Delivery, ...]  # ingested, but with other content now
    late: tuple[Delivery, ...]  # never ingested, but dated before something that was
    delivered: int = 0  # how many deliveries there are in all

    def __bool__(self) -> bool:
        return bool(self.new or self.again or self.late)

    @property
    def corrections(self) -> tuple[Delivery, ...]:
        """What is known only from the date of a release that it corrects the lake with."""
        return tuple(sorted((*self.again, *self.late), key=lambda d: d.release_date))


def read_before(releases: Iterable[Release]) -> dict[str, Files]:
    """Return the deliveries that are in the lake, with their files as read last."""
    found: dict[str, Files] = {}
    for release in sorted(releases, key=lambda r: r.release_date):
        files = {file["name"]: file for file in release.files}
        own = [] if release.is_correction else [release.release_id]
        found.update(dict.fromkeys([*own, *release.corrects], files))
    return found


def news(
    delivered: Sequence[Delivery],
    releases: Sequence[Release],
    has_changed: Callable[[Delivery, Files], bool],
    until: date | None = None,
) -> News:
    """Tell new deliveries from those that correct; deliveries after `until` are left for later."""
    before = read_before(releases)
    newest = max((r.release_date for r in releases), default=date.min)
    now = [d for d in delivered if d.release_date <= (until or date.max)]
    unread = [d for d in now if d.release_id not in before]
    return News(
        new=tuple(d for d in unread if d.release_date > newest),
        again=tuple(d for d in now if d.release_id in before and has_changed(d, before[d.release_id])),
        late=tuple(d for d in unread if d.release_date <= newest),
        delivered=len(delivered),
    )


def can_be_known(releases: Iterable[Release], today: date) -> bool:
    """Whether corrections can be known from today on: nothing else is known from today, or from a later day."""
    return all(r.release_date < today for r in releases)


def correction_date(found: News, releases: Sequence[Release], today: date) -> date:
    """Return from when on corrections are known: the newest release that comes with them, or else today.

    Raises `NotReadyError` if something is known from today, or from a later day, already: it can't change any more.
    """
    if found.new:
        return found.new[-1].release_date
    if not can_be_known(releases, today):
        newest = max(r.release_date for r in releases)
        raise NotReadyError(
            f"the corrections of {len(found.corrections)} deliveries can be known from {today} on at the earliest, but "
            f"release {newest} is in the lake, and what was known then can't change. Ingest them on a later day (UTC)."
        )
    return today
