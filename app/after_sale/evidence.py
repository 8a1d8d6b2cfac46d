"""Pictures that prove something in a case: re-encoded before they come here, so that nothing of an upload is kept."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app.after_sale.models import AfterSaleCase, CasePicture, Party
from app.after_sale.reasons import MOST_PICTURES
from app.catalog.pictures import Picture
from app.kit import clock
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation


def add(case: AfterSaleCase, party: Party, pictures: Sequence[Picture], message_id: int | None = None) -> None:
    """Hang pictures on a case. Raises RuleViolation("too_much_proof")."""
    if len(pictures) > MOST_PICTURES:
        raise RuleViolation("too_much_proof", limit=MOST_PICTURES)
    db.session.add_all(
        CasePicture(
            shop_id=case.shop_id,
            case_id=case.id,
            message_id=message_id,
            party=party,
            file=one.file,
            thumb=one.thumb,
            created_at=clock.now(),
        )
        for one in pictures
    )
    db.session.flush()


def get(picture_id: int) -> CasePicture:
    """A picture of a shop in scope. Raises NotFound."""
    row = db.session.scalars(select(CasePicture).where(CasePicture.id == picture_id)).first()
    if row is None:
        raise NotFound("not_found")
    return row


def of(case_id: int) -> list[CasePicture]:
    """The pictures of a case, oldest first."""
    return list(db.session.scalars(select(CasePicture).where(CasePicture.case_id == case_id).order_by(CasePicture.id)))
