"""django-oscar's stock on one hot record: allocate as its checkout does, consume as its shipping does.

python -m peers.oscar.app prepare ON_HAND | client SECONDS

A client says "ready", waits for a line, and prints how often it was done. Each half is a transaction of its own;
`select_related` and a kept connection are the tuning. Availability is asked as `StockRequired` does, before allocating.
"""

import os
import sys
import time
from contextlib import suppress
from urllib.parse import parse_qsl, urlsplit

import django
from django.conf import settings

ADDRESS = urlsplit(os.environ["DATABASE_URL"])
SOCKET = dict(parse_qsl(ADDRESS.query))
OSCAR = {
    "analytics": "Analytics", "checkout": "Checkout", "address": "Address", "shipping": "Shipping",
    "catalogue": "Catalogue", "catalogue.reviews": "CatalogueReviews", "communication": "Communication",
    "partner": "Partner", "basket": "Basket", "payment": "Payment", "offer": "Offer", "order": "Order",
    "customer": "Customer", "search": "Search", "voucher": "Voucher", "wishlists": "Wishlists",
    "dashboard": "Dashboard", "dashboard.reports": "ReportsDashboard", "dashboard.users": "UsersDashboard",
    "dashboard.orders": "OrdersDashboard", "dashboard.catalogue": "CatalogueDashboard",
    "dashboard.offers": "OffersDashboard", "dashboard.partners": "PartnersDashboard",
    "dashboard.pages": "PagesDashboard", "dashboard.ranges": "RangesDashboard",
    "dashboard.reviews": "ReviewsDashboard", "dashboard.vouchers": "VouchersDashboard",
    "dashboard.communications": "CommunicationsDashboard", "dashboard.shipping": "ShippingDashboard",
}  # fmt: skip


def start() -> None:
    """Django and the apps of oscar that its stock needs, without a project."""
    from oscar import defaults

    settings.configure(
        **{name: getattr(defaults, name) for name in dir(defaults) if name.startswith("OSCAR_")},
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": ADDRESS.path[1:],
                "USER": ADDRESS.username,
                "PASSWORD": ADDRESS.password,
                "HOST": SOCKET.get("host", ADDRESS.hostname),
                "PORT": SOCKET.get("port", ADDRESS.port),
                "CONN_MAX_AGE": None,
                "OPTIONS": {"options": "-c search_path=oscar"},  # some of its tables have the names of ours
            }
        },
        INSTALLED_APPS=[
            "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.sites",
            "django.contrib.flatpages", "oscar.config.Shop",
            *(f"oscar.apps.{name}.apps.{kind}Config" for name, kind in OSCAR.items()),
            "haystack", "treebeard", "django_tables2", "widget_tweaks",
        ],
        HAYSTACK_CONNECTIONS={"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
        SITE_ID=1,
        SECRET_KEY="for-measurements-only",
        USE_TZ=True,
    )  # fmt: skip
    django.setup()


start()

from django.core.management import call_command  # noqa: E402
from django.db import IntegrityError, connection, transaction  # noqa: E402
from oscar.apps.partner.exceptions import InvalidStockAdjustment  # noqa: E402
from oscar.core.loading import get_model  # noqa: E402

StockRecord = get_model("partner", "StockRecord")


def prepare(on_hand: int) -> None:
    """Its tables, once, and one record with so many on hand and nothing allocated."""
    with connection.cursor() as cursor:
        cursor.execute("create schema if not exists oscar")
    call_command("migrate", verbosity=0)
    kind, _ = get_model("catalogue", "ProductClass").objects.get_or_create(name="Kind", track_stock=True)
    product, _ = get_model("catalogue", "Product").objects.get_or_create(title="Hot", product_class=kind)
    partner, _ = get_model("partner", "Partner").objects.get_or_create(name="Partner")
    numbers = {"num_in_stock": on_hand, "num_allocated": 0}
    StockRecord.objects.update_or_create(product=product, partner=partner, partner_sku="HOT", defaults=numbers)


def client(seconds: float) -> int:
    """Allocate one, then consume it, until the time is over or nothing is available; how often."""
    records = StockRecord.objects.select_related("product__product_class")
    pk = records.get().pk
    print("ready", flush=True)
    sys.stdin.readline()
    count, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        with transaction.atomic():
            record = records.get(pk=pk)
            if record.net_stock_level < 1:
                break
            record.allocate(1)
        count += 1
        with (
            suppress(InvalidStockAdjustment, IntegrityError),
            transaction.atomic(),
        ):  # where more was allocated than is there
            records.get(pk=pk).consume_allocation(1)
    return count


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(int(sys.argv[2]))
    else:
        print(client(float(sys.argv[2])))
