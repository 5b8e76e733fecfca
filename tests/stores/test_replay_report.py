"""The page of a replay: every figure is there, and nothing runs or is fetched."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hotarea.stores import figure, replay_plots, replay_report
from tests.domain.test_replay import STEPS, made


@pytest.fixture
def text(tmp_path: Path) -> str:
    replay_report.write(tmp_path / "page.html", made())
    return (tmp_path / "page.html").read_text()


def test_nothing_runs_and_nothing_is_fetched(text):
    assert "<script" not in text
    assert re.findall(r"""(?:src|href)=["'](?!#)""", text) == []
    assert "made up &lt;b&gt;" in text


def test_both_plots_are_images_of_their_own(text):
    images = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(images) == 2
    for image in images:
        ElementTree.fromstring(image)  # noqa: S314 - it is ours
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    assert used <= set(ids)


def test_every_policy_and_every_release_has_its_row(text):
    rows = [re.sub(r"<[^>]+>", " ", row) for row in re.findall(r"<tr>.*?</tr>", text, re.DOTALL)]
    policy = next(row for row in rows if "always promote" in row)
    assert policy.split()[-3:] == ["0.5625", "0.4375", "0.0375"]
    releases = [row.split() for row in rows if re.match(r"\s*20\d\d-12-31", row)]
    assert [row[0] for row in releases] == [str(step.release) for step in STEPS]
    assert releases[1][1:5] == ["v1", "refused", "rate_1y", "0.500"]
    assert releases[3][1:5] == ["v3", "promoted", "v3", "0.600"]
    assert releases[4][1:5] == ["v4", "held", "v3", "0.600"]


def test_drift_is_told_with_its_reason(text):
    assert text.count("drift (alarm): features moved: &lt;0.9&gt;") == 1


def test_the_same_replay_gives_the_same_page(text, tmp_path):
    replay_report.write(tmp_path / "again.html", made())
    assert (tmp_path / "again.html").read_text() == text


def test_a_replay_without_any_candidate_has_a_page(tmp_path):
    young = replace(made(), steps=STEPS[:1], scores=(), ageing=(), staleness={}, verdicts={})
    replay_report.write(tmp_path / "page.html", young)
    assert "No model was old enough to tell." in (tmp_path / "page.html").read_text()


def test_texts_of_a_plot_stay_texts():
    assert "the gate decides" in figure.svg(replay_plots.timeline(made()), "x")
