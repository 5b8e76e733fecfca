"""Makes Data Docs readable anywhere: nothing is fetched from elsewhere, no script is needed.

GX's pages take their styles, icons and scripts from public networks. Without those they show not even which check has
failed, and with them anything in the data that a browser takes for a script would run beside Airflow's login.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

_REMOVED = re.compile(
    r"<script\b[^>]*>.*?</script\s*>"
    r"|<style\b[^>]*>.*?</style\s*>"
    r"|<link\b[^>]*>"
    r"|<img\b[^>]*>"
    r"|<footer\b[^>]*>.*?</footer\s*>"
    r"|<title>.*?</title\s*>"
    r"|\son\w+=\"[^\"]*\"",
    re.DOTALL | re.IGNORECASE,
)
_HEAD = re.compile(r"</head\s*>", re.IGNORECASE)
_SUITE_LINK = re.compile(r'<a href="[^"]*expectations/[^"]*"\s*>(.*?)</a>', re.DOTALL)  # pages that are not written

_NOT_ASKED = re.compile(r"Data asset: None<br>|(?<=>)unknown % (not )?null")  # what GX says of what it does not know

_STYLE = """
:root{--line:#d5d9e0;--soft:#f4f6f9;--ok:#1a7f37;--bad:#c62828;--ink:#1f2430}
*{box-sizing:border-box}
body{margin:0;font:15px/1.5 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;color:var(--ink);
background:#fff}
a{color:#0b5cad;text-decoration:none} a:hover{text-decoration:underline}
.navbar.sticky-top{border-bottom:1px solid var(--line);padding:0 1.5rem;display:flex;align-items:center}
.navbar-brand a::before{content:"hotarea";font-weight:600;font-size:1.2rem}
.breadcrumb{list-style:none;display:flex;gap:.5rem;margin:0 0 0 1.5rem;padding:0}
.breadcrumb li+li::before{content:"/ ";color:#8a93a3}
nav nav{display:flex;align-items:center}
.container-fluid.pt-4{padding:1.5rem}
.container-fluid.pt-4>.row{display:flex;gap:2rem;align-items:flex-start}
.container-fluid.pt-4>.row>:first-child{flex:0 0 15rem;position:sticky;top:1rem}
.container-fluid.pt-4>.row>:last-child{flex:1;min-width:0;display:flex;flex-direction:column}
h4{margin:0;font-size:1.15rem} .lead{margin:.2rem 0 1rem;color:#5b6575} h5{margin:0;font-size:1.05rem}
h6,.h6{font-size:.95rem;margin:.6rem 0 .2rem;font-weight:600}
.card{border:1px solid var(--line);border-radius:6px;margin-bottom:1rem} .card-header{background:var(--soft);
padding:.4rem .8rem;border-bottom:1px solid var(--line)} .card-body{padding:.6rem .8rem} .card-text{margin:0 0 .3rem}
.btn{margin-right:.8rem} .nav{list-style:none;margin:0;padding:0} .nav li{padding:.1rem 0}
.ge-section{border:1px solid var(--line);border-radius:6px;padding:0 1rem .6rem;margin-bottom:1rem}
.ge-section{order:1;border-left:4px solid var(--bad)} #section-1{order:0;border-left-color:var(--line)}
.ge-section:has(.hide-succeeded-validations-column-section-target-child){order:2;border-left-color:var(--ok)}
.alert{background:var(--soft);margin:0 -1rem .6rem;padding:.5rem 1rem;border-bottom:1px solid var(--line);
border-radius:6px 6px 0 0}
table{border-collapse:collapse;width:100%;margin:.3rem 0} thead[hidden]{display:none}
th,td{border-bottom:1px solid var(--line);padding:.35rem .6rem;text-align:left;vertical-align:top}
table table{width:auto} [id*="content-block-2-body"] td:first-child{width:14rem}
.ge-section table[data-search]>tbody>tr>td:first-child{width:4rem;font-size:1.1rem}
.ge-section table[data-search]>tbody>tr>td:nth-child(3){width:11rem}
.fa-check-circle::before{content:"\\2714"} .fa-times::before{content:"\\2718"}
.fa-exclamation-triangle::before{content:"\\26A0"} i{font-style:normal}
.text-success,.passed{color:var(--ok)} .text-danger,.failed{color:var(--bad)}
[data-toggle="collapse"],.collapse{display:none}
body:has(#option2:checked) tr:has(>.hide-succeeded-validation-target-child),
body:has(#option2:checked) .ge-section:has(.hide-succeeded-validations-column-section-target-child){display:none}
main{max-width:75rem;margin:2rem auto;padding:0 1.5rem}
@media (max-width:60rem){.container-fluid.pt-4>.row{display:block}}
@media (prefers-color-scheme:dark){:root{--line:#3a4150;--soft:#232833;--ok:#57c274;--bad:#ff7b72;--ink:#e6e9ef}
body{background:#171b22} a{color:#79b8ff}}
"""


@dataclass(frozen=True)
class Row:
    """One line of the index."""

    dataset: str
    subject: str
    success: bool
    failures: str  # how many of which severity; empty if none
    address: str  # relative to the index
    moment: str


def self_contained(page: str, title: str) -> str:
    """Return a page of GX's without what it would fetch or run, and with a style of its own."""
    cleaned = _SUITE_LINK.sub(r"\1", _NOT_ASKED.sub("", _REMOVED.sub("", page)))
    head = f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
    return _HEAD.sub(lambda _: head, cleaned, count=1)


def index(rows: Iterable[Row]) -> str:
    """Return the page that lists validations; GX's own is empty where scripts do not run."""
    lines = "\n".join(
        f'<tr><td class="{_word(row)}">{_word(row)}</td><td>{escape(row.failures)}</td><td>{escape(row.dataset)}</td>'
        f'<td><a href="{escape(row.address)}">{escape(row.subject)}</a></td><td>{escape(row.moment)}</td></tr>'
        for row in rows
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="UTF-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1.0">'
        f"<title>Validations</title><style>{_STYLE}</style></head><body><main>"
        "<h4>Data Docs: validations, the newest first</h4>\n"
        "<table><thead><tr><th>Verdict</th><th>Failed checks</th><th>Dataset</th>"
        "<th>Release or cutoff</th><th>Validated (UTC)</th></tr>"
        f"</thead><tbody>\n{lines}\n</tbody></table></main></body></html>\n"
    )


def _word(row: Row) -> str:
    return "passed" if row.success else "failed"
