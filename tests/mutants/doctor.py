"""Faults of `egressc doctor`: it shows what is secret, believes what others say, or is silent about what is wrong."""

from tests.mutants.mutant import Mutant

PLACE = "compiler/egressc/doctor"
TESTS = "tests/test_doctor.py"
NEEDS = "tests/test_doctor_needs.py"

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
        f"{PLACE}/__init__.py",
        "({type(error).__name__})",
        "({error!r})",
        "what an object of others holds stands in the report",
        f"{TESTS} -k error_carries",
    ),
    Mutant(
        f"{PLACE}/problem.py",
        'hidden.sentence(" ".join(f"{about} {message}".split()))',
        '" ".join(f"{about} {message}".split())',
        "a registry's password stands in what Kubernetes says of an image",
        f"{TESTS} -k without_passwords",
    ),
    Mutant(
        f"{PLACE}/secrets.py",
        "    if key not in CERTIFICATES and not content",
        "    if not content",
        "a Secret whose tls.crt is no certificate is called well",
        f"{TESTS} -k strange_form",
    ),
    Mutant(
        f"{PLACE}/proxies.py",
        "            elif whole and patch < whole:",
        "            elif False:",
        "a gateway whose proxy has known holes is called well",
        NEEDS,
    ),
    Mutant(
        f"{PLACE}/proxies.py",
        "            if isinstance(patch, Unknown):",
        "            if isinstance(patch, Unknown) or patch < least:",
        "a gateway whose proxy is older than the list says is called well",
        NEEDS,
    ),
    Mutant(
        f"{PLACE}/images.py",
        'image.partition("@")[0].rpartition("/")[2].partition(":")[2]',
        "image",
        "the version of a proxy is read from its registry's name",
        NEEDS,
    ),
    Mutant(
        f"{PLACE}/mesh.py",
        "return bool(found) and said[",
        "return bool(found) or said[",
        "a Service that other networks see is called local",
        NEEDS,
    ),
    Mutant(
        f"{PLACE}/listeners.py",
        "if _address(pod) == wanted and other in _named(filters, workload)",
        "if False",
        "EnvoyFilters that find no listener are called well",
        NEEDS,
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
