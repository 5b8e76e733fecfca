"""What people are told of a changed world and of fallen performance: once when it begins, and once when it is over."""

from hotarea.domain.alert import Alert, FailedCheck, Recovery
from hotarea.domain.finding import Finding
from hotarea.domain.live_performance import RIVAL, told
from hotarea.domain.records import DriftCheck, LivePerformance
from hotarea.domain.settings import Settings
from hotarea.stages import alert, report_links

WORLD = "drift/world"
PERFORMANCE = "performance/live"


def checked(settings: Settings, check: DriftCheck) -> None:
    """Tell of a check with an alarm, or that the alarm is over."""
    where = f"cutoff {check.cutoff}, {_who(check.model_version)}"
    page = report_links.address(settings, check.report)
    if not check.alarms:
        what = f"Cutoff {check.cutoff} is within what {_who(check.model_version)} learned from."
        recovery = Recovery(problem=WORLD, what=what, where=where, run_id=check.run_id, report=page)
        alert.settle(settings, recovery)
        return
    alert.tell(
        settings,
        Alert(
            problem=WORLD,
            title=f"hotarea: the world has drifted from {_who(check.model_version)}",
            what=f"At cutoff {check.cutoff} the data has left {check.reference}. Corrections of known documents do not "
            "count in this. A training is asked for; the champion stays in service.",
            where=where,
            findings=tuple(_failed(check, finding) for finding in findings(check)),
            report=page,
            file=check.report,
            run_id=check.run_id,
            command="hotarea triggers",
            severity="warning",
        ),
    )


def findings(check: DriftCheck) -> list[Finding]:
    """Return what is over its limits: a warning where it is an alarm, else for information."""
    return [
        Finding(
            check=f"drift_{aspect}",
            severity="warning" if aspect in check.alarms else "info",
            column=aspect,
            expected=f"what {check.reference} had, within the limits of policy/drift.toml",
            observed=reason,
        )
        for aspect, reason in zip(check.over, check.reasons, strict=True)
    ]


def measured(settings: Settings, live: LivePerformance) -> None:
    """Tell of predictions that lost more than the baseline since the evaluation, or that they do as promised again."""
    where = f"predictions of version {live.model_version} at cutoff {live.cutoff}"
    if not live.dropped:
        _over(settings, f"It is {told(live)} at the evaluation.", where, live.run_id)
        return
    alert.tell(
        settings,
        Alert(
            problem=PERFORMANCE,
            title=f"hotarea: version {live.model_version} does worse than it promised",
            what=f"The labels of published predictions have matured. {_not_the_year(live)} A training is asked for; "
            "the champion stays in service.",
            where=where,
            findings=(
                FailedCheck(
                    check="live_performance",
                    slice="average precision",
                    subject=f"version {live.model_version}",
                    expected=f"{_lead(live.expected, live.expected_rival)}, as at its evaluation, less live.drop of "
                    "policy/drift.toml",
                    observed=f"{told(live)}: {live.rows} of them, {live.hot} hot",
                    severity="warning",
                ),
            ),
            run_id=live.run_id,
            command="hotarea triggers",
            severity="warning",
        ),
    )


def serves_well(settings: Settings, version: int, run_id: str) -> None:
    """Tell that the problem is over, if there is one: no measurement of the version in service falls short."""
    what = f"Version {version} is in service, of which no measurement falls short of its promise."
    _over(settings, what, f"champion version {version}", run_id)


def _over(settings: Settings, what: str, where: str, run_id: str) -> None:
    alert.settle(settings, Recovery(problem=PERFORMANCE, what=what, where=where, run_id=run_id))


def _not_the_year(live: LivePerformance) -> str:
    if live.expected_rival is None:
        return f"They were worse than the evaluation; how {RIVAL} did there is not known, so the year may be hard."
    return f"The model has lost its lead over {RIVAL} on the same documents, which a hard year alone does not explain."


def _lead(model: float, rival: float | None) -> str:
    return f"about {model:.3f}" if rival is None else f"{model - rival:+.3f} to {RIVAL}"


def _failed(check: DriftCheck, finding: Finding) -> FailedCheck:
    return FailedCheck(
        check=finding.check,
        slice=finding.column,
        subject=f"cutoff {check.cutoff}",
        expected=finding.expected,
        observed=finding.observed,
        severity="warning",
    )


def _who(version: int) -> str:
    return f"champion version {version}" if version else "the years before"
