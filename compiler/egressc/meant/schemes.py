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

    @property
    def reason(self) -> str:
        """Why no proxy verifies its servers."""
        return f"{self.speaks}: the application verifies the server"


def own(port: int, name: str) -> Scheme:
    """A protocol of its own, whose applications verify the server."""
    return Scheme(port, "TCP", name)


def _udp() -> Scheme:
    return Scheme(impossible=ONLY_TCP, use=OUTSIDE)


HTTPS, HTTP = Scheme(443, "TLS"), Scheme(80, "HTTP")
NO_HOST = "that names no server by DNS"
SCHEMES = {
    **dict.fromkeys(("https", "wss", "h2", "oci", "docker"), HTTPS),
    **dict.fromkeys(("http", "ws", "h2c"), HTTP),
    **dict.fromkeys(("grpc", "grpcs", "dns+grpc"), Scheme(443, "TLS")),
    **dict.fromkeys(("postgres", "postgresql"), own(5432, "PostgreSQL")),
    **dict.fromkeys(("mysql", "mariadb"), own(3306, "MySQL")),
    "sqlserver": own(1433, "SQL Server"),
    "oracle": own(1521, "Oracle"),
    "db2": own(50000, "DB2"),
    "redshift": own(5439, "PostgreSQL"),
    "cockroachdb": own(26257, "PostgreSQL"),
    "clickhouse": own(9000, "ClickHouse"),
    "cassandra": own(9042, "Cassandra"),
    **dict.fromkeys(("bolt", "neo4j"), own(7687, "Bolt")),
    **dict.fromkeys(("bolt+s", "neo4j+s"), Scheme(7687, "TLS")),
    **dict.fromkeys(("snowflake", "databricks", "bigquery", "elasticsearch", "opensearch"), Scheme(443, "TLS")),
    "memcached": own(11211, "memcached"),
    "etcd": Scheme(2379, "TLS"),
    "sb": Scheme(5671, "TLS"),
    "mongodb": own(27017, "MongoDB"),
    "mongodb+srv": Scheme(
        impossible="whose servers DNS names in an SRV record, which Istio does not read",
        use="list the servers of its SRV record (`_mongodb._tcp.` and the name) as `hosts`, with "
        "`ports: [{port: 27017, protocol: TLS}]`",
    ),
    "redis": own(6379, "Redis"),
    "rediss": Scheme(6379, "TLS"),
    "amqp": own(5672, "AMQP"),
    "amqps": Scheme(5671, "TLS"),
    "kafka": own(9092, "Kafka"),
    "kafka+ssl": Scheme(9093, "TLS"),
    "stomp": own(61613, "STOMP"),
    "nats": own(4222, "NATS"),
    "mqtt": own(1883, "MQTT"),
    "mqtts": Scheme(8883, "TLS"),
    "ldap": own(389, "LDAP"),
    "ldaps": Scheme(636, "TLS"),
    "smtp": own(587, "SMTP"),
    "smtps": Scheme(465, "TLS"),
    "imap": own(143, "IMAP"),
    "imaps": Scheme(993, "TLS"),
    **dict.fromkeys(("ssh", "sftp", "git+ssh", "scp"), own(22, "SSH")),
    "git": own(9418, "Git"),
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
IF_HTTP = "for applications that say https://, add `speaks: https`"
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
    return {
        "ports": [{"port": number, "protocol": "TCP"}],
        "tls": {"mode": "none", "unverified": scheme.reason},
    }, ""


def port(number: int) -> list[dict[str, Any]]:
    """The item of `ports` for a port that stands among others behind a name."""
    if number in (80, 443):
        return [{"port": number} | ({"protocol": "TLS"} if number == 443 else {})]
    ports: list[dict[str, Any]] = by_port(number)[0]["ports"]
    return ports


def by_port(number: int | None) -> tuple[dict[str, Any], str]:
    """The same of a port that stands behind a name."""
    if number is None or number in (80, 443):
        remark = IF_HTTP if number == 443 else ""
        return {}, remark
    if number in BY_PORT:
        return written(BY_PORT[number], number)
    if str(number).startswith(("80", "88", "90", "30")) and not str(number).endswith("443"):
        return {
            "ports": [{"port": number}]
        }, "if applications say http://; add `protocol: TLS` to the port if they say https://"
    return {
        "ports": [{"port": number, "protocol": "TLS"}]
    }, "if applications say https://; without `protocol` they say http://"
