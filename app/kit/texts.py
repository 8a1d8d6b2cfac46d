"""Translated texts, found once and kept: a list page shows two hundred of them."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from flask import Flask
from flask_babel import Domain, force_locale, get_babel, get_locale
from markupsafe import Markup

_language: ContextVar[str | None] = ContextVar("language", default=None)


def speak(code: str | None) -> None:
    """Fix the language for the rest of a request; None leaves it to Flask-Babel again."""
    _language.set(code)


def language() -> str:
    """The language of the request or job: `zh` or `en`."""
    return _language.get() or str(get_locale() or "zh")


class Catalogue(Domain):
    """Flask-Babel's domain, with the sentences of each language kept once they have been found."""

    def __init__(self) -> None:
        super().__init__()
        self._plain: dict[tuple[str, str], str] = {}
        self._markup: dict[tuple[str, str], Markup] = {}

    def gettext(self, string: str, **variables: Any) -> str:
        """A sentence in the language of the request."""
        key = (language(), string)
        found = self._plain.get(key)
        if found is None:
            with force_locale(key[0]):
                found = self._plain[key] = str(self.get_translations().ugettext(string))
        return found % variables if variables else found

    def markup(self, text: str, **variables: Any) -> Markup:
        """The same for templates: the sentence is ours, the values are escaped, `%%` is a percent sign."""
        key = (language(), text)
        found = self._markup.get(key)
        if found is None:
            found = self._markup[key] = Markup(self.gettext(str(text)))  # noqa: S704 - translations are ours
        if variables:
            return found % variables
        return found.replace("%%", "%") if "%%" in found else found


def init_app(app: Flask) -> None:
    """Take the place of Flask-Babel's domain and of the templates' `_`; after Babel has been set up."""
    catalogue = Catalogue()
    get_babel(app).instance.domain_instance = catalogue
    app.jinja_env.globals["_"] = catalogue.markup
    app.teardown_request(lambda error: speak(None))
