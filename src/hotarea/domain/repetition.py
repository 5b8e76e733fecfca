"""The same data delivered twice: a partition under another name, a release under another date."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hotarea.domain import limits
from hotarea.domain.delivery import Delivery
from hotarea.domain.finding import Finding


@dataclass(frozen=True)
class Release:
    """The works of a release, by what was known of them."""

    documents: int
    new: int
    changed: int
    same_record: int  # of the same moment of change as in an earlier release
    of_release: Mapping[str, int]  # by the release that held them last


def repeated_files(deliveries: Iterable[Delivery], known: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return one sentence for each partition whose file is the same as another's, of these deliveries or known ones.

    `known` are the files that the ledger remembers. Partitions that are promised to be empty may be equal.
    """
    names = {file["sha256"]: file["name"] for file in known if file.get("sha256") and file.get("records") != 0}
    found = []
    for partition in (partition for delivery in deliveries for partition in delivery.partitions):
        first = names.setdefault(partition.sha256, partition.name) if partition.records != 0 else partition.name
        if first != partition.name:
            found.append(f"{partition.name} is the same file as {first}: it was delivered twice under another name")
    return found


def repeated(release: Release, sizes: Mapping[str, int]) -> Iterator[Finding]:
    """Yield a finding if a release is an earlier one again; `sizes` are the works of the earlier ones."""
    fewest, share = limits.SAME_RECORDS_AT_LEAST, limits.SAME_RECORDS_SHARE
    most = max(release.of_release, key=lambda name: release.of_release[name], default="")
    if release.same_record >= fewest and release.same_record > share * release.documents:
        yield Finding(
            "release_repeated",
            "critical",
            "updated",
            f"At most {share:.0%} of a release's works have the same moment of change as in an earlier release.",
            f"{release.same_record:,} of {release.documents:,} have, most of them in release {most}: the same records "
            "were delivered again under a new date",
        )
    elif _is_again(release, release.of_release.get(most, 0), sizes.get(most, 0)):
        yield Finding(
            "release_repeated",
            "critical",
            "document_id",
            f"More than {limits.NOTHING_NEW_SHARE:.0%} of a release's works are new or changed.",
            f"{release.new:,} are new and {release.changed:,} changed of {release.documents:,}, and "
            f"{release.of_release[most]:,} of the {sizes[most]:,} works of release {most} are there: it is that "
            "release again under a new date",
        )


def _is_again(release: Release, of_one: int, size: int) -> bool:
    return (
        release.documents >= limits.AT_LEAST
        and release.new + release.changed <= limits.NOTHING_NEW_SHARE * release.documents
        and of_one >= limits.WHOLE_RELEASE_SHARE * size
    )
