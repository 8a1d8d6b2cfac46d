"""The sales report as a script of pandas and openpyxl: only the sums and the sheets, no styles, no charts.

python pandas_report.py online_retail.csv.gz out.xlsx
"""

import json
import sys
import time
from itertools import pairwise

import pandas as pd

ADDED = ("units", "returned", "gross", "refunds", "adjustments", "net")
OF_LINES = {name: (name, "sum") for name in ADDED}
OF_ORDERS = {"orders": ("sold", "nunique"), "customers": ("buyer", "nunique"), **OF_LINES}


def read(path):
    text = dict.fromkeys(("InvoiceNo", "StockCode", "Description", "CustomerID", "Country"), "str")
    return pd.read_csv(path, dtype=text, parse_dates=["InvoiceDate"], date_format="%Y-%m-%d %H:%M:%S")


def classify(lines):
    micros = (lines.UnitPrice * 1_000_000).round().astype("int64") * lines.Quantity
    pence = (2 * micros.abs() + 10_000) // 20_000  # half up
    lines["net"] = pence.where(micros >= 0, -pence)
    refund = lines.InvoiceNo.str.startswith("C")
    sale = ~refund & (lines.Quantity > 0) & (lines.UnitPrice > 0)
    lines["gross"], lines["refunds"] = lines.net.where(sale, 0), lines.net.where(refund, 0)
    lines["adjustments"] = lines.net - lines.gross - lines.refunds
    lines["units"], lines["returned"] = lines.Quantity.where(sale, 0), (-lines.Quantity).where(refund, 0)
    lines["sold"], lines["buyer"] = lines.InvoiceNo.where(sale), lines.CustomerID.where(sale)
    lines["day"], lines["month"] = lines.InvoiceDate.dt.normalize(), lines.InvoiceDate.dt.strftime("%Y-%m")
    lines["weekday"] = lines.InvoiceDate.dt.day_of_week
    return lines


def breakdowns(lines):
    parts = {}
    for key in ("day", "month", "weekday", "Country", "CustomerID"):
        parts[key] = lines.groupby(key, dropna=False).agg(**OF_ORDERS)
    parts["StockCode"] = lines.groupby("StockCode").agg(title=("Description", "first"), **OF_LINES)
    notes = lines[lines.InvoiceNo.str.startswith("C")]
    parts["refunds"] = notes.groupby("InvoiceNo").agg(
        day=("day", "first"), customer=("CustomerID", "first"), country=("Country", "first"),
        returned=("returned", "sum"), refunds=("refunds", "sum"),
    )  # fmt: skip
    for part in parts.values():
        for money in {"gross", "refunds", "adjustments", "net"} & set(part.columns):
            part[money] = part[money] / 100
    return parts


def main(source, target):
    marks = [time.perf_counter()]
    lines = read(source)
    marks.append(time.perf_counter())
    parts = breakdowns(classify(lines))
    marks.append(time.perf_counter())
    with pd.ExcelWriter(target, engine="openpyxl") as book:
        for name, part in parts.items():
            part.to_excel(book, sheet_name=name)
    marks.append(time.perf_counter())
    told = {name: f"{lines[name].sum() / 100:.2f}" for name in ("gross", "refunds", "net")}
    told |= {"orders": int(lines.sold.nunique()), "customers": int(lines.buyer.nunique())}
    steps = dict(zip(("read", "sums", "sheets"), (b - a for a, b in pairwise(marks)), strict=True))
    print(json.dumps({**told, **steps, "seconds": marks[-1] - marks[0]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
