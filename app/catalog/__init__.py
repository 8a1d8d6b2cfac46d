"""Products, SKUs, categories, and changing many at once."""

from flask_babel import lazy_gettext as _l

from app.kit.errors import MESSAGES

MESSAGES.update(
    {
        "not_undoable": _l("This change cannot be undone: it is not applied, or it has been undone already."),
        "limits_changed": _l("The shop's limits have changed since this preview. Make the preview again."),
        "bad_limits": _l("Give a cut between 0.0001 % and 100 %, and between 1 and 1,000,000 rows."),
        "own_approval": _l("You asked for this change yourself. Somebody else must approve it."),
        "approval_void": _l("This is not what you have seen. Reload the page and look again before you approve."),
        "nothing_left": _l("Every line of this change was written; there is nothing to try again."),
        "not_pending": _l("This change does not wait for approval (any more)."),
        "bad_rule": _l("This rule cannot be read. Fill in the form again."),
        "grid_unreadable": _l("The edits could not be read. Reload the page; what is not saved yet stays kept."),
        "grid_too_many": _l("These are %(count)s cells; at most %(limit)s can be saved at once. Save them in parts."),
        "grid_too_large": _l("These edits are larger than %(limit)s MB. Save them in parts."),
        "grid_nothing": _l("There is nothing to save."),
        "bad_pattern": _l("A pattern must name what tells the new codes apart, such as {code}."),
        "too_many_copies": _l("At most %(limit)s products can be copied at once. Choose fewer."),
        "bad_options": _l("Give one to three options, each with values of its own, none twice."),
        "too_many_variants": _l("These would be %(count)s SKUs; a product has at most %(limit)s."),
        "no_first_sku": _l("The product has no SKU yet to take the price from. Type a price."),
        "bad_zip": _l("This file is no zip that can be read."),
        "too_many_pictures": _l("These are more than %(limit)s pictures. Send them in parts."),
        "no_pictures_sent": _l("Choose a zip, or write at least one code with an address."),
        "plan_past": _l("That time is past. Choose a later one, or change it now."),
        "not_planned": _l("This change is not planned (any more)."),
        "same_field_twice": _l("One field is changed twice here. Put both steps into one change."),
        "no_products_selected": _l("Select at least one product."),
        "product_move": _l("“%(title)s” is “%(from_state)s” and cannot become “%(to_state)s” directly."),
        "no_skus": _l("A product needs at least one SKU before it can go on sale."),
        "draft_refused": _l("Some fields cannot be saved as they are: %(fields)s."),
        "image_unreadable": _l("This file is not a picture that can be read. Send a JPEG, PNG, WebP or GIF."),
        "image_too_large": _l("The picture is larger than %(limit)s MB or has too many pixels."),
        "too_many_images": _l("A product has at most %(limit)s pictures. Delete one first."),
        "category_unknown": _l("There is no such category in this shop."),
        "category_cycle": _l("“%(name)s” cannot stand below itself. Choose another parent."),
        "price_window_over": _l("The end must lie after the start and after now. Choose a later end."),
        "price_window_empty": _l("No price is left: every row was refused, or no SKU was chosen."),
        "price_window_drift": _l("Prices have changed since the preview. Look at it again and save then."),
        "price_window_decided": _l("This price window is cancelled or was rejected. Bring it back or copy it first."),
        "price_window_approved": _l(
            "A second person has agreed to this price window as it is. For a later end or another priority copy it, "
            "so that it is looked at again."
        ),
        "price_window_begun": _l("This price window has begun. End it now instead of cancelling it."),
        "price_window_not_begun": _l("This price window is not running. Cancel it instead."),
        "price_window_not_cancelled": _l("This price window is not cancelled."),
        "sku_not_found": _l("There is no SKU %(code)s in this shop."),
        "category_unknown_path": _l("There is no category “%(path)s” in this shop."),
        "bad_moment": _l("“%(value)s” is not a moment. Write it like 2026-11-23T08:30:00Z."),
        "bad_percent": _l("“%(value)s” is not a percentage. Write it like −12.5; it may have four decimals."),
    }
)
