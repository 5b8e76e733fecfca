"""Lists are read at once exactly where reading them one by one would find nothing wrong, and to the same numbers."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hotarea.domain import reference_lists
from hotarea.domain.reference_lists import ReferenceLists
from hotarea.domain.rejects import Reason

URL = "https://openalex.org/W"

usual = st.integers(1, 10**16 - 1).map(lambda number: f"{URL}{number}")
odd = st.sampled_from(
    [
        *(
            "W7",
            "w7",
            "",
            URL,
            f"{URL}0",
            f"{URL}007",
            f"{URL}12x",
            f"{URL}-5",
            f"{URL}1{URL}2",
            "http://openalex.org/W3",
        ),
        *(f"{URL}{'9' * digits}" for digits in (8, 9, 16, 17, 18, 19)),
        *(f"{URL}1:", f"{URL}1/", f'{URL}1"', f"{URL}1\\", f"{URL}\uff11", f'"{URL}4', "x" * 40),
        *(None, 5, 1.5, True, [], {}, [f"{URL}6"], {f"{URL}7": f"{URL}8"}),
    ]
)
lists = st.lists(usual, max_size=4) | st.lists(usual | odd, max_size=4) | odd


def raw(value: Any, *, blanks: bool = False) -> msgspec.Raw:
    """Return a value as JSON, as OpenAlex writes it (no blanks) or with blanks."""
    return msgspec.Raw(json.dumps(value, separators=None if blanks else (",", ":")).encode())


@settings(deadline=None, derandomize=True)
@given(st.lists(st.lists(usual, max_size=5), max_size=6))
def test_lists_of_the_usual_form_are_read_at_once(given_lists: list[list[str]]) -> None:
    found = reference_lists._at_once([raw(texts) for texts in given_lists])
    assert found is not None
    lengths, cited = found
    assert lengths.tolist() == [len(texts) for texts in given_lists]
    assert cited.to_pylist() == [int(text.removeprefix(URL)) for texts in given_lists for text in texts]


@settings(deadline=None, derandomize=True)
@given(st.lists(lists, max_size=6), st.booleans())
@example([{}], False)
@example([f"{URL}1", [f"{URL}1", 5]], False)  # as many bytes as two lists of one each would have
@example([5, [[]]], False)
@example([{f"{URL}7": f"{URL}8"}], False)
@example([[f'{URL}1",{URL}2']], False)
def test_what_is_read_at_once_is_what_is_found_one_by_one(given_lists: list[Any], blanks: bool) -> None:
    values = [raw(value, blanks=blanks) for value in given_lists]
    at_once, careful = reference_lists._at_once(values), ReferenceLists._one_by_one(values)
    if at_once is not None:
        assert not careful.wrong
        assert (at_once[0].tolist(), at_once[1].to_pylist()) == (careful.lengths.tolist(), careful.cited.to_pylist())
    found = ReferenceLists.of(values)
    assert (found.lengths.tolist(), found.cited.to_pylist()) == (careful.lengths.tolist(), careful.cited.to_pylist())
    assert found.wrong == careful.wrong


@pytest.mark.parametrize(
    ("value", "reason", "told"),
    [
        (b"null", Reason.NO_REFERENCES, "null or missing; expected a list"),
        (b"{}", Reason.WRONG_TYPE, "Expected `array | null`, got `object` - at `$.referenced_works`"),
        (b'["W1",5]', Reason.WRONG_TYPE, "Expected `str`, got `int` - at `$.referenced_works[1]`"),
        (b'["W1","W2x","W"]', Reason.BAD_REFERENCE, "reference 'W2x'; expected https://openalex.org/W"),
        (rb'["\ud800"]', Reason.BROKEN_JSON, "expected a list of texts"),
    ],
)
def test_a_list_that_cannot_be_used_is_told_and_the_others_are_read(value: bytes, reason: Reason, told: str) -> None:
    found = ReferenceLists.of([raw([f"{URL}3"]), msgspec.Raw(value), raw([f"{URL}4", "W5"])])
    assert (found.wrong.keys(), found.wrong[1].reason) == ({1}, reason)
    assert told in found.wrong[1].detail
    assert (found.lengths[0], found.lengths[2]) == (1, 2)
    assert (found.cited.to_pylist()[0], found.cited.to_pylist()[-2:]) == (3, [4, 5])
