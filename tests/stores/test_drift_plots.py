"""The bars of the drift report: as high as the shares, and named by their bins."""

import itertools
from xml.etree import ElementTree

import pytest

from hotarea.domain.drift_reference import Bins
from hotarea.stores import drift_plots

SVG = "{http://www.w3.org/2000/svg}"
BEFORE = Bins((float("-inf"), 0.5, 1.25, float("inf")), (0.5, 0.3, 0.2, 0.0))
NOW = Bins(BEFORE.edges, (0.1, 0.2, 0.3, 0.4))


def heights(svg: str, colour: str) -> list[float]:
    bars = ElementTree.fromstring(svg).iter(f"{SVG}rect")  # noqa: S314 - our own text
    return [float(bar.get("height", "")) for bar in bars if bar.get("fill") == colour]


@pytest.mark.parametrize(("bins", "colour"), [(BEFORE, drift_plots.BEFORE), (NOW, drift_plots.NOW)])
def test_bars_are_as_high_as_the_shares(bins: Bins, colour: str) -> None:
    found = heights(drift_plots.bars(BEFORE, NOW), colour)

    unit = max(heights(drift_plots.bars(BEFORE, NOW), drift_plots.BEFORE)) / 0.5
    assert found == pytest.approx([share * unit for share in bins.shares], abs=0.01)


def test_each_pair_is_named_by_where_its_bin_begins_and_the_last_is_the_nulls():
    texts = ElementTree.fromstring(drift_plots.bars(BEFORE, NOW)).iter(f"{SVG}text")  # noqa: S314 - our own text

    assert [text.text for text in texts] == ["-inf", "0.5", "1.2", "null"]


def test_bars_stay_within_their_picture_and_beside_each_other():
    root = ElementTree.fromstring(drift_plots.bars(BEFORE, NOW))  # noqa: S314 - our own text
    _, _, width, height = map(float, root.get("viewBox", "").split())
    placed = [{k: float(bar.get(k, "")) for k in ("x", "y", "width", "height")} for bar in root.iter(f"{SVG}rect")]

    assert all(b["x"] >= 0 and b["x"] + b["width"] <= width and 0 <= b["y"] <= height for b in placed)
    assert all(a["x"] + a["width"] <= b["x"] + 0.01 for a, b in itertools.pairwise(placed))


def test_shares_that_are_all_zero_draw_no_bars():
    none = Bins(BEFORE.edges, (0.0,) * 4)

    assert set(heights(drift_plots.bars(none, none), drift_plots.NOW)) == {0.0}
