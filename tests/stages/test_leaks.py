"""What comes later changes no training row dated before: injected into whole corpora, and into drawn ones.

And what describes the present is refused as a feature: planted into the same corpora, which pass as they are.
"""

import json
import os
import random
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as checked
from hypothesis import strategies as st
from typer.testing import CliRunner

from hotarea.cli import app
from hotarea.domain import tables
from hotarea.domain.errors import NotReadyError, ValidationError
from hotarea.domain.hindsight import CEILINGS, FUTURE, LEAST_ROWS
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import alert, hindsight, rebuild, sample, train
from hotarea.stages.hindsight_alert import LEAK
from hotarea.stores import offline_sets, point_in_time
from hotarea.stores.lake import documents_as_of
from hotarea.stores.layout import Layout
from hotarea.stores.training_folder import TrainingFolder
from tests import homes
from tests.conftest import PROJECT
from tests.corpora import end
from tests.lakes import Delivery, Removal, Work

YEARS = {"sample": (2014, 2016, 2019), "hepth": (1995, 1996, 1999), "arxiv_cs": (2013, 2016)}
NEWEST = {"sample": end(2022), "hepth": date(2003, 5, 1), "arxiv_cs": end(2019)}
HORIZON = 3

Home = tuple[Settings, TrainingFolder]


def _corpus(name: str, folder: Path, request: pytest.FixtureRequest) -> Path:
    if name == "sample":
        sample.run(Settings.load(home=folder), folder / "raw", works=4000)
        return folder / "raw"
    found: Path = request.getfixturevalue("shared_data") / name
    return found


@pytest.fixture(scope="module")
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Settings]:
    """Makes the home of a corpus, with the rows of one training, once for all tests of this module."""
    made: dict[str, Settings] = {}

    def of(name: str) -> Settings:
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            settings = Settings.load(home=folder / "home", project=PROJECT)
            homes.ingested(settings, _corpus(name, folder, request))
            days = [*map(end, YEARS[name]), NEWEST[name]]
            known = [Cutoff(day, _known(settings, day)) for day in days]
            labels = [Cutoff(day, _known(settings, end(day.year + HORIZON))) for day in days[:-1]]
            homes.publish(settings, known, labels)
            train.dataset(settings, _planned(settings), "test")
            made[name] = settings
        return made[name]

    return of


def _known(settings: Settings, day: date) -> date:
    return min(date.fromisoformat(r) for r in homes.releases(settings) if r >= day.isoformat())


def _planned(settings: Settings) -> Path:
    plan = train.plan(settings, "test")
    assert plan
    return plan


SAMPLE, HEPTH, ARXIV = "sample", *(pytest.param(n, marks=pytest.mark.real_data) for n in ("hepth", "arxiv_cs"))


@pytest.fixture
def corpus(request: pytest.FixtureRequest, built: Callable[[str], Settings], tmp_path: Path) -> Home:
    """A copy of a corpus's home, with the rows of one training."""
    made = built(request.param)
    shutil.copytree(made.home, tmp_path / "home", copy_function=_linked)
    settings = Settings.load(home=tmp_path / "home", project=PROJECT)
    (plan,) = Layout(settings.home).runs.glob("*/plan.json")
    return settings, TrainingFolder(plan.parent)


def _linked(source: str, destination: str) -> None:
    """Share what is never written again; databases are copied."""
    (os.link if source.endswith(".parquet") else shutil.copyfile)(source, destination)


def poison(settings: Settings, before: date, chance: random.Random) -> date:
    """Deliver what a later release may hold of the past: late citations, corrections, merges, a release once more."""
    ids = homes.releases(settings)
    later = date.fromisoformat(max(ids)) + timedelta(days=200)
    known = documents_as_of(Layout(settings.home), ids, later, ("document_id", "published", "updated")).to_pylist()
    numbers = [row["document_id"] for row in known]
    old, new = [row for row in known if row["published"] <= before], max(numbers) + 1

    def anew(row: dict[str, object], updated: date) -> Work:
        published = row["published"]
        assert isinstance(published, date)
        references = chance.sample(numbers, 12)
        return Work(row["document_id"], published - timedelta(days=400), references, updated)  # type: ignore[arg-type]

    citing = [Work(new + n, chance.choice(old)["published"], chance.sample(numbers, 30), later) for n in range(400)]
    corrected = [anew(row, later) for row in chance.sample(old, 300)]
    issued_again = [anew(row, row["updated"].date()) for row in chance.sample(known, 300)]
    ended = chance.sample(sorted(set(numbers) - {w.id for w in corrected}), 120)
    removals = [Removal(n, before, into=m) for n, m in zip(ended[:60], ended[60:], strict=True)]
    works = list({w.id: w for w in [*issued_again, *corrected, *citing]}.values())
    homes.deliver(settings, {later: Delivery(works, removals)})
    return later


@pytest.mark.parametrize("corpus", [SAMPLE, HEPTH], indirect=True)
def test_later_releases_corrections_and_merges_change_no_training_row(corpus: Home) -> None:
    settings, folder = corpus
    plan, facts = folder.read_plan(), folder.read_facts()
    first = homes.features(settings, plan.cutoffs)

    later = poison(settings, plan.window.training[0].day, random.Random(7))  # noqa: S311
    corrected = [Cutoff(c.day, later) for c in plan.cutoffs]
    homes.publish(settings, [*corrected, Cutoff(later, later)], [])

    assert homes.features(settings, plan.cutoffs) == first  # from the lake, which holds all of it by now
    found = rebuild.run(settings, folder.path.name)
    assert (found.digest, found.files, found.note) == (facts.digest, folder.read_inputs().rows, "")
    again = _planned(settings)
    train.dataset(settings, again, "again")
    assert TrainingFolder(again.parent).read_facts() == facts
    known_now = homes.features(settings, corrected)
    for was, is_now in zip(plan.cutoffs, corrected, strict=True):  # it was poison: what is known now is another past
        assert (
            not known_now[is_now]
            .select(["document_id", "size_5y"])
            .equals(first[was].select(["document_id", "size_5y"]))
        )


@pytest.mark.parametrize("corpus", [SAMPLE], indirect=True)
def test_a_rebuild_names_the_input_that_has_changed(corpus: Home) -> None:
    settings, folder = corpus
    cutoff = folder.read_plan().window.training[0]
    part = min(Layout(settings.home).feature_set(cutoff).glob("part-*.parquet"))
    _replace(part, "rate_pct", lambda table: np.zeros(table.num_rows))

    with pytest.raises(
        ValidationError, match=rf"expected {folder.read_facts().digest[:12]}.*features of {cutoff} have "
    ):
        rebuild.run(settings, folder.path.name)

    assert not list((settings.home / "staging").glob("rebuild-*"))


@pytest.mark.parametrize("corpus", [SAMPLE], indirect=True)
def test_a_rebuild_is_asked_for_by_a_command(corpus: Home) -> None:
    settings, folder = corpus

    told = CliRunner().invoke(app, ["--home", str(settings.home), "training", "rebuild", folder.path.name, "--json"])

    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["digest"] == folder.read_facts().digest


def test_a_rebuild_of_an_unknown_training_names_those_that_are_there(settings: Settings) -> None:
    with pytest.raises(NotReadyError, match="2020-12-31-abc has no rows to compare with; expected one of none"):
        rebuild.run(settings, "2020-12-31-abc")


# ---- hindsight


@pytest.mark.parametrize("corpus", [SAMPLE, HEPTH, ARXIV], indirect=True)
def test_a_clean_corpus_passes(corpus: Home) -> None:
    settings, folder = corpus

    hindsight.check(settings, folder, "test")

    assert folder.hindsight.stat().st_size > 1000
    assert hindsight.greatest(folder).keys() == CEILINGS.keys()
    assert min(hindsight.compared(folder).values()) >= LEAST_ROWS  # so that the gate can decide
    assert alert.is_open(settings, LEAK) is None


LEAKS = ("cite_count", "counts of last year", "fwci", "future_rate", "percentile")


@pytest.mark.parametrize(
    ("corpus", "leak"),
    [*((SAMPLE, leak) for leak in LEAKS), pytest.param("hepth", "fwci", marks=pytest.mark.real_data)],
    indirect=["corpus"],
)
def test_a_planted_leak_is_refused_by_name(corpus: Home, leak: str) -> None:
    """The column `references_inside_pct` of every training cutoff is what only the present, or the future, knows."""
    settings, folder = corpus
    plan = folder.read_plan()
    newest = pq.read_table(Layout(settings.home).feature_set(plan.window.newest)).to_pandas().set_index("document_id")
    for cutoff, label in zip(plan.cutoffs, plan.labels, strict=True):
        future = pq.read_table(Layout(settings.home).label_set(label)).to_pandas().set_index("document_id")
        for part in Layout(settings.home).feature_set(cutoff).glob("part-*.parquet"):
            _replace(part, "references_inside_pct", lambda rows, f=future: _leaks(leak, rows, newest, f))
    shutil.rmtree(folder.dataset)
    train.dataset(settings, folder.plan, "test")

    with pytest.raises(ValidationError, match=r"column references_inside_pct of .* agrees with .* by (0\.\d+|1\.000)"):
        hindsight.check(settings, folder, "test")

    told = alert.is_open(settings, LEAK)
    assert told is not None
    assert "references_inside_pct" in told.text
    assert re.search(r"Observed: (0\.\d+|1\.000) at \d{4}-12-31", told.text)


@pytest.mark.parametrize("corpus", [SAMPLE], indirect=True)
def test_a_leak_is_told_until_a_training_is_clean(corpus: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, folder = corpus
    with monkeypatch.context() as strict:
        strict.setitem(CEILINGS, FUTURE, 0.1)
        with pytest.raises(ValidationError, match="agrees with future_rate") as raised:
            hindsight.check(settings, folder, "first")
    assert raised.value.problem == LEAK
    assert alert.is_open(settings, LEAK) is not None

    hindsight.check(settings, folder, "second")

    assert alert.is_open(settings, LEAK) is None


@pytest.mark.parametrize("corpus", [SAMPLE], indirect=True)
def test_what_could_not_be_computed_is_no_evidence(corpus: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, folder = corpus
    monkeypatch.setattr("hotarea.domain.hindsight.LEAST_ROWS", 1_000_000)

    hindsight.check(settings, folder, "test")

    assert hindsight.greatest(folder) == {}
    assert hindsight.compared(folder).keys() == CEILINGS.keys()


def _leaks(leak: str, rows: pa.Table, newest: "object", future: "object") -> np.ndarray:
    ids, chance = rows["document_id"].to_numpy(), np.random.default_rng(1)
    now = newest.reindex(ids)  # type: ignore[attr-defined]
    counts = now["cite_count"].fillna(0).to_numpy()
    if leak == "cite_count":
        return counts / counts.max()
    if leak == "counts of last year":
        found: np.ndarray = now["cite_count_1y"].fillna(0).to_numpy(float)
        return found
    if leak == "fwci":
        age = np.floor(rows["age_years"].to_numpy())
        return counts / np.array([max(counts[age == a].mean(), 1e-9) for a in age])
    if leak == "percentile":
        noisy = counts + chance.random(len(ids))
        return noisy.argsort().argsort() / len(ids)
    rate = future.reindex(ids)["future_rate"].fillna(0).to_numpy()  # type: ignore[attr-defined]
    return rate * chance.lognormal(0, 0.1, len(ids))


def _replace(part: Path, column: str, values: Callable[[pa.Table], np.ndarray]) -> None:
    table = pq.read_table(part)
    at = table.schema.get_field_index(column)
    part.unlink()  # it may be shared with the home that it was copied from
    pq.write_table(table.set_column(at, table.schema.field(at), pa.array(values(table), pa.float64())), part)


# ---- drawn

DAYS = [end(year) for year in range(2010, 2014)]
IDS = range(1, 8)


def _work(number: int) -> st.SearchStrategy[Work]:
    references = st.lists(st.sampled_from([i for i in range(1, 12) if i != number]), unique=True, max_size=4)
    published = st.sampled_from([date(2009, 5, 1), date(2010, 7, 1), date(2011, 3, 1), date(2012, 12, 31)])
    return st.builds(Work, st.just(number), published, references, st.none() | st.sampled_from(DAYS), st.booleans())


_works = st.sets(st.sampled_from(range(1, 12)), min_size=1).flatmap(lambda ids: st.tuples(*map(_work, sorted(ids))))
_removals = st.lists(
    st.builds(Removal, st.sampled_from(IDS), st.sampled_from(DAYS), st.none() | st.sampled_from(IDS)), max_size=2
)
_deliveries = st.builds(Delivery, _works, _removals.map(lambda found: [r for r in found if r.into != r.id]))


@given(st.tuples(*[_deliveries] * 3), st.lists(_deliveries, min_size=1, max_size=2), st.data())
@checked(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_whatever_is_delivered_later_changes_no_row_dated_before(
    early: tuple[Delivery, ...], late: list[Delivery], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Settings.load(home=Path(folder))
        homes.deliver(home, dict(zip(DAYS, early, strict=False)))
        homes.publish(home, [Cutoff(day, day) for day in DAYS[: len(early)]], [])
        asked = data.draw(st.lists(st.tuples(st.sampled_from(range(1, 12)), st.sampled_from(DAYS[:3])), min_size=1))
        before = _values(home, asked)

        for number, delivery in enumerate(late):
            known = end(2014 + number)
            homes.deliver(home, {known: replace(delivery)})
            homes.publish(home, [*(Cutoff(day, known) for day in DAYS[:2]), Cutoff(known, known)], [])

        assert _values(home, asked).equals(before)


def _values(home: Settings, asked: list[tuple[int, date]]) -> pa.Table:
    ids, days = zip(*asked, strict=True)
    moments = pa.array([datetime(d.year, d.month, d.day, tzinfo=UTC) for d in days], tables.STAMP)
    columns = {f.name: f.type for f in tables.FEATURES if not f.name.endswith(("_id", "_timestamp"))}
    sets = offline_sets.published(home.home, home.ledger, "features")
    return point_in_time.join(point_in_time.Asked(pa.array(ids), moments), sets, columns)
