"""Whether topics were lost on the way: works without one, and topics that have no work any more."""

from collections.abc import Iterator, Mapping

from hotarea.domain import limits
from hotarea.domain.finding import Finding

NONE = "none"
"""The value of a work without a topic."""


def lost(now: Mapping[str, int], usual: Mapping[str, int]) -> Iterator[Finding]:
    """Yield findings if new works lack topics that works have, or had; a source without any topic has none to lose."""
    works, before = sum(now.values()), sum(usual.values())
    if works >= limits.AT_LEAST and (now.keys() | usual.keys()) - {NONE}:
        yield from _without(now.get(NONE, 0), works, usual.get(NONE, 0) / before if before else None)
        yield from _vanished(now, usual)


def emptied(works_emptied: int, works: int) -> Iterator[Finding]:
    """Yield a finding if works that come again lost their topic."""
    if works >= limits.AT_LEAST and works_emptied > limits.NO_TOPIC_SHARE * works:
        yield Finding(
            "topics_lost",
            "critical",
            "topic_id",
            f"At most {limits.NO_TOPIC_SHARE:.0%} of the works that come again lose their topic.",
            f"{works_emptied:,} of {works:,} did: the topic mapping lost ids",
        )


def _without(without: int, works: int, usually: float | None) -> Iterator[Finding]:
    """Yield a finding if too many works have no topic; in a source that had none before, a few may have one.

    Where nothing is usual yet it only warns: the source may be one of which so many never have a topic.
    """
    limit = limits.NO_TOPIC_SHARE
    if usually is not None:
        limit = usually + limits.NO_TOPIC_MORE
    if without > limit * works:
        usual = "" if usually is None else f"; before, {usually:.0%} had none"
        cause = "may have lost" if usually is None else "lost"
        yield Finding(
            "topics_lost",
            "warning" if usually is None else "critical",
            "topic_id",
            f"At most {limit:.0%} of new works have no topic{usual}.",
            f"{without:,} of {works:,} ({without / works:.0%}) have none: the topic mapping {cause} ids",
        )


def _vanished(now: Mapping[str, int], usual: Mapping[str, int]) -> Iterator[Finding]:
    expected = {topic: count * sum(now.values()) / sum(usual.values()) for topic, count in usual.items()}
    frequent = [t for t, count in expected.items() if count >= limits.TOPIC_WORKS and t != NONE]
    gone = sorted((t for t in frequent if t not in now), key=lambda t: (-usual[t], t))
    if len(frequent) > 1 and len(gone) > limits.TOPICS_LOST_SHARE * len(frequent):
        yield Finding(
            "topics_vanished",
            "critical",
            "topic_id",
            f"At most {limits.TOPICS_LOST_SHARE:.0%} of the topics of which {limits.TOPIC_WORKS} new "
            "works or more are usual have none.",
            f"{len(gone)} of {len(frequent)} have none: the topic mapping lost ids",
            examples=[{"topic_id": topic, "works before": usual[topic]} for topic in gone[:3]],
        )
