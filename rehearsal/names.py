"""A small name server on 127.0.0.1:53: answers by the weighted records that a Route 53 holds, as Route 53 would."""

from __future__ import annotations

import random
import threading
import time

from dnslib import QTYPE, RR, A
from dnslib.server import BaseResolver, DNSLogger, DNSServer

TTL_S = 1


class WeightedNames(BaseResolver):
    """Aliases lead to load balancers, whose addresses are `addresses` (DNS name to address)."""

    def __init__(self, route53, zone: str, addresses: dict[str, str]):
        self._route53, self._zone, self._addresses = route53, zone, addresses
        self._records: list[dict] = []
        self._read_at = 0.0
        self._lock = threading.Lock()
        self.answers: dict[str, int] = {}

    def resolve(self, request, handler):
        reply = request.reply()
        name = str(request.q.qname).lower()
        address = self._addresses.get(name.rstrip(".")) or self._pick(name)
        if address is None:
            reply.header.rcode = 3
        elif QTYPE[request.q.qtype] == "A":
            self.answers[address] = self.answers.get(address, 0) + 1
            reply.add_answer(RR(request.q.qname, QTYPE.A, rdata=A(address), ttl=TTL_S))
        return reply

    def _pick(self, name: str) -> str | None:
        mine = [record for record in self._current() if record["Name"] == name and record["Type"] == "A"]
        weights = [record.get("Weight", 1) for record in mine]
        if not mine or not any(weights):
            return None
        chosen = random.choices(mine, weights)[0]
        return self._addresses[chosen["AliasTarget"]["DNSName"].rstrip(".").lower()]

    def _current(self) -> list[dict]:
        with self._lock:
            if time.monotonic() - self._read_at > TTL_S / 2:
                self._records = self._route53.list_resource_record_sets(HostedZoneId=self._zone)["ResourceRecordSets"]
                self._read_at = time.monotonic()
            return self._records


def serve(resolver: WeightedNames) -> DNSServer:
    server = DNSServer(resolver, address="127.0.0.1", port=53, logger=DNSLogger(log="-request,-reply,-truncated,-error"))
    server.start_thread()
    return server
