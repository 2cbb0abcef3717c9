"""What the scheme of a URL, or a port, says of a host: the ports of its entry, or why there are none."""

from typing import Any, NamedTuple

ONLY_TCP = "of a protocol over UDP: Istio carries TCP and nothing else"
OUTSIDE = "leave it out; a NetworkPolicy of the clients' namespace opens such a port"


class Scheme(NamedTuple):
    """How its servers are spoken to: usual port, protocol of a list; who verifies where the gateway speaks no TLS."""

    port: int | None = None
    protocol: str = "TCP"
    speaks: str = ""
    impossible: str = ""
    use: str = ""

    @property
    def requests(self) -> bool:
        """Whether it has paths."""
        return self.protocol == "HTTP" or self.port == 443


def _own(port: int, name: str) -> Scheme:
    return Scheme(port, "TCP", name)


def _udp() -> Scheme:
    return Scheme(impossible=ONLY_TCP, use=OUTSIDE)


HTTPS, HTTP = Scheme(443, "TLS"), Scheme(80, "HTTP")
NO_HOST = "that names no server by DNS"
SCHEMES = {
    **dict.fromkeys(("https", "wss", "h2", "oci", "docker"), HTTPS),
    **dict.fromkeys(("http", "ws", "h2c"), HTTP),
    **dict.fromkeys(("grpc", "grpcs", "dns+grpc"), Scheme(443, "TLS")),
    **dict.fromkeys(("postgres", "postgresql"), _own(5432, "PostgreSQL")),
    **dict.fromkeys(("mysql", "mariadb"), _own(3306, "MySQL")),
    "sqlserver": _own(1433, "SQL Server"),
    "oracle": _own(1521, "Oracle"),
    "mongodb": _own(27017, "MongoDB"),
    "mongodb+srv": Scheme(
        impossible="whose servers DNS names in an SRV record, which Istio does not read",
        use="list the servers of its SRV record (`_mongodb._tcp.` and the name) as `hosts`, with "
        "`ports: [{port: 27017, protocol: TLS}]`",
    ),
    "redis": _own(6379, "Redis"),
    "rediss": Scheme(6379, "TLS"),
    "amqp": _own(5672, "AMQP"),
    "amqps": Scheme(5671, "TLS"),
    "kafka": _own(9092, "Kafka"),
    "nats": _own(4222, "NATS"),
    "mqtt": _own(1883, "MQTT"),
    "mqtts": Scheme(8883, "TLS"),
    "ldap": _own(389, "LDAP"),
    "ldaps": Scheme(636, "TLS"),
    "smtp": _own(587, "SMTP"),
    "smtps": Scheme(465, "TLS"),
    "imap": _own(143, "IMAP"),
    "imaps": Scheme(993, "TLS"),
    **dict.fromkeys(("ssh", "sftp", "git+ssh", "scp"), _own(22, "SSH")),
    "git": _own(9418, "Git"),
    "ftp": Scheme(
        impossible="of FTP, whose data goes over other ports that the server names each time",
        use="use SFTP, or list port 21 and each passive port of the server with `protocol: TCP`",
    ),
    "ftps": Scheme(990, "TLS"),
    "tcp": Scheme(None, "TCP", "The protocol"),
    **dict.fromkeys(("tls", "ssl"), Scheme(443, "TLS")),
    **dict.fromkeys(("udp", "ntp", "dns", "syslog", "snmp", "sip", "quic", "stun", "turn", "coap", "radius"), _udp()),
    **dict.fromkeys(
        ("s3", "gs", "gcs", "abfs", "abfss", "wasb", "wasbs", "hdfs", "arn"),
        Scheme(impossible=NO_HOST, use="write the DNS name of its server, such as s3.eu-central-1.amazonaws.com"),
    ),
    **dict.fromkeys(
        ("file", "unix", "vault", "spiffe"), Scheme(impossible=NO_HOST, use="write the DNS name of the server")
    ),
}
IF_HTTP = "if applications say https://, add `speaks: https`"
BY_PORT = {scheme.port: scheme for name, scheme in SCHEMES.items() if scheme.port and scheme.speaks}


def written(scheme: Scheme, port: int | None) -> tuple[dict[str, Any], str]:
    """What an entry says of a URL's scheme and port beside its host, and a remark."""
    number = port or scheme.port
    if scheme.protocol == "HTTP":
        if number == 80:
            return {}, "the gateway speaks TLS to its port 443"
        return {"ports": [{"port": number}]}, "the gateway speaks TLS to this port"
    if number == 443 and scheme.protocol == "TLS":
        return {}, IF_HTTP
    if number is None:
        return {}, "add its port to `ports`, with `protocol: TCP`"
    if scheme.protocol == "TLS":
        return {"ports": [{"port": number, "protocol": "TLS"}]}, ""
    reason = f"{scheme.speaks}: the application verifies the server"
    return {
        "ports": [{"port": number, "protocol": "TCP"}],
        "tls": {"mode": "none", "unverified": reason},
    }, ""


def by_port(port: int | None) -> tuple[dict[str, Any], str]:
    """The same of a port that stands behind a name."""
    if port is None or port in (80, 443):
        remark = IF_HTTP if port == 443 else ""
        return {}, remark
    if port in BY_PORT:
        return written(BY_PORT[port], port)
    if str(port).startswith(("80", "88", "90", "30")) and not str(port).endswith("443"):
        return {
            "ports": [{"port": port}]
        }, "if applications say http://; add `protocol: TLS` to the port if they say https://"
    return {
        "ports": [{"port": port, "protocol": "TLS"}]
    }, "if applications say https://; without `protocol` they say http://"
