"""The page of a decision shows every check, every interval and every slice, and runs nothing."""

from dataclasses import replace
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hotarea.domain import coverage, records
from hotarea.domain.evidence import Evidence, Interval
from hotarea.domain.gate import decide
from hotarea.domain.gate_policy import in_force
from hotarea.domain.hindsight import CEILINGS
from hotarea.stages.gate import _told
from hotarea.stores import decision_report
from tests.evidence import CONTESTED, FIRST, POLICY, beaten_by, difference

UNDECIDED = difference(CONTESTED, "champion", average_precision=Interval(0.0, -0.03, 0.03))


def decision(evidence: Evidence) -> records.Decision:
    said = decide(evidence, POLICY)
    return records.Decision(
        training_id=evidence.training_id,
        model_version=evidence.model_version,
        champion_version=evidence.champion_version,
        accepted=said.verdict == "promote",
        verdict=said.verdict.value,
        checks=[_told(check) for check in said.checks],
        reasons=said.reasons,
        metrics=evidence.metrics,
        policy=in_force(POLICY),
        run_id="run",
    )


def page(tmp_path: Path, evidence: Evidence, answer: records.Approval | None = None) -> str:
    return decision_report.write(tmp_path / "page.html", decision(evidence), evidence, answer).read_text()


@pytest.mark.parametrize("evidence", [FIRST, CONTESTED, UNDECIDED, beaten_by(FIRST, "rate"), replace(FIRST, slices={})])
def test_every_check_is_on_the_page_with_its_reason_and_figures(tmp_path, evidence):
    shown = page(tmp_path, evidence)

    for check in decision(evidence).checks:
        assert f">{escape(check['name'])}<" in shown
        assert check["reason"] in unescape(shown)
    assert f'<span class="verdict {decision(evidence).verdict}">' in shown


def test_what_stands_against_the_candidate_comes_first(tmp_path):
    shown = page(tmp_path, UNDECIDED)

    checks = shown[shown.index("<h2>Checks</h2>") :]
    assert checks.index(">held<") < checks.index(">passed<")


def test_intervals_slices_contenders_and_the_policy_are_shown(tmp_path):
    shown = page(tmp_path, UNDECIDED)

    assert '<td class="n">-0.0300<td class="n">+0.0300' in shown
    assert shown.count("<svg") == 1
    assert all(f">{rival}</text>" in shown for rival in UNDECIDED.differences)
    assert all(name in shown for name in (*UNDECIDED.slices, *UNDECIDED.metrics))
    assert "max_p99_ms" in shown
    assert '<td>baselines<td>required<td class="n">rate, rate_1y, cite_count_5y, logistic_regression<' in shown


def test_the_policy_in_force_tells_the_limits_of_the_leakage_guard(tmp_path):
    shown = page(tmp_path, FIRST)

    policy = shown[shown.index("<h2>The policy in force") :]
    assert '<td>leakage<td>max_average_precision<td class="n">0.98<' in policy
    assert '<td>leakage<td>min_documents<td class="n">200<' in policy
    assert all(f'<td>max agreement with {name}<td class="n">{limit}<' in policy for name, limit in CEILINGS.items())


def test_which_features_were_compared_online_is_told_where_it_is_known(tmp_path):
    assert coverage.told(FIRST) in unescape(page(tmp_path, FIRST))
    assert "served online" not in page(tmp_path, replace(FIRST, online_features=None)).split("<h2>Contenders")[1]


def test_the_last_champion_is_among_the_contenders_with_its_version(tmp_path):
    metrics = {**CONTESTED.metrics, "last_champion": {**CONTESTED.metrics["champion"], "average_precision": 0.1234}}
    shown = page(tmp_path, replace(CONTESTED, metrics=metrics, last_champion_version=7))

    contenders = shown[shown.index("<h2>Contenders") : shown.index("<h2>Slices")]
    assert '<td class="name">champion, version 1<' in contenders
    assert '<td class="name">last champion, version 7<td class="n">0.1234' in contenders


def test_who_answered_and_why_is_shown_and_before_that_how_to_answer(tmp_path):
    held = decision(UNDECIDED)
    answer = records.Approval(
        training_id=held.training_id,
        decided_at=held.decided_at,
        model_version=2,
        approved=False,
        by="ada",
        reason="<b>no</b>",
        run_id="r",
    )

    assert f"hotarea approve {held.training_id}" in page(tmp_path, UNDECIDED)
    answered = page(tmp_path, UNDECIDED, answer)
    assert "<b>ada</b> refused it" in answered
    assert "&lt;b&gt;no&lt;/b&gt;" in answered
    assert "hotarea approve" not in answered


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(name for name, _ in attrs)}


def test_names_of_topics_cannot_run_anything(tmp_path):
    wicked = "topic: <script>alert(1)</script><img src=x onerror=alert(2)>"
    tags = Tags()

    tags.feed(page(tmp_path, replace(CONTESTED, slices={wicked: CONTESTED.slices["age: under 2 years"]})))

    assert not tags.found & {"script", "img", "onerror", "src", "href", "link", "iframe"}
