"""The sample corpus as a reader of its delivery finds it: shapes, and every planted truth by a few lines of its own."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from hotarea.domain import works as works_module
from hotarea.domain.errors import SettingsError
from hotarea.domain.sample import Corpus, Shape, generate, partition

Record = dict[str, Any]

SHAPE = Shape(works=6_000)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return generate(SHAPE)


@pytest.fixture(scope="module")
def records(corpus: Corpus) -> list[tuple[str, Record]]:
    """Every usable record with its release, in the order of delivery."""
    broken = {(row["file"], row["line"]) for row in corpus.truth["malformed"]}
    return [
        (release, json.loads(line))
        for release, lines in corpus.releases.items()
        for number, line in enumerate(lines, 1)
        if (partition(release), number) not in broken
    ]


@pytest.fixture(scope="module")
def versions(records: list[tuple[str, Record]]) -> dict[int, list[tuple[str, Record]]]:
    """All versions of each id with their releases, oldest release first."""
    found = defaultdict(list)
    for release, record in records:
        found[_number(record["id"])].append((release, record))
    return found


@pytest.fixture(scope="module")
def newest(versions: dict[int, list[tuple[str, Record]]]) -> dict[int, Record]:
    """The version of each id that was changed last."""
    return {
        number: max((record for _, record in found), key=lambda r: r["updated_date"])
        for number, found in versions.items()
    }


def _number(url: str) -> int:
    prefix, _, digits = url.partition("/W")
    assert prefix == "https://openalex.org"
    return int(digits)


def _references(record: Record) -> list[int]:
    return [_number(url) for url in record["referenced_works"]]


def _year(text: str) -> int:
    return int(text[:4])


def _of(corpus: Corpus, kind: str) -> Iterator[Record]:
    rows = corpus.truth[kind]
    assert rows, f"nothing of kind {kind} was planted"
    yield from rows


# ---- the same shape, the same corpus


def test_the_same_shape_gives_the_same_corpus(corpus: Corpus) -> None:
    assert generate(SHAPE) == corpus


def test_another_seed_gives_another_corpus(corpus: Corpus) -> None:
    other = generate(Shape(works=SHAPE.works, seed=SHAPE.seed + 1))
    assert other.releases.keys() == corpus.releases.keys()
    assert all(other.releases[release] != corpus.releases[release] for release in corpus.releases)


@pytest.mark.parametrize("works", [199, 0, -1])
def test_too_few_works_are_refused(works: int) -> None:
    with pytest.raises(SettingsError, match=f"{works} works is too small; expected at least 200"):
        Shape(works=works)


@pytest.mark.parametrize("works", [200, 1_000])
def test_a_small_corpus_has_every_kind_of_truth(works: int) -> None:
    truth = generate(Shape(works=works)).truth
    assert all(value for value in truth.values())
    assert len(truth["topics"]) == max(8, works // 100)


def test_the_default_corpus_has_20_000_works_and_is_generated_within_seconds() -> None:
    started = time.process_time()
    made = generate(Shape())
    assert time.process_time() - started < 10
    ids = {json.loads(line)["id"] for lines in made.releases.values() for line in lines if b"9000" in line[:48]}
    assert len(ids) == pytest.approx(20_000, rel=0.03)
    assert len(made.truth["topics"]) == 48


# ---- shape of the records


def test_there_is_one_release_at_the_end_of_each_year(corpus: Corpus) -> None:
    assert list(corpus.releases) == [f"{year}-12-31" for year in range(2010, 2025)]
    assert len(corpus.releases["2010-12-31"]) > 3 * max(len(v) for k, v in corpus.releases.items() if k > "2011")


def test_records_have_the_fields_of_openalex(records: list[tuple[str, Record]]) -> None:
    expected = (
        "id doi title display_name publication_year publication_date language type is_retracted cited_by_count "
        "counts_by_year primary_topic topics authorships referenced_works referenced_works_count "
        "abstract_inverted_index updated_date created_date"
    )
    assert {tuple(record) for _, record in records} == {tuple(expected.split())}


def test_ids_are_where_openalex_has_none_and_fit_into_64_bits(newest: dict[int, Record]) -> None:
    assert min(newest) > 9_000_000_000
    assert max(newest) < 10_000_000_000


def test_dates_are_days_inside_the_years_of_the_corpus(newest: dict[int, Record]) -> None:
    days = [date.fromisoformat(record["publication_date"]) for record in newest.values()]
    assert min(days) >= date(1996, 1, 1)
    assert max(days) <= date(2024, 12, 31)
    assert all(record["publication_year"] == _year(record["publication_date"]) for record in newest.values())
    first_of_january = sum((day.month, day.day) == (1, 1) for day in days) / len(days)
    assert 0.03 < first_of_january < 0.06
    assert len({(day.month, day.day) for day in days}) >= 365


def test_no_release_delivers_a_work_before_it_was_published(records: list[tuple[str, Record]]) -> None:
    assert all(record["publication_date"] <= release for release, record in records)
    assert all(record["updated_date"][:10] <= release for release, record in records)


def test_references_are_distinct_and_never_to_the_work_itself(records: list[tuple[str, Record]]) -> None:
    for _, record in records:
        found = _references(record)
        assert len(set(found)) == len(found) == record["referenced_works_count"]
        assert _number(record["id"]) not in found


def test_works_refer_to_earlier_works_but_for_unknown_days(newest: dict[int, Record]) -> None:
    pairs = [
        (record["publication_date"], newest[cited]["publication_date"])
        for record in newest.values()
        for cited in _references(record)
        if cited in newest
    ]
    assert sum(cited > citing for citing, cited in pairs) / len(pairs) < 0.03


def test_reference_lists_have_some_ten_entries_of_which_a_few_dangle(newest: dict[int, Record]) -> None:
    recent = [record for record in newest.values() if record["publication_year"] >= 2014]
    lengths = [record["referenced_works_count"] for record in recent]
    assert 9 < sum(lengths) / len(lengths) < 13
    dangling = sum(cited not in newest for record in recent for cited in _references(record))
    assert 0.03 < dangling / sum(lengths) < 0.10


def test_citations_are_unequal_as_by_preferential_attachment(newest: dict[int, Record]) -> None:
    cited_by = Counter(cited for record in newest.values() for cited in _references(record) if cited in newest)
    counts = sorted((cited_by[number] for number in newest), reverse=True)
    assert 0.25 < sum(counts[: len(counts) // 10]) / sum(counts) < 0.7
    assert counts[0] > 10 * sum(counts) / len(counts)


def test_counts_of_a_snapshot_are_as_of_its_release(records: list[tuple[str, Record]]) -> None:
    for release, record in records:
        counts = record["counts_by_year"]
        years = [row["year"] for row in counts]
        assert years == sorted(set(years), reverse=True)
        assert all(year <= _year(release) for year in years)
        assert sum(row["cited_by_count"] for row in counts) <= record["cited_by_count"]


def test_some_fields_are_unknown_as_in_openalex(newest: dict[int, Record]) -> None:
    for name, low, high in (("title", 0.001, 0.01), ("language", 0.01, 0.03), ("primary_topic", 0.01, 0.03)):
        share = sum(record[name] is None for record in newest.values()) / len(newest)
        assert low < share < high, name


def test_everything_that_is_shown_says_that_it_is_synthetic(corpus: Corpus, records: list[tuple[str, Record]]) -> None:
    assert corpus.truth["synthetic"] is True
    for _, record in records:
        assert record["title"] == record["display_name"]
        assert record["title"] is None or "(synthetic" in record["title"]
        assert record["doi"] is None or record["doi"].startswith("https://doi.org/10.5555/synthetic.")
        for topic in record["topics"]:
            assert topic["display_name"].endswith("(synthetic)")
            assert topic["field"]["display_name"].endswith("(synthetic)")
            assert "ynthetic" in topic["domain"]["display_name"]
        assert record["primary_topic"] == (record["topics"][0] if record["topics"] else None)


def test_titles_and_topics_are_readable(newest: dict[int, Record]) -> None:
    names = {record["primary_topic"]["display_name"] for record in newest.values() if record["primary_topic"]}
    assert len(names) == 48
    assert {"Perovskite sensing (synthetic)", "Graph modelling (synthetic)"} <= names
    title = next(r["title"] for r in newest.values() if r["primary_topic"] and r["title"])
    assert title.split()[-1] == "(synthetic)"
    assert " in " in title


# ---- planted truths


def test_late_works_come_in_a_later_release_than_they_were_due(
    corpus: Corpus, versions: dict[int, list[tuple[str, Record]]]
) -> None:
    planted = {row["id"]: row for row in _of(corpus, "late")}
    for number, row in planted.items():
        [(release, record)] = versions[number]
        assert row["due"] == max(f"{record['publication_year']}-12-31", "2010-12-31")
        assert release == row["release"] > row["due"]
    due_later = {
        number
        for number, ((release, record), *_) in versions.items()
        if release > max(f"{record['publication_year']}-12-31", "2010-12-31")
    }
    # a date that was wrong by a year looks like a late delivery, too
    assert due_later - {row["id"] for row in corpus.truth["reissued_date"]} == planted.keys()


def test_works_that_come_again_are_corrected_retracted_redelivered_or_stale(
    corpus: Corpus, versions: dict[int, list[tuple[str, Record]]]
) -> None:
    kinds = ("reissued_references", "reissued_date", "retracted", "redelivered", "stale")
    planted = [row["id"] for kind in kinds for row in _of(corpus, kind)]
    again = {number for number, found in versions.items() if len({release for release, _ in found}) > 1}
    assert len(set(planted)) == len(planted)
    assert set(planted) == again


def _before_and_after(
    versions: dict[int, list[tuple[str, Record]]], row: Record
) -> tuple[tuple[str, Record], tuple[str, Record]]:
    before, after = versions[row["id"]]
    assert before[0] < after[0] == row["release"]
    return before, after


def _differing(before: Record, after: Record) -> set[str]:
    snapshot = {"cited_by_count", "counts_by_year", "updated_date"}
    return {name for name in after if before[name] != after[name]} - snapshot


def test_reissued_references_complete_what_came_first(
    corpus: Corpus, versions: dict[int, list[tuple[str, Record]]]
) -> None:
    gained = 0
    for row in _of(corpus, "reissued_references"):
        (first, before), (_, after) = _before_and_after(versions, row)
        assert first == row["first"]
        assert set(_references(before)) <= set(_references(after))
        gained += len(_references(after)) - len(_references(before))
        assert before["updated_date"] < after["updated_date"]
    assert gained > len(corpus.truth["reissued_references"])


def test_reissued_dates_differ_from_what_came_first(
    corpus: Corpus, versions: dict[int, list[tuple[str, Record]]]
) -> None:
    for row in _of(corpus, "reissued_date"):
        (_, before), (_, after) = _before_and_after(versions, row)
        assert before["publication_date"] == row["published_before"]
        assert after["publication_date"] == row["published"] > row["published_before"]
        assert _differing(before, after) <= {"publication_date", "publication_year", "created_date"}


def test_retractions_become_known_with_a_later_release(
    corpus: Corpus, versions: dict[int, list[tuple[str, Record]]], newest: dict[int, Record]
) -> None:
    for row in _of(corpus, "retracted"):
        (_, before), (_, after) = _before_and_after(versions, row)
        assert _differing(before, after) == {"is_retracted"}
    retracted = {number for number, record in newest.items() if record["is_retracted"]}
    assert retracted == {row["id"] for row in corpus.truth["retracted"]}


def test_redelivered_works_come_again_unchanged_but_for_the_date_of_change(
    corpus: Corpus, versions: dict[int, list[tuple[str, Record]]]
) -> None:
    for row in _of(corpus, "redelivered"):
        (_, before), (_, after) = _before_and_after(versions, row)
        assert _differing(before, after) == set()
        assert before["updated_date"] < after["updated_date"]


def test_stale_versions_come_later_but_are_older_and_poorer(
    corpus: Corpus, versions: dict[int, list[tuple[str, Record]]], newest: dict[int, Record]
) -> None:
    for row in _of(corpus, "stale"):
        (_, first), (_, later) = _before_and_after(versions, row)
        assert later["updated_date"] < first["updated_date"]
        assert len(_references(later)) <= len(_references(first))
        assert newest[row["id"]] == first


def test_ids_stand_twice_in_a_partition_where_planted_and_the_newest_is_complete(
    corpus: Corpus, versions: dict[int, list[tuple[str, Record]]], newest: dict[int, Record]
) -> None:
    planted = {(row["id"], row["release"]) for row in _of(corpus, "twice_in_a_partition")}
    seen = Counter((number, release) for number, found in versions.items() for release, _ in found)
    assert {key for key, count in seen.items() if count > 1} == planted
    for number, _ in planted:
        assert "draft" not in (newest[number]["title"] or "")
    older_last = [versions[n][0][1]["updated_date"] > versions[n][1][1]["updated_date"] for n, _ in planted]
    assert {True, False} == set(older_last)


def test_merged_ids_are_cited_until_they_end_and_their_twin_afterwards(
    corpus: Corpus, newest: dict[int, Record]
) -> None:
    rows = list(_of(corpus, "merged"))
    listed = {(day, f"W{row['id']}", f"W{row['merged_into']}") for row in rows for day in [row["date"]]}
    assert {row for merged in corpus.merged.values() for row in merged} == listed
    assert all(day == row[0] for day, merged in corpus.merged.items() for row in merged)
    ends = {row["id"]: row["date"] for row in rows}
    cited_at = [
        (cited, record["publication_date"])
        for record in newest.values()
        for cited in _references(record)
        if cited in ends
    ]
    assert cited_at
    assert all(published < ends[cited] for cited, published in cited_at)
    for row in rows:
        old, new = newest[row["id"]], newest[row["merged_into"]]
        assert (old["title"], old["referenced_works"]) == (new["title"], new["referenced_works"])
        assert old["publication_date"] <= row["date"]


def test_some_works_cite_both_ids_of_a_merge(corpus: Corpus, newest: dict[int, Record]) -> None:
    into = {row["id"]: row["merged_into"] for row in _of(corpus, "merged")}
    both = [
        number
        for number, record in newest.items()
        for cited in _references(record)
        if cited in into and into[cited] in _references(record)
    ]
    assert both


def test_deleted_ids_are_listed_after_they_were_delivered(
    corpus: Corpus, versions: dict[int, list[tuple[str, Record]]]
) -> None:
    rows = list(_of(corpus, "deleted"))
    assert corpus.deleted == sorted(((f"W{r['id']}", r["date"]) for r in rows), key=lambda r: (r[1], r[0]))
    for row in rows:
        [(release, _)] = versions[row["id"]]
        assert release < row["date"] < "2024-12-31"


def test_no_work_is_planted_twice(corpus: Corpus) -> None:
    kinds = ("late", "reissued_references", "reissued_date", "retracted", "redelivered", "twice_in_a_partition")
    ids = [row["id"] for kind in (*kinds, "stale", "deleted") for row in _of(corpus, kind)]
    ids += [row["merged_into"] for row in corpus.truth["merged"]]
    assert len(set(ids)) == len(ids)


def test_malformed_lines_are_rejected_for_the_planted_reason_and_no_others(corpus: Corpus) -> None:
    found = []
    for release, lines in corpus.releases.items():
        decoded = works_module.decode(b"\n".join(lines) + b"\n", date.fromisoformat(release))
        assert decoded.records == len(lines)
        found += [{"file": partition(release), "line": r.line, "reason": r.reason.value} for r in decoded.rejects]
    assert sorted(found, key=lambda r: (r["file"], r["line"])) == corpus.truth["malformed"]
    assert len({row["reason"] for row in found}) == 8


def test_one_release_has_longer_lists_and_other_topics(corpus: Corpus, newest: dict[int, Record]) -> None:
    shifted = corpus.truth["shifted_release"]
    assert shifted["release"] == "2012-12-31"
    lists, mix = defaultdict(list), defaultdict(list)
    for record in newest.values():
        topic = (record["primary_topic"] or {"id": ""})["id"].rpartition("/")[2]
        lists[record["publication_year"]].append(record["referenced_works_count"])
        mix[record["publication_year"]].append(topic in shifted["topics"])
    mean = {year: sum(found) / len(found) for year, found in lists.items()}
    share = {year: sum(found) / len(found) for year, found in mix.items()}
    others = [year for year in range(2007, 2025) if year != 2012]
    assert mean[2012] > 1.5 * max(mean[year] for year in others)
    assert share[2012] > 1.5 * (share[2011] + share[2013]) / 2
    assert max(mean[y] for y in others) < 1.5 * min(mean[y] for y in others)


def test_topics_publish_more_in_the_years_in_which_they_are_hot(corpus: Corpus, newest: dict[int, Record]) -> None:
    topics = {topic["id"]: topic for topic in corpus.truth["topics"]}
    assert sum(bool(topic["hot_years"]) for topic in topics.values()) > 40
    per_year = defaultdict(Counter)
    for record in newest.values():
        if record["primary_topic"] and record["publication_year"] != 2012:
            per_year[record["publication_year"]][record["primary_topic"]["id"].rpartition("/")[2]] += 1
    share = {(topic, year): n[topic] / n.total() for year, n in per_year.items() for topic in topics}
    hotter = []
    for name, topic in topics.items():
        hot = [share[name, year] for year in per_year if year in topic["hot_years"]]
        calm = [share[name, year] for year in per_year if year not in topic["hot_years"]]
        hotter.append(sum(hot) / len(hot) > 2 * sum(calm) / len(calm) if hot else None)
    assert hotter.count(True) > 0.9 * (len(hotter) - hotter.count(None))


def test_hot_years_move_on_from_topic_to_topic(corpus: Corpus) -> None:
    hot = {year: {t["id"] for t in corpus.truth["topics"] if year in t["hot_years"]} for year in range(2010, 2025)}
    assert all(2 <= len(found) <= 24 for found in hot.values())
    assert all(hot[year] != hot[year + 5] for year in range(2010, 2020))
    fads = [front["fad"] for topic in corpus.truth["topics"] for front in topic["fronts"]]
    assert 0.25 < sum(fads) / len(fads) < 0.55
