"""PostgreSQL is away; auth service and registry, a process each, both keep their data there."""

from __future__ import annotations

import time
from pathlib import Path

import rows
from load import Load, Prober
from world import BOUND_S, LATE_S, VALIDATE, Auth, Database, dies_within, held_for_the_window, never, registry, window_for

SHORT_OUTAGES = 2


def stopped_and_restarted(scratch: Path, seconds: float) -> list[str]:
    """It ends without a checkpoint, under load, and starts again: a few times at once, and once after a while."""
    window = window_for(seconds)
    database = Database(scratch / "postgres")
    keeps = ("--database-url", database.url())
    auth = Auth(scratch / "auth", *keeps, "--auth-stale-window", str(window))
    served = registry(auth, scratch / "registry", window, *keeps)
    known, dead, late = (auth.mint(name) for name in ("known", "dead", "late"))
    load = Load(served.url, known["api_key"]).start()
    asked = {name: Prober(auth.url, key["api_key"], VALIDATE, "POST") for name, key in (("known", known), ("dead", dead))}
    used = {name: Prober(served.url, key["api_key"]) for name, key in (("known", known), ("late", late))}
    load.until_done(20)
    died = auth.revoke(dead)
    time.sleep(1.5)
    # Each meets other requests in the middle of their commits.
    for _ in range(SHORT_OUTAGES):
        database.crash()
        database.start()
        load.until_done(10)
    database.crash()
    stopped = time.monotonic()
    time.sleep(seconds)
    back = time.monotonic()
    database.start()
    took = load.until_done(15)
    print(f"   writes go on {took:.2f} s after the database accepts connections again")
    time.sleep(6)  # The connections of both services come back one after the other.
    healed = time.monotonic()
    time.sleep(1)
    revoked = auth.revoke(late)
    time.sleep(BOUND_S + LATE_S)
    load.stop()
    for prober in (*asked.values(), *used.values()):
        prober.stop()
    are_up = served.is_up() and auth.is_up()
    served.stop(), auth.stop()
    there, halves = rows.of_postgres(database.url())
    database.stop()
    print(f"   {load.told}; reads {dict(load.reads.statuses)}")
    return [
        *([] if are_up else ["a service is down"]),
        *halves,
        *load.told.compare(there),
        *held_for_the_window(asked["known"], "a known key, at the auth service,", stopped, window, back),
        *dies_within(asked["dead"], "a key revoked before", died, BOUND_S),
        *never(asked["dead"], 200, "a key revoked before", since=stopped),
        *never(used["known"], 401, "a known key at the registry"),
        *never(used["known"], 500, "a known key at the registry"),
        *never(used["known"], 200, "a request that needs the database", since=stopped, until=back),
        *never(used["known"], 503, "a known key, when all is back,", since=healed),
        *dies_within(used["late"], "a key revoked afterwards", revoked, BOUND_S),
        *([] if load.told.slowest_s < 8 else [f"an answer took {load.told.slowest_s:.1f} s"]),
    ]
