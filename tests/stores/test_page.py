import pytest
from jinja2 import UndefinedError

from hotarea.stores.page import rendered


def test_what_a_template_asks_for_and_nobody_gave_is_an_error():
    with pytest.raises(UndefinedError, match="'c' is undefined"):
        rendered("release_report.html")
