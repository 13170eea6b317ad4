"""The table: medians of all rounds, and ratios within each round."""

from __future__ import annotations

import statistics

PEERS = ("fasttrackml", "mlflow")
NOISE_FLOOR = 1e-9


def table(result: dict) -> str:
    """The whole result as Markdown."""
    names = list(result["servers"])
    lines = [
        f"Machine: {result['machine']}. Medians of {result['rounds']} rounds of {result['seconds']:g} s; {result['runs']:,} runs searched; client and server share "
        f"the machine, and other work on it took {others(result)}.", "",
        "| server | start to healthy, s | idle memory, MB |", "| --- | ---: | ---: |",
        *(f"| {name} | {found['start_s']:.3f} | {found['idle_mb']:.0f} |" for name, found in result["servers"].items()), "",
        "Requests per second (p50 / p99 in ms; CPU of the server in µs per request):", "",
        "| request | " + " | ".join(names) + " |", "| --- |" + " ---: |" * len(names),
    ]
    for workload, entry in result["workloads"].items():
        cells = [cell(entry[name]) if name in entry else "–" for name in names]
        lines.append(f"| {workload} | " + " | ".join(cells) + " |")
    lines += [
        "", "How many times as many requests hokusai answers, and how many times as much CPU the other server takes for each, which a busy machine disturbs less "
        "(medians of the rounds' ratios; least and most):", "",
        "| request | FastTrackML | aim | its CPU | MLflow | aim | its CPU |", "| --- |" + " ---: |" * 6,
    ]
    for workload, entry in result["workloads"].items():
        cells = [text for peer in PEERS for text in (ratio(entry, "per_s", "hokusai", peer), aim(entry, peer), ratio(entry, "cpu_us_per_request", peer, "hokusai"))]
        lines.append(f"| {workload} | " + " | ".join(cells) + " |")
    return "\n".join(lines + authentication(result["auth"])) + "\n"


def authentication(auth: dict) -> list[str]:
    """What a key costs, if both forms were measured."""
    if not auth:
        return []
    with_key, without = auth["hokusai"], auth["hokusai --no-auth"]
    cpu, speed = ([a[field] / max(b[field], NOISE_FLOOR) for a, b in zip(with_key, without)] for field in ("cpu_us_per_request", "per_s"))
    return [
        "",
        f"Authentication ({auth['workload']}, {len(cpu)} pairs of a second): {statistics.median(cpu) - 1:+.1%} of the server's CPU per request "
        f"(quartiles {quartile(cpu, 0) - 1:+.1%} and {quartile(cpu, 2) - 1:+.1%}; aim < 5 %), {statistics.median(speed):.2f} × the throughput.",
    ]


def quartile(values: list[float], index: int) -> float:
    return statistics.quantiles(values, n=4)[index] if len(values) > 1 else values[0]


def others(result: dict) -> str:
    seen = sorted(one["cores_used_by_others"] for entry in result["workloads"].values() for name, rounds in entry.items() if name != "aims" for one in rounds)
    return f"{statistics.median(seen):.1f} cores (median; at most {seen[-1]:.1f})" if seen else "nothing"


def cell(rounds: list[dict]) -> str:
    failures = sum(one["failures"] for one in rounds)
    text = f"{middle(rounds, 'per_s'):,.0f} ({middle(rounds, 'p50_us') / 1000:.2f} / {middle(rounds, 'p99_us') / 1000:.2f}; {middle(rounds, 'cpu_us_per_request'):,.0f})"
    return text + (f" **{failures} failed**" if failures else "")


def ratio(entry: dict, field: str, above: str, below: str) -> str:
    if above not in entry or below not in entry:
        return "–"
    found = [a[field] / max(b[field], NOISE_FLOOR) for a, b in zip(entry[above], entry[below])]
    return f"{statistics.median(found):,.1f} ({min(found):,.1f}–{max(found):,.1f})"


def aim(entry: dict, peer: str) -> str:
    wanted = entry["aims"][peer]
    return f"≥ {wanted:g}" if wanted else "–"


def middle(rounds: list[dict], field: str) -> float:
    return statistics.median(one[field] for one in rounds)
