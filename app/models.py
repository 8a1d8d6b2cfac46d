"""Every table, imported once, for migrations and for mapper configuration."""

from app.after_sale import models as after_sale_models
from app.api_keys import models as api_key_models
from app.catalog import change_models, price_window_models
from app.catalog import models as catalog_models
from app.console import models as console_models
from app.customers import models as customer_models
from app.fulfilment import models as fulfilment_models
from app.imports import charge_codes
from app.imports import models as import_models
from app.insights import models as insight_models
from app.kit import audit, idempotency, jobs, journal
from app.orders import batch_models
from app.orders import models as order_models
from app.orders import side_models as order_side_models
from app.payments import matter_models as payment_matter_models
from app.payments import models as payment_models
from app.shops import models as shop_models
from app.stock import models as stock_models
from app.webhooks import models as webhook_models

__all__ = [
    "after_sale_models",
    "api_key_models",
    "audit",
    "batch_models",
    "catalog_models",
    "change_models",
    "charge_codes",
    "console_models",
    "customer_models",
    "fulfilment_models",
    "idempotency",
    "import_models",
    "insight_models",
    "jobs",
    "journal",
    "order_models",
    "order_side_models",
    "payment_matter_models",
    "payment_models",
    "price_window_models",
    "shop_models",
    "stock_models",
    "webhook_models",
]
