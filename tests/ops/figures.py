"""The figures of docs/operations.md: what each says, and the limit that it has."""

from typing import NamedTuple


class Figure(NamedTuple):
    """A figure: its row on the page, its unit, and what it may be at most."""

    says: str
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    def text(self, number: float) -> str:
        """The number as people read it."""
        if self.unit == "MB" and number < 1e5:
            return f"{number / 1e3:,.3g} KB"
        if self.unit == "MB":
            return f"{number / 1e6:,.3g} MB" if number < 1e8 else f"{number / 1e6:,.0f} MB"
        shown = f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:.3g}"
        return f"{shown}{' ' * bool(self.unit)}{self.unit}"

    @property
    def limit(self) -> str:
        """The limit in words, empty without one."""
        if self.at_most is not None:
            return f"at most {self.text(self.at_most)}"
        return f"at least {self.text(self.at_least)}" if self.at_least is not None else ""

    def kept(self, number: float) -> bool:
        """Whether the number is within its limit."""
        return (self.at_most is None or number <= self.at_most) and (self.at_least is None or number >= self.at_least)


#: By who verifies the hosts, and their number: the most of memory. Listeners do not depend on who verifies.
_GROWN: dict[str, tuple[str, dict[int, float | None]]] = {
    "public": ("the public CAs", {1: None, 100: None, 300: 120e6}),
    "own_ca": ("a CA of their own", {100: None, 300: 120e6, 1000: 300e6}),
    "few_cas": ("10 CAs of the company's choice", {300: 120e6, 1000: 300e6}),
}
_LISTENERS = {1: ("public", None), 100: ("public", None), 300: ("public", None), 1000: ("own_ca", 8e6)}
_CHANGES = {"added": "a host is added", "changed": "a host is changed", "removed": "hosts are removed"}
_EVENTS = {
    "restarted": "a rolling restart",
    "killed": "one of two pods is killed",
    "upgraded": "`helm upgrade` replaces all pods",
    "scaled": "one pod more, and one less",
    "renewed": "the Secret with the client's key is renewed",
    "ca_renewed": "the upstream's CA is renewed, and the old one comes back",
    "named_elsewhere": "DNS changes to another address, and back",
    "evicted": "one of two pods is evicted",
    "drained_node": "a node with one of two pods is drained",
    "istiod_restarted": "istiod is replaced",
    "istiod_away": "there is no istiod for two minutes",
    "certificates_renewed": "the mesh's own certificates are renewed",
    "revised": "the pods move to another revision of istiod, and back",
    "moved": "the host moves to a shared gateway by a standby, and back",
}
_STATES = {
    "dead": "is dead",
    "broken": "answers TLS with garbage",
    "failing": "answers 500 to all",
    "slow": "answers after 3 s",
    "hanging": "answers after 25 s",
    "resetting": "ends each connection without an answer",
    "sending": "sends a gigabyte every 10 s",
}
_PLACES = {"own": "a gateway of its own", "shared": "the same shared gateway"}

#: By section of the page, and there by name.
SECTIONS: dict[str, dict[str, Figure]] = {
    "shared": {
        **{
            f"shared_{kind}_{count}_listeners": Figure(f"{count:,} host{'s' * (count > 1)}: listeners", "MB", at_most)
            for count, (kind, at_most) in _LISTENERS.items()
        },
        **{
            f"shared_{kind}_{count}_{what}": Figure(f"{count:,} host{'s' * (count > 1)} with {by}: {of}", "MB", at_most)
            for kind, (by, counts) in _GROWN.items()
            for count, memory in counts.items()
            for what, of, at_most in (
                ("allocated", "memory that Envoy allocates", memory),
                ("peak", "the most that Envoy and Istio's agent took", None),
            )
        },
    },
    "held": {
        f"held_{change}_cut": Figure(f"{says}: connections of other hosts cut", "", 0)
        for change, says in _CHANGES.items()
    },
    "own": {
        **{
            f"{fleet}_{what}": Figure(f"{says}: {unit[0]}", unit[1], at_most)
            for fleet, says in {
                "own_3": "a gateway of its own among 3 hosts",
                "own_200": "among 200 in one namespace",
                "apart_200": "among 200, each in a namespace of its own",
                "filtered_200": "among 200 in one namespace, with istiod's setting",
                "client_of_own_3": "a client's sidecar that may call all 3 hosts",
                "client_of_own_200": "a client's sidecar that may call 3 of 200",
            }.items()
            for what, unit, at_most in (
                ("clusters", ("clusters", ""), None),
                ("allocated", ("memory that Envoy allocates", "MB"), None),
            )
        },
        "apart_200_over_3": Figure(
            "200 hosts, each in a namespace of its own: the most of both, over 3 hosts", "", 1.1
        ),
        "filtered_200_over_3": Figure("200 hosts, with istiod's setting: the most of both, over 3 hosts", "", 1.1),
        "client_of_own_200_over_3": Figure(
            "a client's sidecar among 200 hosts: the most of both, over 3 hosts", "", 1.1
        ),
    },
    "installation": {
        "install_20_ours_s": Figure("from `helm install` of 20 hosts until all answer", "s"),
        "install_20_by_hand_s": Figure("the same by 20 releases of istio/gateway and hand-written objects", "s"),
        "install_20_ours_over_by_hand": Figure("the first over the second", "", 0.5),
        "install_300_shared_s": Figure("from `helm install` of 300 hosts of one shared gateway until all answer", "s"),
    },
    "data path": {
        "rate_through": Figure("requests a second through a gateway, 16 connections", ""),
        "rate_over_http2": Figure("with `gatewayProtocol: HTTP2`", ""),
        "rate_direct": Figure("by TLS from the client's sidecar", ""),
        "rate_through_over_direct": Figure("through a gateway, over by the client's sidecar", "", None, 0.6),
        "rate_over_http2_over_direct": Figure("the same with `gatewayProtocol: HTTP2`", "", None, 0.6),
        "p50_through_ms": Figure("p50 through a gateway, 300 requests a second", "ms"),
        "p50_over_http2_ms": Figure("p50 with `gatewayProtocol: HTTP2`", "ms"),
        "p50_direct_ms": Figure("p50 by the client's sidecar", "ms"),
        "p99_through_ms": Figure("p99 through a gateway", "ms"),
        "p99_over_http2_ms": Figure("p99 with `gatewayProtocol: HTTP2`", "ms"),
        "p99_direct_ms": Figure("p99 by the client's sidecar", "ms"),
        "p99_through_over_direct": Figure("p99 through a gateway, over by the client's sidecar", "", 1.6),
        "p99_over_http2_over_direct": Figure(
            "p99 with `gatewayProtocol: HTTP2`, over by the client's sidecar", "", 1.6
        ),
        "idle_resident": Figure("resident memory of an idle gateway, with Istio's agent", "MB"),
        "idle_cores": Figure("CPU of an idle gateway", "cores"),
        "busy_cores": Figure("CPU at 1,000 requests a second", "cores"),
        "busy_resident": Figure("resident memory after it", "MB"),
        "busy_rate": Figure("so many of the 1,000 were answered in a second", ""),
    },
    "tuning": {
        "rate_handshakes": Figure("TLS handshakes a second, a request each, through a gateway", ""),
        "rate_handshakes_direct": Figure("by the client's sidecar", ""),
        "rate_handshakes_over_handshakes_direct": Figure("the first over the second", ""),
        "rate_shipped_over_handshakes": Figure("requests a second with reuse, over those with a handshake each", ""),
        "rate_worker_over_shipped": Figure("one worker and one core, over two: requests a second", ""),
        "rate_workers_over_shipped": Figure("16 workers, over two: requests a second", ""),
        "peak_shipped": Figure("two workers: the most memory", "MB"),
        "peak_worker": Figure("one worker: the most memory", "MB"),
        "peak_workers": Figure("16 workers: the most memory", "MB"),
        "rate_buffers_over_shipped": Figure("buffers of 1 MiB, over 32 KiB: requests a second", ""),
        "rate_large_buffers_over_large": Figure("the same with answers of 1 MB", ""),
        "peak_buffers": Figure("buffers of 1 MiB: the most memory", "MB"),
    },
    "lost": {
        f"{what}_{event}": Figure(f"{says}: {of}", "", None if (what, event) == ("cut", "killed") else 0)
        for event, says in _EVENTS.items()
        for what, of in (("lost", "requests lost"), ("cut", "connections cut"))
    },
    "neighbours": {
        f"neighbour_{state}_{place}_{what}": Figure(f"another upstream {says}; {where}: {of}", "", at_most)
        for state, says in _STATES.items()
        for place, where in _PLACES.items()
        for what, of, at_most in (
            ("failed", "failed requests", 0),
            (f"over_{place}_well", "p99 over that of before", 1.2),
        )
    },
    "budget": {
        "tries_get": Figure("a GET that gets 503: tries at the upstream, by default", "", 1),
        "tries_post": Figure("a POST that gets 503", "", 1),
        "tries_get_asked": Figure("a GET that gets 503, with 2 retries on 5xx", "", 3),
        "cut_after_over_configured": Figure("a slow answer is cut after so many times the configured time", "", 1.2),
    },
}
FIGURES = {key: figure for section in SECTIONS.values() for key, figure in section.items()}
