"""Real certificates of authorities that exist only for tests."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey


@dataclass(frozen=True)
class Certificate:
    """A certificate chain and its key, both PEM."""

    chain: str
    key: str


class Authority:
    """A certificate authority that nobody trusts unless told; `certificate` is its own, in PEM."""

    def __init__(self) -> None:
        self._use(trustme.CA())

    @classmethod
    def load(cls, folder: Path) -> "Authority":
        """The authority that was saved in `folder`."""
        authority = cls.__new__(cls)
        authority._use(trustme.CA.from_pem((folder / "ca.crt").read_bytes(), (folder / "ca.key").read_bytes()))
        return authority

    def save(self, folder: Path) -> None:
        """Write the authority's certificate and key."""
        self._ca.cert_pem.write_to_path(str(folder / "ca.crt"))
        self._ca.private_key_pem.write_to_path(str(folder / "ca.key"))

    def issue(self, *names: str, subject: str | None = None, expired: bool = False) -> Certificate:
        """A certificate for these host names or addresses, with `subject` as its common name.

        It is valid since a month ago: until yesterday, or longer than any test runs.
        """
        now = datetime.now(UTC)
        end = now - timedelta(days=1) if expired else None
        leaf = self._ca.issue_cert(*names, common_name=subject, not_before=now - timedelta(days=30), not_after=end)
        chain = "".join(pem.bytes().decode() for pem in leaf.cert_chain_pems)
        return Certificate(chain, leaf.private_key_pem.bytes().decode())

    def revoke(self, *certificates: Certificate) -> str:
        """The authority's list of revoked certificates with these in it, in PEM."""
        key = serialization.load_pem_private_key(self._ca.private_key_pem.bytes(), None)
        issuer = x509.load_pem_x509_certificate(self._ca.cert_pem.bytes()).subject
        now = datetime.now(UTC)
        crl = x509.CertificateRevocationListBuilder().issuer_name(issuer)
        crl = crl.last_update(now - timedelta(days=1)).next_update(now + timedelta(days=30))
        for certificate in certificates:
            serial = x509.load_pem_x509_certificate(certificate.chain.encode()).serial_number
            revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - timedelta(days=1))
            crl = crl.add_revoked_certificate(revoked.build())
        assert isinstance(key, EllipticCurvePrivateKey)
        return crl.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def _use(self, ca: trustme.CA) -> None:
        self._ca = ca
        self.certificate = ca.cert_pem.bytes().decode()
