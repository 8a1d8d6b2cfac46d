"""django-import-export with the settings that its documentation names for speed; prints one JSON object.

python -m peers.django_import_export.app FILE.xlsx
"""

import json
import sys
import time
from pathlib import Path

from peers.django_import_export.setting_up import start

start()
from django.db import connection, models  # noqa: E402
from import_export import resources  # noqa: E402
from import_export.formats.base_formats import XLSX  # noqa: E402


class Product(models.Model):
    sku_code = models.CharField(max_length=64, unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    status = models.CharField(max_length=32)
    barcode = models.CharField(max_length=64, blank=True)
    price = models.DecimalField(max_digits=14, decimal_places=2)
    cost = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    stock = models.BigIntegerField()
    low_stock_limit = models.BigIntegerField()

    class Meta:
        app_label = "import_export"
        db_table = "peer_product"


class ProductResource(resources.ModelResource):
    class Meta:
        model = Product
        import_id_fields = ("sku_code",)
        exclude = ("id",)
        use_bulk = True
        batch_size = 1000
        skip_diff = True
        force_init_instance = False


def main():
    with connection.cursor() as cursor:
        cursor.execute("drop table if exists peer_product")
    with connection.schema_editor() as editor:
        editor.create_model(Product)
    started = time.monotonic()
    dataset = XLSX().create_dataset(Path(sys.argv[1]).read_bytes())
    result = ProductResource().import_data(dataset, dry_run=False, use_transactions=True, raise_errors=True)
    seconds = time.monotonic() - started
    print(json.dumps({"rows": len(dataset), "created": result.totals["new"], "seconds": round(seconds, 2)}))


if __name__ == "__main__":
    main()
