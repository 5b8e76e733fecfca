"""A release that is known to be bad, from the raw files to the model: it is kept, and nothing is learned from it."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from hotarea.domain import records
from hotarea.domain.settings import Settings
from hotarea.domain.triggers import SKIPPED
from hotarea.stages import arbiter, model_card, train
from hotarea.stages.arbiter import Wanted
from hotarea.stores import registry
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import read
from hotarea.stores.training_folder import TrainingFolder
from tests import homes
from tests.conftest import PROJECT
from tests.deliveries import Folder
from tests.histories import SHORT, end
from tests.lakes import Work
from tests.templates import copied

RELEASES = range(2010, 2016)
FIRST = 2003
A_YEAR = 60
BAD = end(2013)


def works(year: int) -> list[Work]:
    """The works of a year, each of which cites works of the four years before."""
    chance = np.random.default_rng(year)
    earlier = [y * 1000 + n for y in range(max(year - 4, FIRST), year) for n in range(A_YEAR)]
    return [
        Work(
            year * 1000 + n,
            date(year, 1 + n % 12, 15),
            sorted(chance.choice(earlier, 1 + chance.poisson(4), replace=False).tolist()) if earlier else (),
        )
        for n in range(A_YEAR)
    ]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, empty_registry: Path) -> Settings:
    """A home that excludes a release, and has ingested it with the others and built what follows from them."""
    folder = tmp_path_factory.mktemp("excluded")
    before = [work for year in range(FIRST, RELEASES[0]) for work in works(year)]
    delivered = {end(year): [works(year)] for year in RELEASES}
    delivered[end(RELEASES[0])].append(before)
    Folder(delivered).write(folder / "raw")
    settings = Settings.load(home=folder / "home", project=PROJECT, workers=1, excluded_releases=(BAD,), **SHORT)
    homes.ingested(copied(empty_registry, settings), folder / "raw")
    homes.built(settings)
    return settings


@pytest.fixture(scope="module")
def trained(home: Settings) -> records.TrainingRun:
    """A training of that home."""
    assert train.run(home, "run")
    (found,) = read(home.ledger, records.TrainingRun)
    return found


def test_a_bad_release_is_kept_and_no_cutoff_that_it_told_is_learned_from(home, trained):
    rows = TrainingFolder.of(Layout(home.home), trained.training_id).rows("training")
    learned = {moment.date() for moment in pc.unique(rows["event_timestamp"]).to_pylist()}

    assert BAD in {release.release_date for release in read(home.ledger, records.Release)}
    assert BAD in {features.cutoff for features in read(home.ledger, records.FeatureSet)}
    # neither 2013, whose features came with it, nor 2012, whose labels did
    assert learned == {end(2010), end(2011)}
    assert trained.training_cutoffs == ["2010-12-31@2010-12-31", "2011-12-31@2011-12-31"]
    assert trained.evaluation_cutoff == end(2014)


def test_its_card_and_the_registry_name_what_was_left_out(home, trained):
    card = model_card.run(home, trained.model_version)
    told = "<th>known to be bad<td>2013-12-31: cutoffs whose features or labels came with these releases are left out"

    assert card.plan.excluded == ("2013-12-31",)
    assert told in model_card.page(home, card).read_text()
    assert registry.tags(home, trained.model_version)["excluded_releases"] == "2013-12-31"


def test_without_the_exclusion_they_would_be(home):
    plan = train.plan(home.model_copy(update={"excluded_releases": ()}), "run")
    assert plan

    window = TrainingFolder(plan.parent).read_plan().window

    assert [cutoff.day for cutoff in window.training] == [end(2011), end(2012), BAD]


def test_too_few_that_are_left_is_an_outcome_that_names_it(home):
    asks_for_three = home.model_copy(update={"training_cutoffs_min": 3})

    answer, plan = arbiter.plan(asks_for_three, "p", Wanted("a person asks"))

    assert (answer.outcome, plan) == (SKIPPED, None)
    assert answer.why.startswith("too little data: 2 of 3 training cutoffs")
    assert answer.why.endswith("leaves out the cutoffs whose features or labels came with 2013-12-31.")
