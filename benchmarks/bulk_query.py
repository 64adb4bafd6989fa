"""How a large object is read by bulk query and by ordinary queries, over the simulated org in a process of its own.

    python benchmarks/bulk_query.py [rows] [latency in ms] [rounds]      # default 100,000, 0 and 3

Prints, per way, the median of wall seconds, of CPU seconds of the reader alone, and the calls; then the ratios.
Both ways are read in turns within one run: compare ratios of one run, not absolute times. A bulk query
waits in Salesforce for its turn, which no benchmark over a simulator shows.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime

from connectors.batches import Column
from connectors.salesforce import Salesforce, SalesforceSettings
from simulator.dataset import Dataset
from simulator.salesforce_switches import SalesforceSwitches
from simulator.server import Simulator, Switches

STAMP = "2026-11-01T08:00:00.000+0000"
COLUMNS = (
    Column("Id", "id"),
    Column("AccountId", "id"),
    Column("OwnerId", "id"),
    Column("Name", "text"),
    Column("StageName", "text"),
    Column("Description", "text"),
    Column("Amount", "decimal"),
    Column("IsDeleted", "boolean"),
    Column("IsClosed", "boolean"),
    Column("CloseDate", "date"),
    Column("CreatedDate", "timestamp"),
    Column("SystemModstamp", "timestamp"),
)


def main() -> None:
    numbers = [int(word) for word in sys.argv[1:]]
    rows, latency, rounds = [*numbers, *(100_000, 0, 3)[len(numbers) :]]
    server = subprocess.Popen(
        [sys.executable, __file__, "serve", str(rows), str(latency)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        url = server.stdout.readline().strip()
        taken: dict[str, list[tuple[float, float, int]]] = {"ordinary": [], "bulk": []}
        for _ in range(rounds):
            taken["ordinary"].append(read(url, rows, bulk_above=None))
            taken["bulk"].append(read(url, rows, bulk_above=0))
    finally:
        server.stdin.close()
        server.wait()
    print(f"{rows:,} rows of {len(COLUMNS)} columns, {latency} ms latency, median of {rounds}")
    middle = {
        way: [statistics.median(each) for each in zip(*runs, strict=True)] for way, runs in taken.items()
    }
    for way, (wall, cpu, calls) in middle.items():
        print(f"{way:<10} {wall:8.2f} s wall {cpu:8.2f} s CPU {calls:8.0f} calls")
    ratios = (bulk / ordinary for bulk, ordinary in zip(middle["bulk"], middle["ordinary"], strict=True))
    print("bulk against ordinary: {:.2f}x wall, {:.2f}x CPU, {:.2f}x calls".format(*ratios))


def read(url: str, rows: int, *, bulk_above: int | None) -> tuple[float, float, int]:
    settings = SalesforceSettings(url, "access_token", access_token="simulator")
    # The waits for the job are Salesforce's time, not the reader's.
    client = Salesforce(settings, sleep=lambda _: None)
    wall, cpu = time.perf_counter(), time.process_time()
    found = sum(
        batch.table.num_rows for batch in client.batches("Opportunity", COLUMNS, bulk_above=bulk_above)
    )
    taken = time.perf_counter() - wall, time.process_time() - cpu, client.calls.read
    client.close()
    if found != rows:
        raise SystemExit(f"{found:,} of {rows:,} rows came")
    return taken


def serve(rows: int, latency: int) -> None:
    """Until the parent closes our standard input."""
    switches = Switches(salesforce=SalesforceSwitches(daily_limit=10**9))
    with Simulator(
        Dataset(salesforce={"Opportunity": [opportunity(number) for number in range(rows)]}),
        now=datetime(2026, 11, 22, 8, tzinfo=UTC),
        latency=latency / 1000,
        switches=switches,
    ) as simulator:
        print(simulator.salesforce_url, flush=True)
        sys.stdin.read()


def opportunity(number: int) -> dict[str, object]:
    return {
        "Id": f"006{number:012d}AAA",
        "AccountId": f"001{number % 5000:012d}AAA",
        "OwnerId": f"005{number % 50:012d}AAA",
        "Name": f'Größe, "{number}" and more',
        "StageName": "Prospecting",
        "Description": f"First line {number}\nsecond line, with a comma" if number % 3 else None,
        "Amount": number * 1.25,
        "IsClosed": number % 2 == 0,
        "CloseDate": f"2026-{number % 12 + 1:02d}-15",
        "CreatedDate": STAMP,
        "SystemModstamp": STAMP,
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
