from datetime import date

import msgspec
import pytest

from hotarea.domain.delivery import (
    Correction,
    Delivery,
    Partition,
    Plan,
    Promise,
    Reading,
    Writing,
    shown,
)
from hotarea.domain.errors import RawDataError
from hotarea.domain.release_outcome import ReleaseOutcome, outcomes


def partition(release: str, number: int, records: int | None = 100) -> Partition:
    name = f"updated_date={release}/part_{number:04d}.gz"
    return Partition(name, f"/raw/{name}", 1_000, records)


PLAN = Plan(
    run_id="run",
    source="/raw",
    form="works",
    folder="/aside",
    as_of=date(2026, 1, 1),
    deliveries=(
        Delivery("2010-12-31", date(2010, 12, 31), (partition("2010-12-31", 0),)),
        Delivery("2011-12-31", date(2011, 12, 31), (partition("2011-12-31", 0), partition("2011-12-31", 1))),
    ),
)


def reading(release: str, number: int, records: int = 100, fault: str | None = None, **rejected: int) -> Reading:
    name = f"updated_date={release}/part_{number:04d}.gz"
    return Reading(release, name, number, records, rejected, 0, 0, 2, 3, 0.5, fault)


def read(**changed: Reading) -> list[Reading]:
    """Return readings of all three partitions, `a` to `c`, some changed."""
    usual = {"a": reading("2010-12-31", 0), "b": reading("2011-12-31", 0), "c": reading("2011-12-31", 1)}
    return [*(usual | changed).values()]


WRITTEN = [
    Writing("2010-12-31", 0, 100, 50, 0, 0.25),
    Writing("2011-12-31", 0, 90, 30, 5, 0.25),
    Writing("2011-12-31", 1, 100, 10, 5, 0.25),
]


def test_a_release_promises_what_the_manifest_says_of_all_that_it_holds() -> None:
    """A correction brings deliveries of its own; what is not said of one of them is not promised."""
    own, again = (
        msgspec.structs.replace(delivery, promised=promise)
        for delivery, promise in zip(PLAN.deliveries, (Promise(3, 700, 20), Promise(1, None, 5)), strict=True)
    )
    assert PLAN.promised("2010-12-31") == {}
    assert msgspec.structs.replace(PLAN, deliveries=(own,)).promised("2010-12-31") == {
        "files": 3,
        "bytes": 700,
        "records": 20,
    }
    both = Plan("run", "/raw", "works", "/aside", PLAN.as_of, (own,), Correction((again,), "/home", (), (), None))
    assert both.promised("2010-12-31") == {"files": 4, "records": 25}


def test_outcomes_add_up_partitions_and_shards() -> None:
    first, second = outcomes(PLAN, read(c=reading("2011-12-31", 1, no_date=4, bad_id=2)), WRITTEN)
    assert first.release_id == "2010-12-31"
    assert second == ReleaseOutcome(
        release_id="2011-12-31",
        documents=190,
        citations=40,
        superseded=10,
        unknown_citing=0,
        self_citations=4,
        repeated_references=6,
        quarantined={"bad_id": 2, "no_date": 4},
        records=200,
        partition_records={"updated_date=2011-12-31/part_0000.gz": 100, "updated_date=2011-12-31/part_0001.gz": 100},
        bytes=2_000,
        seconds=1.5,
    )


def test_all_damaged_partitions_are_named_at_once() -> None:
    damaged = read(
        a=reading("2010-12-31", 0, 7, "a.gz is truncated"), c=reading("2011-12-31", 1, 7, "c.gz is truncated")
    )
    with pytest.raises(RawDataError, match=r"a\.gz is truncated; c\.gz is truncated\. Nothing was published"):
        outcomes(PLAN, damaged, WRITTEN)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"b": reading("2011-12-31", 0, 67)},
            r"2011-12-31/part_0000\.gz holds 67 records, but the manifest promises 100",
        ),
        ({"b": reading("2011-12-31", 0, 101)}, "holds 101 records"),
        ({"a": reading("2010-12-31", 0, 0)}, "holds 0 records"),
        (
            {"a": reading("2010-12-31", 0, 100, bad_id=11)},
            r"2010-12-31: 11 of 100 .* \(bad_id 11\); expected at most 10%",
        ),
        ({"a": reading("2010-12-31", 0, 100, bad_id=6, no_date=6)}, r"\(bad_id 6, no_date 6\)"),
    ],
)
def test_counts_that_disagree_and_too_many_rejects_stop(changed: dict[str, Reading], message: str) -> None:
    with pytest.raises(RawDataError, match=message):
        outcomes(PLAN, read(**changed), WRITTEN)


@pytest.mark.parametrize("rejected", [1, 9, 10])
def test_a_tenth_of_rejects_is_borne(rejected: int) -> None:
    first, _ = outcomes(PLAN, read(a=reading("2010-12-31", 0, 100, bad_id=rejected)), WRITTEN)
    assert first.quarantined == {"bad_id": rejected}


def small(records: int | None, found: int, documents: int, form: str = "works", **rejected: int) -> ReleaseOutcome:
    """Return the outcome of a plan of one partition."""
    delivery = Delivery("2010-12-31", date(2010, 12, 31), (partition("2010-12-31", 0, records),))
    plan = Plan("run", "/raw", form, "/aside", date(2026, 1, 1), (delivery,))  # type: ignore[arg-type]
    (outcome,) = outcomes(
        plan, [reading("2010-12-31", 0, found, **rejected)], [Writing("2010-12-31", 0, documents, 0, 0, 0.0)]
    )
    return outcome


def test_few_rejects_are_borne_in_a_small_release_however_large_their_share() -> None:
    assert small(12, 12, 3, bad_id=9).documents == 3


def test_an_empty_release_stops() -> None:
    with pytest.raises(RawDataError, match="release 2010-12-31 is empty: 0 records"):
        small(0, 0, 0)


def test_a_release_of_which_nothing_can_be_used_stops() -> None:
    with pytest.raises(RawDataError, match=r"none of 3 records can be used \(no_date 3\)"):
        small(3, 3, 0, no_date=3)


def test_a_partition_without_a_promise_may_hold_any_number() -> None:
    assert small(None, 5, 5).records == 5


def test_an_edge_list_is_judged_as_a_whole_elsewhere() -> None:
    assert small(None, 20, 5, form="edge_list", bad_id=15).quarantined == {"bad_id": 15}


@pytest.mark.parametrize(
    ("count", "text"), [(1, "p0"), (10, "; ".join(f"p{n}" for n in range(10))), (12, "p9; and 2 more (12 in all)")]
)
def test_at_most_ten_problems_are_shown(count: int, text: str) -> None:
    assert shown([f"p{n}" for n in range(count)]).endswith(text)
    assert "p10" not in shown([f"p{n}" for n in range(count)])


@pytest.mark.parametrize(("both", "refused"), [(50, False), (51, True)])
def test_a_partition_that_holds_most_of_another_is_named(both: int, refused: bool) -> None:
    """Counted over all shards, against the smaller of the two."""
    written = [*WRITTEN[:2], Writing("2011-12-31", 1, 100, 10, 5, 0.25, repeated={"0,1": both - 40})]
    written[1] = Writing("2011-12-31", 0, 90, 30, 5, 0.25, repeated={"0,1": 40})
    readings = read(b=reading("2011-12-31", 0, records=100))
    if refused:
        with pytest.raises(RawDataError, match=r"part_0001.gz holds 51 of 100 records .* as .*part_0000.gz; .*twice"):
            outcomes(PLAN, readings, written)
    else:
        assert outcomes(PLAN, readings, written)


@pytest.mark.parametrize(("share", "refused"), [(0.1, True), (0.2, False), (0.0, True)])
def test_the_share_of_rejected_records_that_is_borne_is_a_setting(share: float, refused: bool) -> None:
    plan = msgspec.structs.replace(PLAN, rejected_share=share)
    readings = read(a=reading("2010-12-31", 0, bad_id=11))
    if refused:
        with pytest.raises(RawDataError, match=rf"11 of 100 records .* at most {share:.0%} \(HOTAREA_REJECTED_SHARE\)"):
            outcomes(plan, readings, WRITTEN)
    else:
        assert outcomes(plan, readings, WRITTEN)
