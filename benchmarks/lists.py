"""Order list, edit form, save and bulk action: Kuaidan beside stock FAB, Flask-Admin and Django admin.

All servers are up together on one database; requests go round-robin, one at a time, so that the machine's mood
falls on all alike. `python -m benchmarks.lists [--quick] [--rounds N] [--only kuaidan,bare]`. Ends with 0 unless
something broke: figures never fail a run.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from pathlib import Path

from sqlalchemy import create_engine, text

from benchmarks import sites
from benchmarks.database import FULL, QUICK, Bench, ready
from benchmarks.measure import Answer, keep, quantiles
from benchmarks.servers import PEERS, ensure_peers, running
from benchmarks.sites import PAGE_ROWS, Site, Subject
from benchmarks.statements import counted

KINDS = {
    "first_page": "order list, first page",
    "first_page_and_counts": "first page + /counts",
    "deep_page": "page {deep:,} rows deep",
    "search": "search for 5 digits",
    "status_filter": "status filter",
    "sort_by_total": "sort by total",
    "edit_form": "open one order",
    "save": "save one order",
    "action_1000": "note on 1,000 orders",
}
LISTS = ("first_page", "deep_page", "search", "status_filter", "sort_by_total")
SITES: dict[str, type[Site]] = {
    site.name: site for site in (sites.Kuaidan, sites.Fab, sites.FlaskAdmin, sites.DjangoAdmin, sites.Bare)
}
Times = dict[str, dict[str, list[float]]]


def subject_of(bench: Bench) -> Subject:
    """The rows that the requests are about."""
    deep = min(500_000, bench.scale.orders // 2)
    engine = create_engine(bench.admin_url)
    with engine.connect() as connection:
        row = connection.execute(
            text("select placed_at, id from orders order by placed_at desc, id desc offset :n limit 1"), {"n": deep - 1}
        ).one()
        ids = connection.scalars(text("select id from orders order by id limit 1000 offset :n"), {"n": deep // 2})
        subject = Subject(deep, (row.placed_at, row.id), deep // 3, list(ids))
    engine.dispose()
    return subject


def expected(bench: Bench, subject: Subject) -> dict[str, list[str]]:
    """The order numbers that each list must show, from SQL."""
    newest = "order by placed_at desc, id desc"
    queries = {
        "first_page": newest,
        "deep_page": f"{newest} offset {subject.deep_rows}",
        "search": f"where number like '%{sites.FRAGMENT}%' {newest}",
        "search, buyers too": f"where number like '%{sites.FRAGMENT}%' or customer_id in "
        f"(select id from customer where number like '%{sites.FRAGMENT}%' or phone like '%{sites.FRAGMENT}%') "
        f"or phone like '%{sites.FRAGMENT}%' {newest}",
        "status_filter": f"where status = '{sites.STATUS}' {newest}",
        "sort_by_total": "order by total_minor desc, id desc",
    }
    engine = create_engine(bench.admin_url)
    with engine.connect() as connection:
        found = {
            kind: list(connection.scalars(text(f"select number from orders {rest} limit {PAGE_ROWS}")))
            for kind, rest in queries.items()
        }
    engine.dispose()
    return found


def check(site: Site, kind: str, answer: Answer, numbers: dict[str, list[str]]) -> None:
    """Raise RuntimeError when the answer is not the page that was asked for."""
    wanted = 302 if kind in ("save", "action_1000") else 200
    if answer.status != wanted or "/login" in answer.location:
        raise RuntimeError(f"{site.name} {kind}: status {answer.status}\n{answer.text[:2000]}")
    if kind not in LISTS:
        return
    if kind == "search" and site.name == "kuaidan":
        kind = "search, buyers too"  # ours looks into customers and SKU codes as well; the others do not
    shown = list(dict.fromkeys(re.findall(r"SO\d{8}", answer.text)))
    same = sorted(shown) == sorted(numbers[kind]) if kind == "sort_by_total" else shown == numbers[kind]
    if not same and not (kind == "sort_by_total" and len(shown) == PAGE_ROWS and shown[0] == numbers[kind][0]):
        raise RuntimeError(f"{site.name} {kind}: shows {shown[:3]}… ({len(shown)}), not {numbers[kind][:3]}…")


BUDGET_SECONDS = 30
"""A site that has spent so long on one kind, with three samples or more, is not asked for it again."""


def measure(all_sites: list[Site], kinds: list[str], rounds: int) -> Times:
    """Milliseconds by site and kind; another site begins each round."""
    times: Times = {site.name: {} for site in all_sites}
    for number in range(rounds):
        order = all_sites[number % len(all_sites) :] + all_sites[: number % len(all_sites)]
        for kind in kinds:
            for site in order:
                _sample(site, kind, times[site.name].setdefault(kind, []))
        print(f"\r  round {number + 1} of {rounds}", end="", flush=True)
    print()
    return {name: {kind: values for kind, values in kinds.items() if values} for name, kinds in times.items()}


def _sample(site: Site, kind: str, values: list[float]) -> None:
    if len(values) >= 3 and sum(values) > BUDGET_SECONDS * 1000:
        return
    answer = site.ask(kind)
    if answer is not None:
        values.append(answer.milliseconds)


def table(times: Times, statements: dict[str, dict[str, int]], deep: int) -> list[str]:
    """The figures as lines of text, with how many times as long as ours each other one takes."""
    names = list(times)
    lines = [f"{'p50 / p95 ms (SQL)':24}" + "".join(f"{name:>24}" for name in names)]
    for kind, title in KINDS.items():
        if kind not in times["kuaidan"]:
            continue
        ours = quantiles(times["kuaidan"][kind])[0]
        cells = []
        for name in names:
            if kind not in times[name]:
                cells.append(f"{'–':>24}")
                continue
            p50, p95 = quantiles(times[name][kind])
            sql = f" ({statements[name][kind]})" if kind in statements[name] else ""
            ratio = "" if name == "kuaidan" else f" {p50 / ours:.1f}×"
            cells.append(f"{f'{p50:.1f} / {p95:.1f}{sql}{ratio}':>24}")
        lines.append(f"{title.format(deep=deep):24}" + "".join(cells))
    return lines


def report(bench: Bench, times: Times, statements: dict[str, dict[str, int]], subject: Subject, started: float) -> Path:
    """Print the figures and keep them as JSON; returns the file."""
    figures = {
        name: {
            kind: dict(zip(("p50", "p95"), quantiles(values), strict=True)) | {"sql": statements[name].get(kind)}
            for kind, values in kinds.items()
        }
        for name, kinds in times.items()
    }
    print("\n".join(table(times, statements, subject.deep_rows)))
    about = {"orders": bench.scale.orders, "rounds": len(times["kuaidan"]["first_page"])}
    about["seconds"] = round(time.monotonic() - started)
    return keep(f"lists-{bench.scale.name}", {"machine": about, "figures": figures, "samples": times})


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="20,000 orders and 3 rounds")
    parser.add_argument("--rounds", type=int, help="requests of each kind to each server (30)")
    parser.add_argument("--only", default=",".join(("kuaidan", *PEERS, "bare")), help="servers, by name")
    options = parser.parse_args()
    started, names = time.monotonic(), tuple(options.only.split(","))
    if set(names) & set(PEERS):
        ensure_peers()
    with ready(QUICK if options.quick else FULL) as bench, running(bench, names) as ports:
        subject = subject_of(bench)
        all_sites = [SITES[name](ports[name], subject) for name in names]
        numbers = expected(bench, subject)
        for site in all_sites:
            site.sign_in()
        kinds = list(KINDS)
        for site in all_sites:  # once to warm up, and to see that everybody shows the same rows
            for kind in kinds:
                if (answer := site.ask(kind)) is not None:
                    check(site, kind, answer, numbers)
        statements = counted(bench, all_sites, kinds)
        times = measure(all_sites, kinds, options.rounds or (3 if options.quick else 30))
        report(bench, times, statements, subject, started)


if __name__ == "__main__":
    sys.exit(main())
