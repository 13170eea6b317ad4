"""The machine: what it is, and how busy it is with other things."""

from __future__ import annotations

import datetime
import os
import platform
import resource
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def describe() -> str:
    """Processor, system and date."""
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} × {model}, {platform.system()} {platform.release()}, {datetime.date.today()}"


def busy_s() -> float:
    """CPU seconds that all cores together have spent at work so far."""
    user, nice, system, _idle, _iowait, irq, softirq = (int(field) for field in Path("/proc/stat").read_text().split(None, 8)[1:8])
    return (user + nice + system + irq + softirq) / TICKS_PER_S


def children_s() -> float:
    """CPU seconds of our own children that have ended: the load generators."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
