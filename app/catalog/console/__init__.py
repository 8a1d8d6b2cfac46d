"""The catalogue's pages: products, bulk changes, change sets, categories, images, price windows."""

from app.catalog.console.bulk import BulkView
from app.catalog.console.categories import CategoryView
from app.catalog.console.changes import ChangeView
from app.catalog.console.copies import CopyView
from app.catalog.console.freight import FreightTemplateView
from app.catalog.console.grid import GridView
from app.catalog.console.image_batches import ImageBatchView
from app.catalog.console.images import ImageView
from app.catalog.console.limits import LimitsView
from app.catalog.console.plans import PlanView
from app.catalog.console.price_window_new import PriceWindowDraftView
from app.catalog.console.price_windows import PriceWindowView
from app.catalog.console.products import ProductView
from app.catalog.console.variants import VariantView

VIEWS = [
    ProductView,
    BulkView,
    GridView,
    ChangeView,
    PlanView,
    CopyView,
    VariantView,
    ImageView,
    ImageBatchView,
    LimitsView,
    CategoryView,
    FreightTemplateView,
    PriceWindowView,
    PriceWindowDraftView,
]

__all__ = ["VIEWS"]
