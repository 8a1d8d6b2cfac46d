"""The catalogue's pages: products, bulk changes, change sets, categories, images."""

from app.catalog.console.bulk import BulkView
from app.catalog.console.categories import CategoryView
from app.catalog.console.changes import ChangeView
from app.catalog.console.freight import FreightTemplateView
from app.catalog.console.images import ImageView
from app.catalog.console.products import ProductView

VIEWS = [ProductView, BulkView, ChangeView, ImageView, CategoryView, FreightTemplateView]

__all__ = ["VIEWS"]
