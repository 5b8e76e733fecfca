"""The watch over what does not happen: no release, no promotion, an online store that falls behind."""

from contextlib import suppress
from datetime import timedelta

from hotarea.domain.alert import Alert, FailedCheck, Recovery
from hotarea.domain.errors import PublishError
from hotarea.domain.records import Champion, Materialization, Release, Watch, now
from hotarea.domain.settings import Settings
from hotarea.domain.silence import Limits, Quiet, Seen, listen
from hotarea.stages import alert
from hotarea.stores import feature_store
from hotarea.stores.ledger import Ledger

_WHAT = {
    "releases": "No release has come for {age}. Either the source delivers none, or ingest_releases does not run.",
    "promotions": "No model has been promoted for {age}. Either nothing was trained, or the gate refuses all of it.",
    "online_store": "The online store has been behind what has arrived for {age}: people are served old answers. "
    "build_features or score_documents does not run, or its materialize fails.",
}
_SETTINGS = {
    "releases": "HOTAREA_SILENCE_RELEASE_DAYS",
    "promotions": "HOTAREA_SILENCE_PROMOTION_WEEKS",
    "online_store": "HOTAREA_SILENCE_ONLINE_H",
}


def watch(settings: Settings, run_id: str) -> list[Quiet]:
    """Tell of every silence that lasts too long and of every one that is broken; deliver what waits.

    Returns how long each has lasted. Needs no new data, and changes nothing but what was told.
    """
    found = _listened(settings)
    for quiet in found:
        if quiet.is_silent:
            alert.tell(settings, _alert(settings, quiet, run_id))
        else:
            what = f"The silence of the {_plain(quiet)} is broken: {quiet.last}."
            where = f"home {settings.home}"
            alert.settle(settings, Recovery(problem=_problem(quiet), what=what, where=where, run_id=run_id))
    alert.flush(settings)
    return found


def _listened(settings: Settings) -> list[Quiet]:
    from hotarea.stages.score import VIEW

    with Ledger(settings.ledger) as ledger:
        with suppress(PublishError):  # it was watched before
            ledger.add(Watch(watch=1))
        seen = Seen(
            watched_since=ledger.all(Watch)[0].since,
            releases=ledger.all(Release),
            champions=ledger.all(Champion),
            writes=ledger.all(Materialization, store=feature_store.online_store(settings)),
            served_predictions=VIEW,
        )
    limits = Limits(
        release=timedelta(days=settings.silence_release_days),
        promotion=timedelta(weeks=settings.silence_promotion_weeks),
        online=timedelta(hours=settings.silence_online_h),
    )
    return listen(seen, limits, now())


def _alert(settings: Settings, quiet: Quiet, run_id: str) -> Alert:
    return Alert(
        problem=_problem(quiet),
        title=f"hotarea: silence of the {_plain(quiet)}",
        what=_WHAT[quiet.name].format(age=_duration(quiet.age)),
        where=f"home {settings.home}",
        findings=(
            FailedCheck(
                check="silence",
                slice=_plain(quiet),
                expected=f"at most {_duration(quiet.limit)} ({_SETTINGS[quiet.name]})",
                observed=f"{_duration(quiet.age)}; {quiet.last}",
                severity="warning",
            ),
        ),
        run_id=run_id,
        command="hotarea status",
        severity="warning",
    )


def _problem(quiet: Quiet) -> str:
    return f"silence/{quiet.name}"


def _plain(quiet: Quiet) -> str:
    return quiet.name.replace("_", " ")


def _duration(value: timedelta) -> str:
    hours = value.total_seconds() / 3600
    return f"{hours / 24:.3g} days" if hours >= 48 else f"{hours:.3g} hours"
