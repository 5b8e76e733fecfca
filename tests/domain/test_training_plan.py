from dataclasses import replace
from datetime import date, timedelta

import msgspec
import pytest

from hotarea.domain.errors import SettingsError, TooLittleDataError
from hotarea.domain.records import FeatureSet, LabelSet, Release
from hotarea.domain.settings import Settings
from hotarea.domain.training_plan import TrainingPlan, gives_the_same_model, planned
from hotarea.domain.windows import Cutoff, Maturity, scorable_from

SETTINGS = Settings(horizon_years=2, training_cutoffs=2)


def end(year: int) -> date:
    return date(year, 12, 31)


def release(year: int) -> Release:
    return Release(
        release_id=str(end(year)),
        release_date=end(year),
        source="test",
        files=[],
        documents=1,
        citations=1,
        removals=0,
        quarantined={},
        seconds=0,
        run_id="test",
    )


def features(*years: int) -> list[FeatureSet]:
    return [FeatureSet(cutoff=end(y), known=end(y), rows=1, seconds=0, run_id="test") for y in years]


def labels(*years: int, known_after: int = 2, horizon: int = 2) -> list[LabelSet]:
    return [
        LabelSet(
            cutoff=end(y),
            known=end(y + known_after),
            horizon_years=horizon,
            rows=1,
            eligible=10,
            hot=1,
            threshold=1.0,
            run_id="test",
        )
        for y in years
    ]


RELEASES = [release(year) for year in range(2010, 2019)]


def test_the_newest_matured_cutoff_evaluates_and_training_ends_a_horizon_before():
    plan = planned(SETTINGS, RELEASES, features(*range(2010, 2019)), labels(*range(2010, 2017)))

    assert [c.day.year for c in plan.window.training] == [2013, 2014]
    assert plan.window.evaluation.day.year == 2016
    assert plan.window.newest.day.year == 2018
    assert [(c.day.year, c.known.year) for c in plan.labels] == [(2013, 2015), (2014, 2016), (2016, 2018)]
    assert [c.day.year for c in plan.cutoffs] == [2013, 2014, 2016]


def test_a_cutoff_at_which_no_document_was_eligible_teaches_nothing_and_is_left_out():
    found = [replace(s, eligible=0, hot=0) if s.cutoff.year in {2013, 2016} else s for s in labels(*range(2010, 2017))]

    plan = planned(SETTINGS, RELEASES, features(*range(2010, 2019)), found)

    assert [c.day.year for c in plan.window.training] == [2011, 2012]
    assert plan.window.evaluation.day.year == 2015


@pytest.mark.parametrize("hot", [0, 10])
@pytest.mark.parametrize(
    ("years", "said"),
    [
        ((2013, 2014), r"at 2013-12-31, 2014-12-31, which would be learned from"),
        ((2016,), "which would be evaluated on"),
    ],
)
def test_cutoffs_without_both_kinds_of_areas_are_too_little_data(hot, years, said):
    found = [replace(s, hot=hot) if s.cutoff.year in years else s for s in labels(*range(2010, 2017))]
    with pytest.raises(
        TooLittleDataError, match=rf"too few labels: \d+ of \d+ eligible areas are hot .*{said}; expected"
    ):
        planned(SETTINGS, RELEASES, features(*range(2010, 2019)), found)


def test_a_matured_cutoff_without_labels_is_left_out():
    plan = planned(SETTINGS, RELEASES, features(*range(2010, 2019)), labels(2010, 2011, 2012, 2015))

    assert plan.window.evaluation.day.year == 2015
    assert [c.day.year for c in plan.window.training] == [2011, 2012]


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (labels(*range(2010, 2017), horizon=5), "horizon_years 5, HOTAREA_HORIZON_YEARS=2; expected the same"),
        (
            [replace(s, hot_quantile=0.8) for s in labels(*range(2010, 2017))],
            "hot_quantile 0.8, HOTAREA_HOT_QUANTILE=0.9; expected the same",
        ),
    ],
    ids=["horizon", "quantile"],
)
def test_labels_of_another_definition_do_not_count_and_alone_are_a_wrong_setting(others, said):
    built = features(*range(2010, 2019))
    with pytest.raises(SettingsError, match=said):
        planned(SETTINGS, RELEASES, built, others)

    own = labels(*range(2010, 2017))
    assert planned(SETTINGS, RELEASES, built, [*others, *own]) == planned(SETTINGS, RELEASES, built, own)


def test_labels_that_became_known_again_are_read_as_first_known():
    known = [*labels(*range(2010, 2017)), *labels(2016, known_after=9)]

    plan = planned(SETTINGS, RELEASES, features(*range(2010, 2019)), known)

    assert plan.labels[-1] == Cutoff(end(2016), end(2018))


@pytest.mark.parametrize(
    ("releases", "published"),
    [([], []), (RELEASES, []), (RELEASES[:3], [2010, 2011, 2012])],
    ids=["nothing", "no features", "three years"],
)
def test_too_short_a_history_is_refused(releases, published):
    with pytest.raises(TooLittleDataError, match="nothing to train on"):
        planned(SETTINGS, releases, features(*published), labels(*published[:1]))


@pytest.mark.parametrize("horizon", [1, 2, 3])
def test_the_one_horizon_moves_training_evaluation_and_the_day_of_scoring_together(horizon):
    """The end of training, the lag of evaluation and the day from which today's predictions can be scored."""
    settings = SETTINGS.model_copy(update={"horizon_years": horizon})
    known = [s for s in labels(*range(2010, 2019), known_after=horizon, horizon=horizon) if s.known <= end(2018)]

    window = planned(settings, RELEASES, features(*range(2010, 2019)), known).window
    told = Maturity.of(end(2018), horizon)

    assert window.training[-1].day == told.trained_until == end(2018 - 2 * horizon)
    assert window.evaluation.day == told.evaluated_until == end(2018 - horizon)
    assert scorable_from(window.newest.day, horizon) == told.scorable_from == end(2018 + horizon)


@pytest.mark.parametrize(("at_least", "trains"), [(1, True), (5, True), (6, False)])
def test_fewer_cutoffs_than_the_least_are_too_little_data(at_least, trains):
    settings = Settings(horizon_years=2, training_cutoffs=9, training_cutoffs_min=at_least)
    args = RELEASES, features(*range(2010, 2019)), labels(*range(2010, 2017))

    if trains:
        assert len(planned(settings, *args).window.training) == 5
    else:
        with pytest.raises(TooLittleDataError, match="5 of 6 training cutoffs: 7 of 9 cutoffs have matured"):
            planned(settings, *args)


@pytest.mark.parametrize(
    ("excluded", "training", "evaluation"),
    [
        ((), [2013, 2014], 2016),
        ((end(2013),), [2012, 2014], 2016),  # the features of 2013; the labels of 2011 are not used anyway
        ((end(2014),), [2011, 2013], 2016),  # the features of 2014 and the labels of 2012
        ((end(2016),), [2012, 2013], 2015),  # the features of 2016 and the labels of 2014
        ((end(2018),), [2012, 2013], 2015),  # the labels of 2016; the features of 2018 are still what is scored
        ((end(2020),), [2013, 2014], 2016),  # is still to come
    ],
)
def test_what_became_known_with_an_excluded_release_is_not_learned_from(excluded, training, evaluation):
    settings = SETTINGS.model_copy(update={"excluded_releases": excluded})

    plan = planned(settings, RELEASES, features(*range(2010, 2019)), labels(*range(2010, 2017)))

    assert [c.day.year for c in plan.window.training] == training
    assert plan.window.evaluation.day.year == evaluation
    assert plan.window.newest.day.year == 2018
    assert plan.excluded == tuple(str(day) for day in excluded if day <= end(2018))


def test_where_exclusions_leave_too_little_the_error_names_those_that_came():
    excluded = (end(2016), end(2015), end(2020))
    settings = SETTINGS.model_copy(update={"excluded_releases": excluded})
    published = features(*range(2013, 2019)), labels(*range(2013, 2017))

    with pytest.raises(TooLittleDataError, match=r"^nothing to train on: .* came with 2015-12-31, 2016-12-31\.$"):
        planned(settings, RELEASES, *published)


def test_a_correction_makes_an_excluded_cutoff_good_again():
    settings = SETTINGS.model_copy(update={"excluded_releases": (end(2013),)})
    corrected = FeatureSet(cutoff=end(2013), known=date(2014, 6, 30), rows=1, seconds=0, run_id="test")

    plan = planned(settings, RELEASES, [*features(*range(2010, 2019)), corrected], labels(*range(2010, 2017)))

    assert plan.window.training == (Cutoff(end(2013), date(2014, 6, 30)), Cutoff(end(2014), end(2014)))


def test_an_exclusion_that_leaves_all_as_it_was_makes_no_other_model():
    args = RELEASES, features(*range(2010, 2019)), labels(*range(2010, 2017))
    settings = SETTINGS.model_copy(update={"excluded_releases": (end(2010),)})

    assert planned(settings, *args).training_id == planned(SETTINGS, *args).training_id


def test_an_excluded_release_that_never_came_is_a_mistake():
    settings = SETTINGS.model_copy(update={"excluded_releases": (date(2013, 6, 30),)})

    with pytest.raises(SettingsError, match="HOTAREA_EXCLUDED_RELEASES names 2013-06-30, which no release was dated"):
        planned(settings, RELEASES, features(*range(2010, 2019)), labels(*range(2010, 2017)))


def test_the_same_history_has_the_same_id_whatever_the_order():
    one = planned(SETTINGS, RELEASES, features(*range(2010, 2019)), labels(*range(2010, 2017)))
    other = planned(SETTINGS, RELEASES[::-1], features(*range(2018, 2009, -1)), labels(*range(2016, 2009, -1)))

    assert one == other
    assert one.training_id.startswith("2018-12-31-")


@pytest.mark.parametrize("changed", [{"seed": 21}, {"hot_quantile": 0.8}, {"training_cutoffs": 1}], ids=str)
def test_other_settings_have_another_id(changed):
    def training_id(settings: Settings) -> str:
        made = [replace(s, hot_quantile=settings.hot_quantile) for s in labels(*range(2010, 2017))]
        return planned(settings, RELEASES, features(*range(2010, 2019)), made).training_id

    assert training_id(SETTINGS) != training_id(SETTINGS.model_copy(update=changed))


def test_a_new_release_has_another_id():
    old = planned(SETTINGS, RELEASES, features(*range(2010, 2019)), labels(*range(2010, 2017)))
    new = planned(SETTINGS, [*RELEASES, release(2019)], features(*range(2010, 2020)), labels(*range(2010, 2018)))

    assert new.training_id != old.training_id
    assert new.window.evaluation.day.year == 2017


def test_a_release_that_brings_no_new_labels_gives_the_same_model_under_another_id():
    published = labels(*range(2010, 2017))
    old = planned(SETTINGS, RELEASES, features(*range(2010, 2019)), published)
    between = FeatureSet(cutoff=date(2019, 5, 1), known=date(2019, 5, 1), rows=1, seconds=0, run_id="test")
    newer = replace(release(2019), release_id="2019-05-01", release_date=date(2019, 5, 1))

    new = planned(SETTINGS, [*RELEASES, newer], [*features(*range(2010, 2019)), between], published)

    assert new.training_id != old.training_id
    assert gives_the_same_model(new.training_id, old.training_id)
    assert not gives_the_same_model(new.training_id, "2019-05-01-0123456789")


def test_a_correction_that_became_known_later_changes_no_row():
    args = RELEASES, features(*range(2010, 2019)), labels(*range(2010, 2017))
    corrections = [
        FeatureSet(cutoff=end(year), known=end(2018), rows=9, seconds=0, run_id="test") for year in (2013, 2014, 2016)
    ]

    corrected = planned(SETTINGS, args[0], [*corrections, *args[1]], args[2])

    assert corrected == planned(SETTINGS, *args)


def test_a_correction_of_the_newest_cutoff_is_a_candidate_of_its_own_with_the_same_model():
    args = RELEASES, features(*range(2010, 2019)), labels(*range(2010, 2017))
    correction = FeatureSet(cutoff=end(2018), known=date(2019, 3, 1), rows=1, seconds=0, run_id="test")

    corrected = planned(SETTINGS, args[0], [correction, *args[1]], args[2])

    assert corrected.window.newest == Cutoff(end(2018), date(2019, 3, 1))
    first = planned(SETTINGS, *args).training_id
    assert gives_the_same_model(corrected.training_id, first)
    assert corrected.training_id == first.replace("2018-12-31-", "2018-12-31@2019-03-01-")


def test_monthly_releases_give_the_window_of_all_at_once():
    """Every month's release was the newest once, so its day has features and, once matured, labels."""
    monthly = [date(y, m, 1) - timedelta(days=1) for y in range(2010, 2019) for m in range(2, 13)]
    released = [replace(release(2010), release_id=str(day), release_date=day) for day in monthly]
    inside = [FeatureSet(cutoff=day, known=day, rows=1, seconds=0, run_id="test") for day in monthly]
    matured = [
        replace(labels(day.year)[0], cutoff=day, known=day.replace(year=day.year + 2, day=28))
        for day in monthly
        if day.year < 2017
    ]
    args = RELEASES, features(*range(2010, 2019)), labels(*range(2010, 2017))

    plan = planned(SETTINGS, [*released, *args[0]], [*inside, *args[1]], [*matured, *args[2]])

    assert plan.window == planned(SETTINGS, *args).window
    assert plan.training_id == planned(SETTINGS, *args).training_id


def test_the_newest_cutoff_is_scored_though_its_year_has_not_ended():
    may = date(2019, 5, 1)
    between = FeatureSet(cutoff=may, known=may, rows=1, seconds=0, run_id="test")

    plan = planned(SETTINGS, RELEASES, [between, *features(*range(2010, 2019))], labels(*range(2010, 2017)))

    assert plan.window.newest == Cutoff(may, may)


def test_a_plan_survives_its_file():
    plan = planned(SETTINGS, RELEASES, features(*range(2010, 2019)), labels(*range(2010, 2017)))

    assert msgspec.json.decode(msgspec.json.encode(plan), type=TrainingPlan) == plan
