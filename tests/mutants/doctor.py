"""Faults of `egressc doctor`: it shows what is secret, believes what others say, or is silent about what is wrong."""

from tests.mutants.mutant import Mutant

PLACE = "compiler/egressc/doctor"
TESTS = "tests/test_doctor.py"

MUTANTS = (
    Mutant(
        f"{PLACE}/cluster.py",
        "        except ValueError:  # without what was printed: it may be of a Secret\n"
        "            raise UnansweredError(f\"`kubectl {' '.join(arguments)}` printed no JSON\") from None",
        "        except ValueError:\n            raise UnansweredError(self._ask(arguments)) from None",
        "a Secret that kubectl prints in another form stands in the report",
        f"{TESTS} -k no_content",
    ),
    Mutant(
        f"{PLACE}/others.py",
        "not (unprinted and OURS in labels(one).items())",
        "not (OURS in labels(one).items())",
        "an object of others that has our labels takes a host over unseen",
        f"{TESTS} -k labels_of_the_chart",
    ),
    Mutant(
        f"{PLACE}/certificates.py",
        "        return False if error.errno == errno.ESPIPE else None",
        "        return None",
        "a Secret whose key belongs to another certificate is called well",
        f"{TESTS} -k test_certificates",
    ),
    Mutant(
        f"{PLACE}/callers.py",
        "isinstance(deny, Deny) and means(deny, caller.namespace, account(pod)) and not (rule.methods or rule.paths)",
        "False",
        "a caller that the list denies is told that it may call",
        f"{TESTS} -k denied",
    ),
    Mutant(
        f"{PLACE}/__init__.py",
        "        found.append(Unknown(check.name, check.well, str(error)))\n    except (Att",
        "        pass\n    except (Att",
        "a check without rights is called well",
        f"{TESTS} -k missing_right",
    ),
    Mutant(
        "compiler/egressc/doctor/prometheus.py",
        'parts.scheme == "http" and not _is_here(host)',
        'parts.scheme == "ftp" and not _is_here(host)',
        "a token for Prometheus goes over the network in clear",
        "tests/test_status.py",
    ),
    Mutant(
        "compiler/egressc/doctor/prometheus.py",
        'body.replace(token.encode(), b"") if token else body',
        "body",
        "a Prometheus that answers with what it was told puts its token on the screen",
        "tests/test_status.py",
    ),
)
