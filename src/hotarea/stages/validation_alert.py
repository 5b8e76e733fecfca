"""What people are told of validations: one alert per dataset that failed or warned, and one when it passes again."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, Literal

from hotarea.domain import subjects
from hotarea.domain.alert import Alert, FailedCheck, Recovery
from hotarea.domain.records import Problem, Validation
from hotarea.domain.settings import Settings
from hotarea.stages import alert, report_links

_TOLD = ("critical", "warning")

_KINDS = {"document_features": "cutoff", "predictions": "cutoff", "training_set": "training"}
"""Of what a dataset's subjects are, where they are no releases."""


def tell(settings: Settings, outcomes: Sequence[Validation], *, in_service: bool, whole: bool = False) -> str:
    """Tell what failed, what warned and what passes again; return the problem of the first failure, "" if none.

    `in_service` says that published data was judged again, and not data that waits for its publication; `whole` that
    it was all of its datasets that is in service.
    """
    problems = [
        _tell_dataset(settings, dataset, list(judged), in_service=in_service, whole=whole)
        for dataset, judged in groupby(sorted(outcomes, key=lambda v: v.dataset), key=lambda v: v.dataset)
    ]
    return next(filter(None, problems), "")


def _tell_dataset(
    settings: Settings, dataset: str, outcomes: list[Validation], *, in_service: bool, whole: bool
) -> str:
    failing, warning = f"{'published' if in_service else 'validation'}/{dataset}", f"warnings/{dataset}"
    failed = [v for v in outcomes if not v.success]
    if failed:
        alert.tell(settings, _alert(settings, failing, failed, in_service=in_service), _subjects(failed))
        return failing
    warned = [v for v in outcomes if any(f["severity"] == "warning" for f in v.failures)]
    is_over = partial(_is_over, dataset, _subjects(outcomes), in_service=in_service, whole=whole)
    _settle(settings, failing, outcomes, "passes validation again.", is_over)
    if warned:
        alert.tell(settings, _alert(settings, warning, warned, in_service=in_service), _subjects(warned))
    else:
        _settle(settings, warning, outcomes, "passes validation without warnings again.", is_over)
    return ""


def _is_over(dataset: str, passed: list[str], problem: Problem, *, in_service: bool, whole: bool) -> bool:
    """Whether all that a problem is about has passed, or takes no part any more.

    What was rejected is often delivered again under a later date, and does not come back under its own. What is not
    in service any more, as after a training or a rollback, is not judged again.
    """
    if set(problem.subjects) <= set(passed):
        return True
    if in_service:
        return whole or dataset in subjects.ALONE
    return subjects.reach(dataset, passed, problem.subjects)


def _settle(
    settings: Settings, problem: str, outcomes: list[Validation], what: str, is_over: Callable[[Problem], bool]
) -> None:
    """Close a problem that is over."""
    current, last = alert.is_open(settings, problem), outcomes[-1]
    if current is not None and is_over(current):
        report = report_links.address(settings, last.report)
        said = Recovery(
            problem=problem,
            what=f"{last.dataset} {what}",
            where=_where(outcomes),
            run_id=last.run_id,
            report=report,
        )
        alert.settle(settings, said)


def _alert(settings: Settings, problem: str, judged: Sequence[Validation], *, in_service: bool) -> Alert:
    first = judged[0]
    rejected, many = not first.success, len(judged) > 1
    name = f"{first.dataset} {first.subject}" + (f" and {len(judged) - 1} more" if many else "")
    return Alert(
        problem=problem,
        title=f"hotarea: {name} {'failed validation' if rejected else 'passed with warnings'}",
        what=f"{name} {_consequence(rejected=rejected, in_service=in_service, many=many)}.",
        where=_where(judged),
        findings=tuple(_findings(judged)),
        report=report_links.address(settings, first.report),
        file=first.report,
        run_id=first.run_id,
        command=_command(problem, first, in_service=in_service),
        severity="critical" if rejected else "warning",
    )


def _consequence(*, rejected: bool, in_service: bool, many: bool) -> str:
    if not rejected:
        return "passed with warnings"
    if in_service and many:
        return "are in service and no longer pass; build them again"
    if in_service:
        return "is in service and no longer passes; build it again"
    return f"{'were' if many else 'was'} rejected; the data in service stays as it was"


def _findings(judged: Iterable[Validation]) -> list[FailedCheck]:
    """Return what failed in all that was judged, critical checks first."""
    found = [_finding(v, f) for v in judged for f in v.failures if f["severity"] in _TOLD]
    return sorted(found, key=lambda finding: _TOLD.index(finding.severity))


def _finding(judged: Validation, failure: Mapping[str, Any]) -> FailedCheck:
    severity: Literal["critical", "warning"] = "critical" if failure["severity"] == "critical" else "warning"
    return FailedCheck(
        check=failure["check"],
        slice=failure.get("slice") or failure["column"] or "all rows",
        subject=judged.subject,
        expected=failure["expected"],
        observed=failure["observed"],
        examples=tuple(dict.fromkeys(map(_example, failure["examples"]))),
        severity=severity,
    )


def _example(example: Any) -> str:
    """Return the ids that lead to a row, and what is wrong with it; a value where rows have no ids."""
    if not isinstance(example, dict):
        return str(example)
    ids = ", ".join(f"{name} {value}" for name, value in example.items() if name.endswith("_id"))
    wrong = ", ".join(_value(name, value) for name, value in example.items() if not name.endswith("_id"))
    return f"{ids} ({wrong})" if ids and wrong else ids or wrong


def _value(name: str, value: Any) -> str:
    """Return a value by its column; a finding is a sentence already."""
    return value if isinstance(value, str) and " is " in value else f"{name} {value}"


def _command(problem: str, first: Validation, *, in_service: bool) -> str:
    if first.dataset == "releases":
        return f"hotarea releases compare {first.subject}"
    if in_service:
        return f"hotarea validate --dataset {first.dataset} --subject {first.subject}"
    return f"hotarea alerts show {problem}"


def _where(judged: Sequence[Validation]) -> str:
    kind = _KINDS.get(judged[0].dataset, "release")
    return f"dataset {judged[0].dataset}, {kind}{'s' if len(judged) > 1 else ''} {', '.join(_subjects(judged))}"


def _subjects(judged: Iterable[Validation]) -> list[str]:
    return sorted({v.subject for v in judged})
