"""The route behind the search box of the top bar."""

from __future__ import annotations

from typing import Any

from flask import g, jsonify, request

from app.console import access, search
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit.assets import icon
from app.kit.permissions import Noun, Verb


class SearchView(ConsoleBase):
    """`/search?q=`."""

    noun = Noun.HOME
    route_base = "/search"

    @expose("/")
    @needs(Noun.HOME, Verb.READ)
    def find(self) -> Any:
        """Groups of hits as JSON; nothing of another shop and nothing that the role may not read."""
        if g.shop is None:
            return jsonify(groups=[])
        groups = search.find(request.args.get("q", ""), access.current_shop())
        return jsonify(
            groups=[
                {
                    "label": label,
                    "hits": [
                        {"text": hit.text, "hint": hit.hint, "url": hit.url, "icon": icon(hit.icon, 18)} for hit in hits
                    ],
                }
                for label, hits in groups
            ]
        )
