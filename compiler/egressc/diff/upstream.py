"""What verifies the upstream of a client port, and how the port is spoken to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from egressc.diff.change import Change, Effect
from egressc.diff.settings import differences
from egressc.diff.words import join, sentence
from egressc.model import Host, Port, Tls
from egressc.plan.decisions.lines import host_line
from egressc.positions import Lines

STRENGTH = ("nobody", "the application", "the gateway", "the sidecar")


@dataclass(frozen=True, slots=True)
class Verified:
    """Who verifies the upstream of a port, by which names and which CA."""

    by: Literal["nobody", "the application", "the gateway", "the sidecar"]
    names: tuple[str, ...]
    ca: str

    @property
    def strength(self) -> int:
        """The more the better."""
        return min(STRENGTH.index(self.by), 2)

    @property
    def text(self) -> str:
        """`the gateway: api.example.com; public CAs`."""
        return f"{self.by}: {', '.join(self.names) or 'the name that is asked for'}; {self.ca}" if self.ca else self.by


def verified(host: Host, tls: Tls) -> Verified:
    """Who verifies the upstream of a port of `host` with this TLS."""
    if tls.mode == "none" or (tls.originates and tls.unverified):
        return Verified("nobody", (), "")
    if tls.mode == "passthrough":
        return Verified("the application", (), "")
    return Verified("the sidecar" if host.in_sidecar else "the gateway", tuple(sorted(tls.sans)), _ca(tls))


def port_changes(old: Host, new: Host) -> Iterator[Change]:
    """What differs at the client ports of a host of both lists."""
    first, then = ({port.port: port for port in host.ports} for host in (old, new))
    for number in sorted(first.keys() | then.keys()):
        if number not in then:
            places = (_lines(old, first[number]), (host_line(new),))
            yield Change("cuts", new.host, "ports", sentence("client port {} is gone", number), *places)
        elif number not in first:
            port = then[number]
            says = sentence(
                "client port {} is new: {}, verified by {}", number, port.protocol, verified(new, port.tls).text
            )
            yield Change("changes", new.host, "ports", says, (host_line(old),), _lines(new, port))
            yield from _unverified(new, port)
        else:
            yield from _changed(Pair(old, new, first[number], then[number]))


def new_ports(host: Host) -> Iterator[Change]:
    """What nobody verifies at a host that the other list does not have."""
    for port in host.ports:
        yield from _unverified(host, port)


@dataclass(frozen=True, slots=True)
class Pair:
    """A client port of both lists."""

    old: Host
    new: Host
    first: Port
    then: Port

    def change(self, effect: Effect, setting: str, words: str, *texts: object) -> Change:
        """What differs, with the lines of `setting` in both lists."""
        says = join(sentence("client port {} ", self.first.port), sentence(words, *texts))
        places = (_lines(self.old, self.first, setting), _lines(self.new, self.then, setting))
        return Change(effect, self.new.host, setting, says, *places)


def _changed(pair: Pair) -> Iterator[Change]:
    first, then = pair.first, pair.then
    if first.protocol != then.protocol:
        words = "speaks {}, before {}: open connections are closed"
        yield pair.change("cuts", "ports", words, then.protocol, first.protocol)
    elif first.upstream_protocol != then.upstream_protocol:
        words = "gives the upstream {}, before {}"
        yield pair.change("changes", "ports", words, then.upstream_protocol, first.upstream_protocol)
    if first.upstream_port != then.upstream_port:
        words = "leads to port {} of the upstream, before {}"
        yield pair.change("changes", "ports", words, then.upstream_port, first.upstream_port)
    if first.readiness.mode != then.readiness.mode:
        words = "has readiness mode {}, before {}"
        yield pair.change("changes", "readiness.mode", words, then.readiness.mode, first.readiness.mode)
    told = [*_verification(pair), *_shown(pair), *_parameters(pair)]
    yield from told
    for setting, before, now, _, _ in differences(first.tls, then.tls, "tls") if not told else ():
        yield pair.change("changes", setting, "has {}: {}, before {}", setting, now, before)


def _verification(pair: Pair) -> Iterator[Change]:
    tls, earlier = pair.then.tls, pair.first.tls
    before, now = verified(pair.old, earlier), verified(pair.new, tls)
    if before.strength != now.strength:
        nobody = now.by == "nobody"
        text = f"nobody ({tls.unverified})" if nobody and tls.unverified else now.text
        effect: Effect = "weakens" if now.strength < before.strength else "changes"
        setting = "tls.unverified" if nobody else "tls.mode"
        yield pair.change(effect, setting, "has its upstream verified by {}, before by {}", text, before.text)
    elif now.by == "nobody":
        if earlier.originates and not tls.originates:
            yield pair.change("weakens", "tls.mode", "is carried to the upstream in clear text, before in TLS")
        elif earlier.unverified != tls.unverified:
            words = "is not verified by anybody: {}, before {}"
            yield pair.change("notes", "tls.unverified", words, tls.unverified or "-", earlier.unverified or "-")
    elif tls.originates:
        yield from _trust(pair, before, now)


def _trust(pair: Pair, before: Verified, now: Verified) -> Iterator[Change]:
    if before.names != now.names:
        fewer = bool(now.names) and {*now.names} <= {*before.names}
        texts = (" or ".join(one.names) or "the name that is asked for" for one in (now, before))
        words = "takes a certificate for {}, before one for {}"
        yield pair.change("changes" if fewer else "weakens", "tls.sans", words, *texts)
    if before.ca != now.ca:
        setting = "tls.secret" if pair.then.tls.secret else "tls.files"
        yield pair.change("weakens", setting, "trusts {}, before {}", now.ca, before.ca)


def _parameters(pair: Pair) -> Iterator[Change]:
    """Versions and cipher suites of TLS, and revoked certificates."""
    tls, earlier = pair.then.tls, pair.first.tls
    before, now = (one.min_protocol_version or "TLSV1_2" for one in (earlier, tls))
    if before != now:
        effect: Effect = "weakens" if now < before else "changes"
        yield pair.change(effect, "tls.minProtocolVersion", "takes TLS from {} on, before from {}", now, before)
    for key in ("maxProtocolVersion", "cipherSuites"):
        first, then = (
            " ".join(one.source.get(key, ())) if key == "cipherSuites" else one.source.get(key)
            for one in (earlier, tls)
        )
        if first != then:
            yield pair.change("weakens", f"tls.{key}", "has {}: {}, before {}", key, then or "none", first or "none")
    lists = [one.crl or bool(one.files and one.files.crl) for one in (earlier, tls)]
    if lists[0] != lists[1]:
        effect = "weakens" if lists[0] else "changes"
        words = "asks {} list of revoked certificates, before {}"
        yield pair.change(effect, "tls.crl", words, *("a" if one else "no" for one in reversed(lists)))


def _shown(pair: Pair) -> Iterator[Change]:
    """What the upstream sees."""
    tls, earlier = pair.then.tls, pair.first.tls
    if earlier.sni != tls.sni:
        yield pair.change("weakens", "tls.sni", "asks the upstream for {} (SNI), before for {}", tls.sni, earlier.sni)
    certificates = _certificate(earlier), _certificate(tls)
    if certificates[0] != certificates[1]:
        setting = "tls.secret" if tls.secret else "tls.files"
        yield pair.change("changes", setting, "presents {} to the upstream, before {}", *reversed(certificates))


def _unverified(host: Host, port: Port) -> Iterator[Change]:
    if verified(host, port.tls).by == "nobody":
        says = sentence("nobody verifies the upstream of client port {}: {}", port.port, port.tls.unverified or "-")
        yield Change("weakens", host.host, "tls.unverified", says, (), _lines(host, port, "tls.unverified"))


def _ca(tls: Tls) -> str:
    if tls.secret:
        return f"the CA of the Secret {tls.secret}"
    if tls.files and tls.files.ca:
        mounts = sorted(tls.files.volumes, key=lambda volume: volume.mount_path)
        inside = [one for one in mounts if (tls.files.ca or "").startswith(f"{one.mount_path}/")]
        where = f" of {inside[-1].secret or inside[-1].config_map}" if inside else ""
        return f"the CA in {tls.files.ca}{where}"
    return "public CAs"


def _certificate(tls: Tls) -> str:
    if tls.mode != "mutual":
        return "no client certificate"
    if tls.secret:
        return f"the certificate of the Secret {tls.secret}"
    return f"the certificate in {tls.files.certificate}" if tls.files else "no client certificate"


def _lines(host: Host, port: Port, setting: str = "ports") -> Lines:
    key = setting.rsplit(".", maxsplit=1)[-1]
    return port.tls.said(key) or port.tls.said("mode") or port.said("port") or (host_line(host),)
