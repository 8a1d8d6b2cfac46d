"""What the grid's page must know to show, read and judge values as the server does: fields, choices, sentences."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from app.catalog import categories, freight, grid, grid_edits
from app.catalog.change_fields import LARGEST, REASONS, ChangeField
from app.catalog.draft_checks import FAULTS
from app.catalog.lifecycle import LABELS, MOVES
from app.catalog.tag_sql import MOST_TAGS, TAG_LONGEST, VALUE_LONGEST
from app.kit import formats
from app.kit.money import exponent
from app.shops.models import Shop


def facts(shop: Shop) -> dict[str, Any]:
    """All of it as JSON values; a few statements, two of them over all of the shop's rows."""
    return {
        "shop": shop.id,
        "currency": {"code": shop.currency, "digits": exponent(shop.currency), "zero": formats.money(0, shop.currency)},
        "head": len(grid.HEAD),
        "fields": [_field(field) for field in grid.fields()],
        "options": grid.member_names("sku", "options", shop.id),
        "attributes": grid.member_names("product", "attributes", shop.id),
        "freight": freight.choices(shop.id),
        "longest": {"tag": TAG_LONGEST, "member": VALUE_LONGEST, "tags": MOST_TAGS},
        "categories": _paths(shop.id),
        "statuses": [[status.value, str(label)] for status, label in LABELS.items()],
        "moves": {status.value: sorted(target.value for target in targets) for status, targets in MOVES.items()},
        "largest": LARGEST,
        "windowMost": grid.WINDOW_MOST,
        "editsMost": grid_edits.EDITS_MOST,
        "words": words(shop),
    }


def _field(field: ChangeField) -> dict[str, Any]:
    return {
        "name": field.name,
        "table": field.table,
        "kind": field.kind.value,
        "label": str(field.label),
        "nullable": field.nullable,
        "longest": field.longest,
    }


def _paths(shop_id: int) -> list[list[Any]]:
    """[id, name, path] of each category; the path as workbooks write it: "Kitchen > Cups"."""
    above: list[str] = []
    found: list[list[Any]] = []
    for node in categories.tree(shop_id):
        above = [*above[: node.depth], node.name]
        found.append([node.id, node.name, " > ".join(above)])
    return found


def words(shop: Shop) -> dict[str, Any]:
    """The sentences that the browser fills in itself: `%(name)s` stays in them; a pair is singular and plural."""
    return {**_refusals(shop), **_columns(), **_notes(), **_counts()}


def _refusals(shop: Shop) -> dict[str, str]:
    """The same sentences that the forms give for the same fault."""
    digits = exponent(shop.currency)
    fine = gettext("%(currency)s takes at most %(digits)s decimals.", currency=shop.currency, digits=digits)
    return {
        "not_amount": gettext("“%(typed)s” is not an amount. Write it like %(example)s."),
        "too_fine": fine if digits else gettext("%(currency)s has no decimals.", currency=shop.currency),
        "not_whole": gettext("“%(typed)s” is not a whole number."),
        "negative": gettext("It cannot be below zero."),
        "too_large": gettext("The number is too large; the most is %(largest)s."),
        "largest_money": formats.money(LARGEST, shop.currency),
        "largest_count": f"{LARGEST:,}",
        "needed": str(FAULTS["needed"]),
        "too_long": gettext("This is too long: %(length)s characters, and %(longest)s are the most."),
        "no_status": gettext("“%(typed)s” is not a status. Choose one of: %(choices)s."),
        "illegal_move": gettext("“%(before)s” cannot become “%(after)s” directly."),
        "no_category": gettext("There is no category “%(typed)s” in this shop."),
        "which_category": gettext("There are several categories “%(typed)s”. Write the whole path, like %(example)s."),
        "no_freight": gettext("There is no freight template “%(typed)s” in this shop."),
        "bad_tag": gettext("“%(tag)s” is no tag: at most %(most)s characters."),
        "many_tags": gettext("A product has at most %(most)s tags."),
        "disagree": gettext("Rows of the same product want different values: “%(one)s” and “%(other)s”."),
        **{f"reason_{code}": str(sentence) for code, sentence in REASONS.items()},
    }


def _columns() -> dict[str, str]:
    return {
        "code": gettext("SKU code"),
        "product": gettext("Product code"),
        "gone": gettext("This row has been deleted."),
        "read_only": gettext("“%(column)s” cannot be changed in the grid."),
        "empty_cell": gettext("empty"),
        "was": gettext("It was: %(value)s"),
        "unsaved": gettext("not saved yet"),
    }


def _notes() -> dict[str, str]:
    return {
        "loading": gettext("Loading …"),
        "loading_rows": gettext("Loading rows: %(done)s of %(total)s"),
        "lost": gettext("Some rows could not be loaded. Check the connection."),
        "lost_order": gettext("The rows could not be loaded. Check the connection."),
        "signed_out": gettext(
            "You have been signed out. Your edits are kept in this browser: sign in again, then go on."
        ),
        "other_person": gettext("Somebody else has signed in here. Reload the page; your edits stay kept for you."),
        "at_cell": gettext("%(code)s, %(column)s: %(value)s"),
        "read_only_left": gettext("Read-only columns were left as they are."),
        "cancelled": gettext("Nothing was pasted."),
        "no_clipboard": gettext("The rows are loaded now. Copy once more."),
        "nothing_to_undo": gettext("There is nothing to undo."),
        "nothing_to_redo": gettext("There is nothing to do again."),
        "undone": gettext("Undone."),
        "redone": gettext("Done again."),
        "no_matches": gettext("No cell holds this."),
        "conflict": gettext("%(who)s changed this to “%(theirs)s” (%(when)s), after you had seen “%(base)s”."),
        "conflict_plain": gettext("Somebody else changed this to “%(theirs)s”, after you had seen “%(base)s”."),
        "refused": gettext("Refused: %(reason)s"),
        "saved": gettext("Saved."),
        "for_approval": gettext("Sent for approval: the rows change when somebody else has agreed."),
        "job_failed": gettext("The change was not carried out. Your edits are still here; try again."),
        "too_many_edits": gettext("At most %(limit)s cells can be saved at once. Undo some, or use a workbook."),
        "fix_first": gettext("Cells with a problem stay here; the others are saved."),
        "only_problems": gettext("Every edited cell has a problem. Nothing can be saved yet."),
        "kept_failed": gettext("This browser keeps no data for us, so unsaved edits are lost when the tab closes."),
        "no_edits": gettext("There is nothing to save."),
    }


def _counts() -> dict[str, list[str]]:
    """Each for one and for many; not ngettext, which would put the number in at once."""
    return {
        "n_rows": [gettext("%(num)s row"), gettext("%(num)s rows")],
        "n_cells": [gettext("%(num)s cell"), gettext("%(num)s cells")],
        "n_save": [gettext("Save %(num)s edit"), gettext("Save %(num)s edits")],
        "n_problems": [gettext("%(num)s problem"), gettext("%(num)s problems")],
        "n_matches": [gettext("%(num)s cell found"), gettext("%(num)s cells found")],
        "n_replaced": [gettext("%(num)s cell replaced"), gettext("%(num)s cells replaced")],
        "n_kept": [
            gettext("%(num)s edit from %(time)s is not saved yet."),
            gettext("%(num)s edits from %(time)s are not saved yet."),
        ],
        "n_pasted": [gettext("%(num)s cell pasted."), gettext("%(num)s cells pasted.")],
        "n_bad": [gettext("%(num)s has a problem."), gettext("%(num)s have a problem.")],
        "n_overflow_rows": [gettext("%(num)s row does not fit."), gettext("%(num)s rows do not fit.")],
        "n_overflow_columns": [gettext("%(num)s column does not fit."), gettext("%(num)s columns do not fit.")],
        "n_change": [gettext("Change %(num)s cell"), gettext("Change %(num)s cells")],
        "n_conflicts": [
            gettext("%(num)s cell was changed by somebody else"),
            gettext("%(num)s cells were changed by somebody else"),
        ],
        "n_dropped": [
            gettext("%(num)s edit discarded; Ctrl Z brings it back."),
            gettext("%(num)s edits discarded; Ctrl Z brings them back."),
        ],
        "n_saved": [gettext("%(num)s cell saved."), gettext("%(num)s cells saved.")],
    }
