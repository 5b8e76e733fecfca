"""What an alert says."""

import pytest

from hotarea.domain.alert import Alert


def test_the_text_has_one_line_per_thing_that_is_known():
    alert = Alert(title="title", what="It failed.", where="release 2012-12-31", observed="40 rows", run_id="r1")
    assert alert.text == "It failed.\nWhere: release 2012-12-31\nObserved: 40 rows\nRun: r1"


def test_an_alert_is_critical_unless_it_says_otherwise():
    assert Alert(title="t", what="w", where="h").severity == "critical"


@pytest.mark.parametrize("title", ["", "  ", "two\nlines"])
def test_a_title_is_one_line(title):
    with pytest.raises(ValueError, match="title of one line"):
        Alert(title=title, what="w", where="h")
