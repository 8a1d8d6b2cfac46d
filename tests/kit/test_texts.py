"""Kept translations: every request in its own language, values escaped, jobs in theirs."""

import pytest
from flask import render_template_string
from flask_babel import force_locale, gettext, lazy_gettext

from app.kit import texts
from app.orders.models import OrderStatus
from app.orders.names import LABELS

pytestmark = pytest.mark.usefixtures("app")
SHIPPED = LABELS[OrderStatus.SHIPPED]


@pytest.fixture(autouse=True)
def _quiet():
    yield
    texts.speak(None)


def test_one_sentence_in_two_languages_by_turns() -> None:
    for code, words in [("zh", "已发货"), ("en", "Shipped"), ("zh", "已发货")]:
        texts.speak(code)
        assert (gettext("Shipped"), str(SHIPPED), texts.language()) == (words, words, code)


def test_without_a_request_the_forced_language_holds() -> None:
    with force_locale("en"):
        assert str(SHIPPED) == "Shipped"
    with force_locale("zh"):
        assert str(SHIPPED) == "已发货"


def test_templates_escape_values_but_not_the_sentence(app) -> None:
    with app.test_request_context():
        texts.speak("en")
        page = render_template_string("{{ _('View “%(name)s” & more', name=name) }} {{ _('100%% sure') }}", name="<b>")

    assert page == "View “&lt;b&gt;” & more 100% sure"


def test_lazy_texts_take_values() -> None:
    texts.speak("en")
    assert str(lazy_gettext("At most %(limit)s rows", limit=5)) == "At most 5 rows"


def test_a_page_in_english_does_not_colour_the_next_one(app) -> None:
    client = app.test_client()

    for accept, words in [("en", "Sign in"), ("zh", "登录"), ("en", "Sign in")]:
        assert words in client.get("/login/", headers={"Accept-Language": accept}).text
    assert texts._language.get() is None
