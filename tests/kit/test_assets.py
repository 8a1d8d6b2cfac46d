"""Icons: drawn within the page, so that a style sheet reaches them."""

import re

import pytest

from app.kit import assets


def test_an_outline_is_drawn_by_the_pen_that_the_icon_names_once() -> None:
    drawn = assets.icon("plus", 16)

    assert drawn.startswith('<svg class="icon" width="16" height="16" viewBox="0 0 24 24" fill="none" ')
    assert drawn.endswith('aria-hidden="true"><path d="M12 5v14m-7-7h14"/></svg>')
    assert re.findall(r'stroke[a-z-]*="[^"]+"', drawn) == [
        'stroke="currentColor"',
        'stroke-width="2"',
        'stroke-linecap="round"',
        'stroke-linejoin="round"',
    ]


def test_a_filled_icon_has_the_colour_of_the_text_and_no_line() -> None:
    drawn = assets.icon("filled/flag")

    assert re.findall(r'(?:fill|stroke)="[^"]+"', drawn) == ['fill="currentColor"', 'stroke="none"']
    assert drawn != assets.icon("flag")


def test_an_icon_that_does_not_exist_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError, match="no-such-drawing"):
        assets.icon("no-such-drawing")
