"""Denied is denied and allowed is allowed in every spelling: of paths, of methods, over HTTP/1.1 and HTTP/2."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

import pytest

from egressc.names import gateway_name
from tests.mesh import dns, settings
from tests.mesh.attacker import Attacker, take_over
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.errors import MeshError
from tests.mesh.fleet import case, config_map, gateways, requests
from tests.mesh.kubectl import apply
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import SPELLINGS, Proof
from tests.mesh.release import Release, compile_list
from tests.mesh.upstream import Face, Upstream, start_upstreams

GATEWAYS, APPS = "spell-gateways", "spell-apps"
DENIED, ALLOWED, CALLS, METHODS, LIMITED, KEPT, JUDGED, UNDELETED, MANY = HOSTS = [
    f"{name}.spell.example.com"
    for name in ("denied", "allowed", "calls", "methods", "limited", "kept", "judged", "undeleted", "many")
]
POLICY = """
package envoy.authz

default allow := false

allow if not startswith(input.attributes.request.http.path, "/private")
"""
PORT = 8080

#: As one expression they would be longer than Envoy takes.
MEMBERS = [f"/api/v1/organizations/members/{number:04}/settings" for number in range(150)]
#: Paths that a list may deny; where the compiler refuses one, its finding is the answer.
PATHS = (
    *("/admin", "/users/@me", "/admin;v=1*", "/exact:verb", "/a+b", "/a!b$c&d'e(f)g,h=i", "/~me", "/größe", "/%41bc"),
    *("/a%20b", "/a|b", '/a"b', "/a<b", "/a>b", "/a^b", "/a`b", "/a{b}c", "/a\\b", "/a[b]", "*.php", "/deep/*"),
)


@dataclass(frozen=True)
class Fleet:
    """The list of cases/spellings.yaml, its client taken over, and what the compiler said to each denied path."""

    upstream: Upstream
    shop: Client
    attacker: Attacker
    addresses: dict[str, str]
    findings: dict[str, str]

    def leaks(self, host: str, *sent: tuple[str, ...]) -> list[str]:
        """What of these requests went through, over either HTTP; a request line, and headers over HTTP/1.1."""
        through = []
        for request, *headers in sent:
            for version in (1, 2) if not headers else (1,):
                self.upstream.forget()
                where = (self.addresses[host], PORT, host, request)
                answer = self.attacker.http(*where, *headers) if version == 1 else self.attacker.http2(*where)
                if answer.status == 200 or requests(self.upstream):
                    through.append(f"HTTP/{version} {request} {answer.status}")
        return through

    def refuses(self, host: str, *sent: tuple[str, ...]) -> None:
        """Fail with what went through."""
        through = self.leaks(host, *sent)
        assert not through, "went through: " + ", ".join(through)


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, public_authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("spell-upstreams", "outside"), ["upstream"])
    upstream.certify({host: public_authority.issue(host) for host in HOSTS})
    upstream.serve(Face(443, tls="simple"))
    upstream.be_known_as(*HOSTS)
    apply(config_map(namespace(GATEWAYS, "plain", RESTRICTED), "policy", {"envoy.rego": POLICY}))
    (shop,) = start_clients(namespace(APPS, "injected"), ClientPod("shop", account="shop"))
    findings = {path: finding(path) for path in PATHS}
    release = Release(GATEWAYS)
    release.apply(hosts(*(path for path in PATHS if not findings[path])))
    addresses = {host: gateways(GATEWAYS)[gateway_name(host)].addresses[0] for host in HOSTS}
    yield Fleet(upstream, shop, take_over(shop), addresses, findings)
    release.uninstall()
    dns.set_names({host: [] for host in HOSTS})


def hosts(*denied: str) -> str:
    """The list with these paths denied."""
    return case("spellings", denied=json.dumps(denied), many=json.dumps(MEMBERS), image=settings.image("opa"))


def finding(path: str) -> str:
    """What the compiler says where it refuses a list that denies a path; nothing where it takes it."""
    try:
        compile_list(hosts(path))
    except MeshError as error:
        return str(error)
    return ""


def encoded(text: str, upper: bool = True) -> str:
    """Every byte, but slashes, percent-encoded."""
    form = "%{:02X}" if upper else "%{:02x}"
    return "".join("/" if byte == ord("/") else form.format(byte) for byte in text.encode())


def spellings(path: str) -> list[str]:
    """What an upstream may read as this path."""
    plain = unquote(path)
    special = "".join(char if re.match("[A-Za-z0-9/]", char) else encoded(char) for char in plain)
    return [
        path,
        plain.replace(" ", "%20"),
        special,
        re.sub("%..", lambda escape: escape.group().lower(), special),
        encoded(plain, upper=False),
        encoded(plain),
        *(f"{plain[:at]}{encoded(plain[at])}{plain[at + 1 :]}".replace(" ", "%20") for at in range(1, len(plain))),
        *(f"{before}{special}" for before in ("/", "/.", "/x/..", "/x/%2e%2e", "/%2E", "/x/%2F..%2F..", "/x\\..")),
        f"{special}?a=/v1",
        f"{special}#a",
    ]


@pytest.mark.parametrize("path", PATHS)
def test_denied_path(fleet: Fleet, proof: Proof, path: str) -> None:
    claim = f"a denied path: `{path}`"
    if told := fleet.findings[path]:
        assert "error EG" in told
        proof.row(SPELLINGS, claim, "nothing", "nothing", "a finding of the compiler")
        return
    sample = path.replace("/*", "/x").replace("*.", "/x.").replace("*", "")
    fleet.refuses(DENIED, *((f"GET {spelled}",) for spelled in dict.fromkeys(spellings(sample))))
    proof.row(SPELLINGS, claim, f"`GET {sample}` raw, encoded, in part and in whole", "nothing", "refused")


def test_many_denied_paths(fleet: Fleet, proof: Proof) -> None:
    fleet.refuses(MANY, *((f"GET {path}",) for path in MEMBERS))
    sent = f"`GET {MEMBERS[0]}` to `{MEMBERS[-1]}`"
    proof.row(SPELLINGS, f"{len(MEMBERS)} denied paths", sent, "nothing", "refused")


#: What some upstreams read as a denied path, or as another one than the rule that allows it.
OTHERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "a parameter behind a denied path": (DENIED, ("/admin;x", "/admin;", "/admin;x=1/", "/deep;a=b/x", "/admin%3Bx")),
    "an escaped query or fragment behind a denied path": (
        DENIED,
        ("/admin%3F", "/admin%3fa/b", "/admin%23x", "/admin/%3F", "/admin;x%3Fa/b", "/x.php%3Fa", "/x.php%23"),
    ),
    "a denied path, encoded twice": (DENIED, ("/%2561dmin", "/users/%2540me", "/deep%252Fx", "/%25%36%31dmin")),
    "a segment `..` with a parameter": (ALLOWED, ("/v1/..;/admin", "/v1/..;a=b/admin", "/v1/%2e%2e;/admin")),
    "a segment `..`, escaped": (ALLOWED, ("/v1/..%2fadmin", "/v1/%2e%2e%2fadmin", "/v1/..%5cadmin", "/v1/..\\admin")),
    "a segment `..`, escaped twice": (ALLOWED, ("/v1/..%252fadmin", "/v1/%252e%252e/admin")),
    "an allowed end behind a parameter": (ALLOWED, ("/admin;.json", "/admin;a=.json", "/admin%3B.json")),
    "an allowed end behind an escaped query": (ALLOWED, ("/admin%3F.json", "/admin%3f.json", "/admin%23.json")),
    "an allowed end behind a zero byte": (ALLOWED, ("/admin%00.json", "/admin%00/x.json", "/admin%0a.json")),
    "an allowed end in the query": (ALLOWED, ("/admin?.json", "/admin?/v1/a", "/admin#/v1/a.json")),
    "an exact path and more": (ALLOWED, ("/exact/", "/exact%2f", "/exact;x", "/exact%00")),
}  # fmt: skip


@pytest.mark.parametrize("claim", OTHERS)
def test_other_reading(fleet: Fleet, proof: Proof, claim: str) -> None:
    host, paths = OTHERS[claim]
    fleet.refuses(host, *((f"GET {path}",) for path in paths))
    proof.row(SPELLINGS, claim, f"`GET {'`, `'.join(paths)}`", "nothing", "refused")


#: What goes on as it is, and what an upstream that reads %2F as a slash would read as another path.
GOES_ON = ("/v1/@scope%2fname", "/v1/a%2Fb%2Fc", "/v1/a%2F..b", "/projects/group%2Fproject/a")
ANOTHER = (
    *("/v1/..%2fadmin", "/v1/x%2F..%2F..%2Fprivate", "/v1/x%2f../..%2fprivate", "/v1/x%2F..", "/v1/x%2f%2e%2E%2fadmin"),
    *("/v1/x%2F.%2Fadmin", "/v1/%2Fadmin", "/v1%2Fadmin", "/v1/.%2fadmin", "/v1/x%2f..;/admin"),
    *("/v1/x%252F..%252Fadmin", "/v1/x%5C..%5Cadmin", "/v1%2Fa", "/private%2F..%2Fv1/a"),
    *("/projects/group%2Fproject%2F..%2Fother/a", "/projects/group/project/a", "/projects/group%2Fother/a"),
)  # fmt: skip


@pytest.mark.parametrize("path", GOES_ON)
def test_a_kept_slash_goes_on(fleet: Fleet, proof: Proof, path: str) -> None:
    fleet.upstream.forget()
    answer = fleet.attacker.http(fleet.addresses[KEPT], PORT, KEPT, f"GET {path}")
    assert (answer.status, [seen["target"] for seen in requests(fleet.upstream)]) == (200, [path])
    proof.row(SPELLINGS, f"`escapedSlashes: keep`: `{path}`", f"`GET {path}`", f"`{path}`", "200")


@pytest.mark.parametrize("path", ANOTHER)
def test_a_kept_slash_is_no_way_to_another_path(fleet: Fleet, proof: Proof, path: str) -> None:
    fleet.refuses(KEPT, (f"GET {path}",))
    proof.row(SPELLINGS, f"`escapedSlashes: keep`: `{path}`", f"`GET {path}`", "nothing", "refused")


#: An OPA refuses what begins with /private.
PRIVATE = (
    *("/private", "//private", "/%2fprivate", "/%2Fprivate", "/x%2f..%2fprivate", "/\\private", "/%5cprivate"),
    *("/./private", "/x/../private", "/x/%2e%2e/private", "/%70rivate", "/x\\..\\private", "/x/..;/private"),
)


@pytest.mark.parametrize("path", PRIVATE)
def test_past_an_authorizer(fleet: Fleet, proof: Proof, path: str) -> None:
    fleet.refuses(JUDGED, (f"GET {path}",))
    proof.row(SPELLINGS, f"an OPA that refuses `/private`: `{path}`", f"`GET {path}`", "nothing", "refused")


@pytest.mark.parametrize("method", ["GET", "get", "Get", "gET", "POST", "post", "Post", "HEAD", "head"])
def test_denied_method(fleet: Fleet, proof: Proof, method: str) -> None:
    fleet.refuses(METHODS, (f"{method} /a",))
    proof.row(SPELLINGS, f"GET and POST denied: `{method}`", f"`{method} /a`", "nothing", "refused")


@pytest.mark.parametrize("method", ["POST", "DELETE", "get", "Delete", "PROPFIND"])
def test_method_that_is_not_allowed(fleet: Fleet, proof: Proof, method: str) -> None:
    fleet.refuses(LIMITED, (f"{method} /a",))
    proof.row(SPELLINGS, f"GET allowed: `{method}`", f"`{method} /a`", "nothing", "refused")


@pytest.mark.parametrize(
    "name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "x_http_method_override"]
)
def test_method_in_a_header(fleet: Fleet, proof: Proof, name: str) -> None:
    """Some frameworks take the method from a header: it is refused, or does not go on."""
    fleet.upstream.forget()
    answer = fleet.attacker.http(fleet.addresses[LIMITED], PORT, LIMITED, "GET /a", f"{name}: DELETE")
    assert [seen for seen in requests(fleet.upstream) if "DELETE" in str(seen.get("headers"))] == []
    proof.row(SPELLINGS, f"GET allowed: `{name}: DELETE`", "`GET /a`", "no such header", str(answer.status))


@pytest.mark.parametrize("value", ["DELETE, x", '"DELETE"', "delete", "PUT,DELETE"])
def test_denied_method_in_a_header(fleet: Fleet, proof: Proof, value: str) -> None:
    header = f"X-HTTP-Method-Override: {value}"
    fleet.refuses(UNDELETED, ("POST /a", header))
    proof.row(SPELLINGS, f"DELETE denied: `{header}`", "`POST /a`", "nothing", "refused")


@pytest.mark.parametrize("name", ["X-Original-URL", "X-Rewrite-URL", "x_original_url"])
def test_path_in_a_header(fleet: Fleet, proof: Proof, name: str) -> None:
    """Some frameworks take the path from a header: it is refused, or does not go on."""
    fleet.upstream.forget()
    answer = fleet.attacker.http(fleet.addresses[DENIED], PORT, DENIED, "GET /a", f"{name}: /admin")
    assert [seen for seen in requests(fleet.upstream) if "/admin" in str(seen.get("headers"))] == []
    proof.row(SPELLINGS, f"`/admin` denied: `{name}: /admin`", "`GET /a`", "no such header", str(answer.status))


GOOD: dict[str, tuple[str, ...]] = {
    ALLOWED: (
        *("GET /users/a%20b", "GET /users/%C3%BC", "POST /v1/a", "GET /v1/a/b.c", "GET /x.json", "GET /exact"),
        *("GET /users/a?q=%2F..%2F;|^`%00&b=http://c/d", "GET /exact?x=/admin;y", "GET /users/a,b", "GET /users/@me"),
    ),
    DENIED: ("GET /administrator", "GET /users/me", "GET /x?y=/admin", "GET /", "POST /a%20c"),
    MANY: ("GET /api/v1/organizations/members/0150/settings",),
    UNDELETED: ("POST /a",),
    METHODS: ("PUT /a", "DELETE /a", "OPTIONS /a"),
    LIMITED: ("GET /a",),
    JUDGED: ("GET /a", "GET /a/private", "GET /a?b=/private"),
}


@pytest.mark.parametrize(("host", "request_"), [(host, request) for host in GOOD for request in GOOD[host]])
def test_good_request(fleet: Fleet, proof: Proof, host: str, request_: str) -> None:
    assert len(fleet.leaks(host, (request_,))) == 2, "one by each version of HTTP"
    proof.row(SPELLINGS, f"goes through at {host.partition('.')[0]}: `{request_}`", f"`{request_}`", "it", "200")


def test_good_call(fleet: Fleet, proof: Proof) -> None:
    assert fleet.shop.grpc(f"{CALLS}:80").ok
    proof.row(SPELLINGS, "goes through: gRPC", "a call of an allowed service", "it", "its answer")
