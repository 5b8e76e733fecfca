"""Reports can be read where there is no network and no script."""

import re

import pytest

from expectations.pages import Row, index, self_contained

FOREIGN = """<html><head><title>GX</title>
<script src="https://cdn.example.org/a.js"></script>
<link rel="stylesheet" href="https://cdn.example.org/a.css"/>
<style>@import url(https://cdn.example.org/b.css)</style></head>
<body><img class="logo"
 src="https://cdn.example.org/a.png"/>
<script>
 alert("&lt;")
</script >
<label onclick="showAll()">Show</label>
<a href="../../expectations/citations.html" >citations</a> <a href="../index.html">Home</a>
<td>2 rows, <b>id 5</b></td>
<footer><p>Subscribe to <a href="https://vendor.example.org">news</a></p></footer></body></html>"""


def test_nothing_is_fetched_or_run_and_all_that_is_said_stays():
    page = self_contained(FOREIGN, "documents <1>")
    assert "example.org" not in page
    assert re.search(r"<script|<link|<img|onclick|@import", page) is None
    assert "<td>2 rows, <b>id 5</b></td>" in page
    assert '<a href="../index.html">Home</a>' in page
    assert "citations.html" not in page
    assert "<title>documents &lt;1&gt;</title>" in page
    assert page.count("<title>") == 1


def test_what_has_failed_can_be_seen_without_a_font_of_icons():
    assert '.fa-times::before{content:"\\2718"}' in self_contained(FOREIGN, "t")


@pytest.mark.parametrize(("success", "word"), [(True, "passed"), (False, "failed")])
def test_the_index_is_a_table_with_links(success, word):
    page = index([Row("documents", "<2012>", success, "1 warning", "validations/a%40b.html", "2026-11-20 05:17:00")])
    assert f'<td class="{word}">{word}</td><td>1 warning</td>' in page
    assert '<a href="validations/a%40b.html">&lt;2012&gt;</a>' in page
    assert "http" not in page.replace("http-equiv", "")
