"""Unmanaged models over the benchmark's tables."""

from django.db import models


class Customer(models.Model):
    number = models.CharField(max_length=60)
    name = models.CharField(max_length=120)

    class Meta:
        managed = False
        db_table = "customer"

    def __str__(self):
        return self.name


class Order(models.Model):
    number = models.CharField(max_length=64)
    kind = models.CharField(max_length=32)
    status = models.CharField(max_length=32)
    placed_at = models.DateTimeField()
    country = models.CharField(max_length=60)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.DO_NOTHING)
    units = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    receiver = models.CharField(max_length=120, blank=True)
    address = models.CharField(max_length=300, blank=True)
    staff_note = models.CharField(max_length=500, blank=True)

    class Meta:
        managed = False
        db_table = "orders"
