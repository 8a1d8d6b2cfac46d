"""New prices for known SKUs by django-import-export: preview, then the import; prints one JSON object.

python -m peers.django_import_export.prices FILE.csv
"""

import json
import sys
import time
from pathlib import Path

from django.utils import timezone
from peers.django_import_export.setting_up import start

start()
from django.db import models  # noqa: E402
from import_export import resources  # noqa: E402
from import_export.formats.base_formats import CSV  # noqa: E402


class Sku(models.Model):
    code = models.CharField(max_length=64, unique=True)
    price_minor = models.BigIntegerField()
    version = models.IntegerField()
    updated_at = models.DateTimeField()

    class Meta:
        app_label = "import_export"
        db_table = "sku"
        managed = False


class PriceResource(resources.ModelResource):
    class Meta:
        model = Sku
        import_id_fields = ("id",)
        fields = ("id", "price_minor")
        use_bulk = True
        batch_size = 1000
        skip_unchanged = True
        report_skipped = False

    def before_save_instance(self, instance, row, **kwargs):
        instance.version += 1
        instance.updated_at = timezone.now()


def main():
    text = Path(sys.argv[1]).read_text()
    taken = {}
    for name, dry_run in (("preview", True), ("commit", False)):
        started = time.monotonic()
        dataset = CSV().create_dataset(text)
        result = PriceResource().import_data(dataset, dry_run=dry_run, use_transactions=True, raise_errors=True)
        taken[name] = round(time.monotonic() - started, 2)
    print(json.dumps({"rows": result.totals["update"], **taken}))


if __name__ == "__main__":
    main()
