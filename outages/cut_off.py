"""One of two registry replicas is cut off by a firewall that drops packets without a word."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path

import rows
from load import Load, Prober
from world import AUTH_NAME, BOUND_S, FAR, LATE_S, NEAR, Auth, Database, Door, Network, dies_within, held_for_the_window, never, registry, window_for

# Nobody waits longer for an answer, whatever the network does.
PATIENCE_S = 15


class Replicas:
    """PostgreSQL, an auth service behind TLS, a registry beside them, and one in a network of its own."""

    def __init__(self, scratch: Path, window: int):
        self.network = Network(scratch)
        self.database = Database(scratch / "postgres", host=NEAR)
        keeps = ("--database-url", self.database.url(), "--database-trusted-network")
        self.auth = Auth(scratch / "auth", *keeps, "--auth-stale-window", str(window), "--allowed-host", AUTH_NAME)
        self.door = Door(scratch / "door", self.auth)
        self.near = registry(self.auth, scratch / "near", window, *keeps)
        self.far = registry(self.auth, scratch / "far", window, *keeps, "--behind-tls", "--allowed-host", FAR, auth_url=self.door.url,
                            host=FAR, network=self.network, env={"SSL_CERT_FILE": str(self.door.trusted)})

    def are_up(self) -> list[str]:
        return [f"the {name} is down" for name in ("near", "far", "auth") if not getattr(self, name).is_up()]

    def stop(self):
        for part in (self.far, self.near, self.door, self.auth, self.database):
            part.stop()
        self.network.close()


@contextmanager
def replicas(scratch: Path, window: int):
    world = Replicas(scratch, window)
    try:
        yield world
    finally:
        world.stop()


def from_the_auth_service(scratch: Path, seconds: float) -> list[str]:
    """A key is revoked while one replica cannot hear of it."""
    window = window_for(seconds)
    with replicas(scratch, window) as world:
        known, doomed = world.auth.mint("known"), world.auth.mint("doomed")
        load = Load(world.far.url, known["api_key"]).start()
        far = {name: Prober(world.far.url, key["api_key"]) for name, key in (("known", known), ("doomed", doomed))}
        near = {name: Prober(world.near.url, key["api_key"]) for name, key in (("known", known), ("doomed", doomed))}
        load.until_done(20)
        time.sleep(1.5)
        cut = world.network.cut(world.door.port)
        time.sleep(0.5)
        revoked = world.auth.revoke(doomed)
        time.sleep(max(0.0, cut + seconds - time.monotonic()))
        back = world.network.heal()
        took = load.until_done(10)
        print(f"   writes at the cut-off replica go on {took:.2f} s after the firewall lets them")
        time.sleep(2)
        load.stop()
        for prober in (*far.values(), *near.values()):
            prober.stop()
        problems = world.are_up()
        there, halves = rows.of_postgres(world.database.url())
    print(f"   {load.told}; reads {dict(load.reads.statuses)}")
    return [
        *problems,
        *halves,
        *load.told.compare(there),
        *held_for_the_window(far["known"], "a known key, at the cut-off replica,", cut, window, back),
        *dies_within(near["doomed"], "a revoked key, at the reachable replica,", revoked, BOUND_S),
        *dies_within(far["doomed"], "a revoked key, at the cut-off replica,", revoked, window),
        *never(far["doomed"], 200, "a revoked key, when the replica is back,", since=back),
        *([] if far["doomed"].statuses(since=back)[401] else ["the replica that is back does not refuse the revoked key"]),
        *[f"a known key at the reachable replica was answered {status}" for status in near["known"].statuses() if status != 200],
    ]


def from_the_database(scratch: Path, seconds: float) -> list[str]:
    """Its connections to PostgreSQL hang: nothing refuses them, nothing answers. Keys are still judged by the auth service."""
    window = window_for(seconds)
    with replicas(scratch, window) as world:
        known, doomed = world.auth.mint("known"), world.auth.mint("doomed")
        load = Load(world.far.url, known["api_key"]).start()
        far = {name: Prober(world.far.url, key["api_key"]) for name, key in (("known", known), ("doomed", doomed))}
        near = Prober(world.near.url, known["api_key"])
        beside = Load(world.near.url, known["api_key"], beside=load).start()
        load.until_done(20)
        time.sleep(1.5)
        cut = world.network.cut(world.database.port)
        time.sleep(0.5)
        revoked = world.auth.revoke(doomed)
        time.sleep(max(0.0, cut + max(seconds, PATIENCE_S) - time.monotonic()))
        back = world.network.heal()
        took = load.until_done(20)
        print(f"   writes at the cut-off replica go on {took:.2f} s after the firewall lets them")
        time.sleep(2)
        load.stop(), beside.stop()
        for prober in (*far.values(), near):
            prober.stop()
        problems = world.are_up()
        there, halves = rows.of_postgres(world.database.url())
    print(f"   {load.told}; reads {dict(load.reads.statuses)}, the slowest after {load.reads.slowest_s:.1f} s; a known key {dict(far['known'].statuses())}")
    print(f"   at the other replica, in the same series: {beside.told}")
    slowest = max(load.told.slowest_s, load.reads.slowest_s)
    return [
        *problems,
        *halves,
        *load.told.beside(beside.told).compare(there),
        *load.reads.problems[:3],
        *([] if slowest < PATIENCE_S else [f"an answer took {slowest:.1f} s"]),
        *([] if set(beside.told.statuses) == {200} else [f"the other replica refused: {dict(beside.told.statuses)}"]),
        *([] if beside.told.slowest_s < PATIENCE_S else [f"the other replica waited {beside.told.slowest_s:.1f} s for the one that is cut off"]),
        *([] if load.told.statuses[503] else ["nothing was refused"]),
        *([] if took < PATIENCE_S else [f"writes went on only {took:.1f} s after the firewall let them"]),
        *[f"a known key at the cut-off replica was answered {status}" for status in far["known"].statuses() if status not in (200, 503)],
        *dies_within(far["doomed"], "a key revoked meanwhile, at the cut-off replica,", revoked, BOUND_S),
        *[f"a known key at the reachable replica was answered {status}" for status in near.statuses() if status != 200],
    ]
