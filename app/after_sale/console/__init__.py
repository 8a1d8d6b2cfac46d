"""The pages of after-sale: the list and one case, a new case, what is done to a case, the shop's settings."""

from app.after_sale import batch_acts, reactions, story  # noqa: F401 - registers what follows from events, and the bulk act
from app.after_sale.console.acts import CaseActView
from app.after_sale.console.cases import CaseView
from app.after_sale.console.opening import CaseOpenView
from app.after_sale.console.settings import CaseSettingView
from app.orders import story as order_story

order_story.more.update(story.EVENTS)

VIEWS = (CaseView, CaseOpenView, CaseActView, CaseSettingView)

__all__ = ["VIEWS"]
