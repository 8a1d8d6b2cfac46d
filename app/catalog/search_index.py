"""The indexes that product search reads: a bulk write leaves their sorting to a job of its own.

GIN indexes keep new entries in a list that is read whole by every search and sorted in when it is full. With the
usual 4 MB, 200,000 new products sort it in dozens of times, while everybody waits for the import.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kit import jobs

TIDY = "tidy_search_index"
INDEXES = ("ix_product_title_trgm", "ix_product_code_trgm", "ix_product_tags", "ix_sku_code_trgm")
MANY_ROWS = 20_000
_LIST = "256MB"


def put_off(session: Session, shop_id: int) -> None:
    """Within a transaction that writes `MANY_ROWS` or more: sort later, in a job that this one wants."""
    session.execute(text(f"set local gin_pending_list_limit = '{_LIST}'"))
    jobs.enqueue(TIDY, shop_id, key=f"{TIDY}:{shop_id}")


def tidy(session: Session) -> int:
    """Sort in what waits; gives how many pages of it there were. Twice is once, and autovacuum does it, too."""
    counts = [session.scalar(text(f"select gin_clean_pending_list('{name}')")) for name in INDEXES]
    return sum(count or 0 for count in counts)
