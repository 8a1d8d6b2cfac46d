"""Which column of a file is which field: guessed by header, corrected by hand, remembered per shop and header."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.imports import kinds
from app.imports.models import ImportKind, SavedMapping
from app.imports.runs import EXTRA
from app.kit import clock
from app.kit.db import db
from app.kit.errors import MESSAGES, RuleViolation
from app.kit.sheets import FieldName, guess_mapping
from app.kit.shop_wall import assert_in_scope

Places = dict[str, int]
"""{field key: column (0-based)}; open-ended columns stand under `option:NAME`."""


def guess(kind: ImportKind, header: Sequence[str]) -> Places:
    """The mapping that the header suggests; fields whose column is in doubt are left out."""
    described = kinds.of(kind)
    extras = {index: name for index, one in enumerate(header) if (name := described.extra_name(one))}
    plain = [one for index, one in enumerate(header) if index not in extras]
    found = guess_mapping(plain, [FieldName(one.key, (*one.synonyms, str(one.label))) for one in described.fields])
    places = {key: header.index(one.header) for key, one in found.items() if one.header}
    return places | {f"{EXTRA}{name}": index for index, name in sorted(extras.items(), reverse=True)}


def suggest(shop_id: int, kind: ImportKind, header: Sequence[str]) -> Places:
    """What the shop has saved for this header, else the guess."""
    saved = select(SavedMapping.mapping).where(
        SavedMapping.shop_id == shop_id, SavedMapping.kind == kind, SavedMapping.header_hash == header_hash(header)
    )
    kept = db.session.scalar(saved)
    return guess(kind, header) if kept is None else dict(kept)


def remember(shop_id: int, kind: ImportKind, header: Sequence[str], places: Places) -> None:
    """Keep the mapping for the next file of this shop with the same header; the last word counts."""
    values = {"mapping": places, "updated_at": clock.now()}
    statement = insert(SavedMapping).values(
        shop_id=assert_in_scope(shop_id), kind=kind, header_hash=header_hash(header), **values
    )
    db.session.execute(statement.on_conflict_do_update(constraint="uq_saved_mapping", set_=values))


def is_saved(shop_id: int, kind: ImportKind, header: Sequence[str]) -> bool:
    """Whether the shop has mapped a file with this header before."""
    saved = select(SavedMapping.id).where(
        SavedMapping.shop_id == shop_id, SavedMapping.kind == kind, SavedMapping.header_hash == header_hash(header)
    )
    return db.session.scalar(saved) is not None


def choices(places: Mapping[str, int]) -> dict[int, str]:
    """For each mapped column what is chosen on the page: the field's key, or `option`."""
    return {index: "option" if key.startswith(EXTRA) else key for key, index in places.items()}


def header_hash(header: Sequence[str]) -> str:
    """One hash for one header, order included."""
    return hashlib.sha256(json.dumps(list(header), ensure_ascii=False).encode()).hexdigest()


def by_choice(kind: ImportKind, header: Sequence[str], choices: Mapping[int, str]) -> Places:
    """The mapping from what was chosen for each column: a field key, `option`, or nothing.

    Raises RuleViolation when a field is chosen twice or is not known.
    """
    described = kinds.of(kind)
    known = {one.key for one in described.fields}
    places: Places = {}
    for index, choice in sorted(choices.items()):
        if not choice or not 0 <= index < len(header):
            continue
        key = f"{EXTRA}{described.extra_name(header[index]) or header[index][:40]}" if choice == "option" else choice
        if choice != "option" and choice not in known:
            raise RuleViolation("mapping_field_unknown", field=choice)
        if key in places:
            raise RuleViolation("mapping_field_twice", field=described.label(key))
        places[key] = index
    return places


def by_header(kind: ImportKind, header: Sequence[str], named: Mapping[str, str]) -> Places:
    """The mapping from {field key: header}, as scripts write it. Raises RuleViolation."""
    for key, name in named.items():
        if header.count(name) != 1:
            raise RuleViolation("mapping_header_unknown", field=key, header=name, count=header.count(name))
    chosen = {header.index(name): key for key, name in named.items()}
    options = {
        index: "option" for index, one in enumerate(header) if index not in chosen and kinds.of(kind).extra_name(one)
    }
    return by_choice(kind, header, chosen | options)


MESSAGES.update(
    {
        "mapping_field_unknown": _l("There is no field “%(field)s”."),
        "mapping_field_twice": _l("Two columns are mapped to “%(field)s”. Choose one of them."),
        "mapping_header_unknown": _l(
            "The header “%(header)s”, wanted for %(field)s, stands %(count)s times in the file."
        ),
    }
)
