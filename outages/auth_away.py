"""The auth service is away; the registry, in a process of its own, goes on."""

from __future__ import annotations

import time
from pathlib import Path

from harness.raw import Connection

import rows
from load import API, Load, Prober
from world import BOUND_S, Auth, dies_within, held_for_the_window, never, registry, window_for


def killed_and_restarted(scratch: Path, seconds: float) -> list[str]:
    """`kill -9` under load; the stale window ends before the service is back."""
    window = window_for(seconds)
    auth = Auth(scratch / "auth", "--auth-stale-window", str(window))
    served = registry(auth, scratch / "registry", window)
    known, dead, doomed, late, unseen = (auth.mint(name) for name in ("known", "dead", "doomed", "late", "unseen"))
    load = Load(served.url, known["api_key"]).start()
    probers = {name: Prober(served.url, key["api_key"]) for name, key in (("known", known), ("dead", dead), ("doomed", doomed), ("late", late))}
    load.until_done(20)
    died = auth.revoke(dead)
    time.sleep(1.5)
    revoked = auth.revoke(doomed)
    auth.kill()
    killed = time.monotonic()
    unknown = Prober(served.url, unseen["api_key"])
    time.sleep(1.5)  # What was heard less than a second ago counts for everything.
    delete = Connection(served.url, known["api_key"]).json("POST", API + "experiments/delete", {"experiment_id": "4711"})
    time.sleep(max(0.0, killed + seconds - time.monotonic()))
    back = time.monotonic()
    auth.start()
    took = load.until_done(10)
    print(f"   writes go on {took:.2f} s after the auth service answers again, {time.monotonic() - back:.2f} s after it was started")
    time.sleep(1.5)
    too_late = auth.revoke(late)
    time.sleep(BOUND_S + 0.5)
    load.stop()
    for prober in (*probers.values(), unknown):
        prober.stop()
    is_up = served.is_up()
    served.stop(), auth.stop()
    there, unsound = rows.of_sqlite(served.data)
    print(f"   {load.told}; reads {dict(load.reads.statuses)}; {probers['known'].was_stale()} answers were marked stale")
    return [
        *([] if is_up else ["the registry is down"]),
        *unsound,
        *load.told.compare(there),
        *held_for_the_window(probers["known"], "a known key", killed, window, back),
        *dies_within(probers["dead"], "a key revoked before", died, BOUND_S),
        *never(probers["dead"], 200, "a key revoked before", since=killed),
        *dies_within(probers["doomed"], "a key revoked in the last moment", revoked, window),
        *never(probers["doomed"], 200, "a key revoked in the last moment, when the service is back,", since=back),
        *dies_within(probers["late"], "a key revoked afterwards", too_late, BOUND_S),
        *never(unknown, 401, "a valid key that was not seen before"),
        *never(unknown, 200, "a valid key that was not seen before", until=back),
        *([] if unknown.statuses(since=back)[200] else ["a valid key that was not seen before does not work afterwards"]),
        *([] if probers["known"].was_stale() else ["no answer was marked stale"]),
        *([] if delete.status == 503 else [f"a deletion on a stale verdict was answered {delete.status}"]),
    ]
