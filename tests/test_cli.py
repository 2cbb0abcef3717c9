"""The command line: what goes where, and the exit code; each test is a process of its own."""

import json
import os
import signal
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from egressc import __version__, cli, emit
from egressc.commands import lists
from tests.chart import parsed
from tests.costs import without_cost
from tests.harmless import harmless
from tests.lists import compile_text, hosts
from tests.tools import search_path

COMPILER = Path(__file__).parents[1] / "compiler"
GOOD = hosts("- {host: api.example.com, description: 'Grüße'}")
BAD = hosts("- {host: api.example.com, ownr: x}\n- {host: maps.example.com, replicas: 0}")
DOUBTFUL = hosts("- {host: api.example.com, podDisruptionBudget: {maxUnavailable: 0}}")


def values(text: str) -> str:
    compilation = compile_text(text)
    assert compilation.plan
    return emit.dump(emit.values(compilation.plan))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("good.yaml", GOOD), ("bad.yaml", BAD), ("doubtful.yaml", DOUBTFUL)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "tmp").mkdir()
    return tmp_path


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "egressc", *arguments]


def environment(folder: Path, **variables: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(COMPILER), "TMPDIR": str(folder / "tmp")} | variables


def run(folder: Path, *arguments: str, **variables: str) -> tuple[int, str, str]:
    ended = subprocess.run(
        command(*arguments), cwd=folder, env=environment(folder, **variables), capture_output=True, check=False
    )
    assert b"Traceback" not in ended.stderr
    return ended.returncode, ended.stdout.decode(), without_cost(ended.stderr.decode())


def test_values_go_to_stdout(folder: Path) -> None:
    assert run(folder, "compile", "good.yaml") == (0, values(GOOD), "")


def test_values_are_utf_8_whatever_the_locale(folder: Path) -> None:
    assert run(folder, "compile", "good.yaml", PYTHONIOENCODING="ascii", PYTHONUTF8="0") == (0, values(GOOD), "")


def test_findings_go_to_stderr_and_nothing_is_written(folder: Path) -> None:
    code, out, errors = run(folder, "compile", "bad.yaml", "-o", "values.yaml")
    assert (code, out) == (1, "")
    assert errors.endswith("2 errors: nothing is written\n")
    assert not (folder / "values.yaml").exists()


def test_warnings_stop_nothing(folder: Path) -> None:
    code, out, errors = run(folder, "compile", "doubtful.yaml")
    assert (code, out) == (0, values(DOUBTFUL))
    assert "warning EG219" in errors


def test_findings_for_programs(folder: Path) -> None:
    code, out, errors = run(folder, "compile", "bad.yaml", "--findings", "json")
    assert (code, out) == (1, "")
    assert [finding["code"] for finding in json.loads(errors)["findings"]] == ["EG101", "EG104"]
    code, out, errors = run(folder, "compile", "bad.yaml", "--findings", "github")
    assert (code, out) == (1, "")
    assert [line.partition(" ")[0] for line in errors.splitlines()] == ["::error"] * 2


def test_lists_that_cannot_be_read_are_findings(folder: Path) -> None:
    (folder / "folder.yaml").mkdir()
    code, out, errors = run(folder, "compile", "missing.yaml", "folder.yaml", "bad.yaml")
    assert (code, out) == (1, "")
    assert "folder.yaml:1:1: error EG001: the file cannot be read: is a directory" in errors
    assert "missing.yaml:1:1: error EG001: the file cannot be read: no such file or directory" in errors
    assert "4 errors" in errors


def test_an_output_file_is_replaced_whole_and_keeps_its_rights(folder: Path) -> None:
    target = folder / "values.yaml"
    target.write_text("old")
    target.chmod(0o600)
    before = target.stat().st_ino
    assert run(folder, "compile", "good.yaml", "-o", "values.yaml") == (0, "", "")
    assert target.read_text(encoding="utf-8") == values(GOOD)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert target.stat().st_ino != before


def test_errors_leave_an_output_file_as_it_was(folder: Path) -> None:
    (folder / "values.yaml").write_text("old")
    assert run(folder, "compile", "bad.yaml", "-o", "values.yaml")[0] == 1
    assert (folder / "values.yaml").read_text() == "old"


def test_an_output_link_stays_a_link(folder: Path) -> None:
    (folder / "real.yaml").write_text("old")
    (folder / "link.yaml").symlink_to("real.yaml")
    assert run(folder, "compile", "good.yaml", "-o", "link.yaml") == (0, "", "")
    assert (folder / "link.yaml").is_symlink()
    assert (folder / "real.yaml").read_text(encoding="utf-8") == values(GOOD)


def test_an_output_device_stays_a_device(folder: Path) -> None:
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        assert run(folder, "compile", "good.yaml", "-o", "pipe") == (0, "", "")
        assert reader.stdout
        assert reader.stdout.read().decode() == values(GOOD)
    assert pipe.is_fifo()


def test_an_output_link_that_leads_nowhere_yet_makes_the_file(folder: Path) -> None:
    (folder / "link.yaml").symlink_to("new.yaml")
    assert run(folder, "compile", "good.yaml", "-o", "link.yaml") == (0, "", "")
    assert (folder / "link.yaml").is_symlink()
    assert (folder / "new.yaml").read_text(encoding="utf-8") == values(GOOD)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("tmp/loop", "too many levels of symbolic links"),
        ("tmp/loop/values.yaml", "too many levels of symbolic links"),
        ("x" * 300, "file name too long"),
        ("missing/values.yaml", "no such file or directory"),
        ("tmp", "is a directory"),
        ("good.yaml/values.yaml", "not a directory"),
        ("/dev/full", "no space left on device"),
        ("/proc/values.yaml", "no such file or directory"),
    ],
)
def test_an_output_that_cannot_be_written_is_one_sentence(folder: Path, target: str, reason: str) -> None:
    (folder / "tmp/loop").symlink_to("loop")
    assert run(folder, "compile", "good.yaml", "-o", target) == (
        2,
        "",
        f"egressc: {target} cannot be written: {reason}\n",
    )
    assert sorted(path.name for path in folder.iterdir()) == ["bad.yaml", "doubtful.yaml", "good.yaml", "tmp"]


def test_a_full_disk_leaves_the_old_file_and_no_half_of_a_new_one(folder: Path) -> None:
    many = hosts("\n".join(f"- {{host: a{index}.example.com, at: sidecar}}" for index in range(200)))
    (folder / "many.yaml").write_text(many)
    (folder / "values.yaml").write_text("old")
    limited = f"ulimit -f 8; exec {' '.join(command('compile', 'many.yaml', '-o', 'values.yaml'))}"
    script = f"trap '' XFSZ; {limited}"  # a file that may not grow is as good as a full disk
    ended = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment(folder), capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (2, "egressc: values.yaml cannot be written: file too large\n")
    assert (folder / "values.yaml").read_text() == "old"
    assert not list(folder.glob(".values*"))


def test_stdout_that_is_full_is_one_sentence(folder: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            command("compile", "good.yaml"),
            cwd=folder,
            env=environment(folder),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (2, "egressc: stdout cannot be written: no space left on device\n")


def shell(folder: Path, line: str) -> tuple[int, str, str]:
    """Runs a line of a shell in which $E is egressc."""
    ended = subprocess.run(
        ["bash", "-c", line.replace("$E", " ".join(command()))],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr
    return ended.returncode, ended.stdout, without_cost(ended.stderr)


CLOSED = "egressc: stdout cannot be written: bad file descriptor\n"
FULL = "egressc: stdout cannot be written: no space left on device\n"


@pytest.mark.parametrize(
    ("line", "ends"),
    [
        ("$E compile good.yaml >&-", (2, "", CLOSED)),
        ("$E compile good.yaml <&- >&-", (2, "", CLOSED)),
        ("$E compile good.yaml <&- >&- 2>&-", (2, "", "")),
        ("$E compile good.yaml -o values.yaml <&- >&- 2>&- && cat values.yaml", (0, values(GOOD), "")),
        ("$E compile bad.yaml 2>&-", (1, "", "")),
        ("$E compile bad.yaml 2>/dev/full", (1, "", "")),
        ("$E compile bad.yaml 2> >(true)", (1, "", "")),
        ("$E compile good.yaml -o missing/values.yaml 2>/dev/full", (2, "", "")),
        ("$E compile 2>&-", (2, "", "")),
        ("$E compile 2>/dev/full", (2, "", "")),
        ("$E --help >/dev/full", (2, "", FULL)),
        ("$E --version >&-", (2, "", CLOSED)),
        ("$E explain good.yaml --format json >/dev/full", (2, "", FULL)),
        ("$E --help > >(true)", (0, "", "")),
    ],
)
def test_streams_that_are_closed_or_full(folder: Path, line: str, ends: tuple[int, str, str]) -> None:
    assert shell(folder, line) == ends


@pytest.mark.parametrize("endless", ["/dev/zero", "/dev/stdin"])
def test_no_more_of_a_list_is_read_than_it_may_have(folder: Path, endless: str) -> None:
    # whole, it would not fit into what memory there is
    code, out, errors = shell(folder, f"ulimit -v 1000000; yes '#' | $E compile {endless}")
    assert (code, out) == (1, "")
    assert f"{endless}:1:1: error EG007: the file has more than 10,000,000 bytes" in errors


def test_no_more_is_compared_than_the_list_compiles_to(folder: Path) -> None:
    code, out, errors = shell(folder, "ulimit -v 1000000; $E compile good.yaml --check /dev/zero")
    assert (code, out) == (1, "")
    assert errors.startswith("/dev/zero:1:1: error drift: not what the list compiles to\n")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("loop", "too many levels of symbolic links"),
        ("dangling", "no such file or directory"),
        ("tmp", "is a directory"),
        ("good.yaml/x", "not a directory"),
        ("x" * 300, "file name too long"),
    ],
)
def test_files_that_cannot_be_read(folder: Path, name: str, reason: str) -> None:
    (folder / "loop").symlink_to("loop")
    (folder / "dangling").symlink_to("nowhere")
    for arguments in (["compile", name], ["compile", "good.yaml", "--overlay", name]):
        code, out, errors = run(folder, *arguments)
        assert (code, out) == (1, "")
        assert f"{name}:1:1: error EG001: the file cannot be read: {reason}\n" in errors
    if name != "dangling":
        code, out, errors = run(folder, "compile", "good.yaml", "--check", name)
        assert (code, out, errors) == (2, "", f"egressc: {name} cannot be read: {reason}\n")


def test_too_little_memory_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def compile_files(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(lists, "compile_files", compile_files)
    assert cli.main(["compile", "good.yaml"]) == 2
    assert capsys.readouterr().err == "egressc: there is not enough memory for this list\n"


COMMAND = "x\n::error::x ##vso[a]b \x1b[31m\u202e"


@pytest.mark.parametrize(
    "arguments",
    [
        ["compile", f"{COMMAND}.yaml"],
        ["compile", f"{COMMAND}.yaml", "--findings", "json"],
        ["compile", "good.yaml", "--check", f"{COMMAND}.yaml"],
        ["compile", "good.yaml", "-o", f"{COMMAND}/values.yaml"],
        ["compile", "good.yaml", f"--{COMMAND}"],
        ["compile", "good.yaml", "--findings", COMMAND],
        ["explain", "good.yaml", "--host", COMMAND],
        ["explain", "good.yaml", "--host", ""],
        ["compile", "good.yaml", "--check", ""],
        ["compile", "good.yaml", "-o", ""],
        ["compile", ""],
        ["render", "good.yaml", "-f", f"{COMMAND}.yaml"],
    ],
)
def test_no_argument_is_a_command_to_a_ci(folder: Path, arguments: list[str]) -> None:
    code, out, errors = run(folder, *arguments, PATH=search_path("helm4"))
    assert code in (1, 2)
    assert out == ""
    assert errors
    assert harmless(errors)


def test_names_that_are_not_utf_8(folder: Path) -> None:
    name = os.fsdecode(b"\xff.yaml")
    (folder / name).write_text(GOOD, encoding="utf-8")
    for form in ("text", "json", "mermaid", "html"):
        assert run(folder, "explain", name, "--format", form, "-o", "shown.txt") == (0, "", "")
        assert harmless((folder / "shown.txt").read_text(encoding="utf-8"))
        assert run(folder, "explain", name, "--format", form, PYTHONUTF8="0", LC_ALL="C")[0] == 0


def test_an_interrupt_while_loading_is_no_traceback(folder: Path) -> None:
    (folder / "yaml.py").write_text("raise KeyboardInterrupt\n")
    assert run(folder, "compile", "good.yaml", PYTHONPATH=f"{folder}:{COMPILER}") == (130, "", "")


def test_what_helm_says_may_be_anything(folder: Path) -> None:
    helm = folder / "tmp/helm"
    helm.write_text("#!/bin/sh\nprintf '\\377\\n::error::x\\n##vso[a]b' >&2; exit 1\n")
    helm.chmod(0o755)
    code, out, errors = run(folder, "render", "good.yaml", PATH=str(helm.parent))
    assert (code, out) == (2, "")
    assert errors.startswith("egressc: helm refused:")
    assert harmless(errors)


def test_a_reader_that_has_seen_enough_is_no_error(folder: Path) -> None:
    many = hosts("\n".join(f"- {{host: a{index}.example.com, at: sidecar}}" for index in range(2000)))
    (folder / "many.yaml").write_text(many)
    with subprocess.Popen(
        command("compile", "many.yaml", "--findings=github"),
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_an_interrupt_is_no_traceback(folder: Path) -> None:
    pipe = folder / "slow.yaml"
    os.mkfifo(pipe)
    with subprocess.Popen(
        command("compile", "slow.yaml"),
        cwd=folder,
        env=environment(folder),
        stderr=subprocess.PIPE,
        text=True,
        # whoever started the tests may ignore interrupts: nohup, a shell's &
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    ) as process:
        with pipe.open("w"):  # opens when egressc reads
            process.send_signal(signal.SIGINT)
            process.wait()
        assert process.stderr
        assert process.stderr.read() == ""
    assert process.returncode == 130


def test_check(folder: Path) -> None:
    (folder / "values.yaml").write_text(values(GOOD), encoding="utf-8")
    assert run(folder, "compile", "good.yaml", "--check", "values.yaml") == (0, "", "")
    (folder / "a list.yaml").write_text("version: 1\nhosts: []\n")
    overlay = "version: 1\ndefaults: {replicas: 3}\nhosts: []\n"
    (folder / "overlay.yaml").write_text(overlay)
    code, out, errors = run(
        folder, "compile", "good.yaml", "a list.yaml", "--overlay", "overlay.yaml", "--check", "values.yaml"
    )
    mend = "egressc compile good.yaml 'a list.yaml' --overlay overlay.yaml -o values.yaml"
    said = f"values.yaml:1:1: error drift: not what the list compiles to\n    run `{mend}`\n"
    assert (code, out, errors) == (1, "", said)
    assert (folder / "values.yaml").read_text(encoding="utf-8") == values(GOOD)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_check_of_what_is_no_result(folder: Path, content: bytes | None) -> None:
    if content is not None:
        (folder / "values.yaml").write_bytes(content)
    code, out, errors = run(folder, "compile", "good.yaml", "--check", "values.yaml")
    assert (code, out) == (1, "")
    assert errors.startswith("values.yaml:1:1: error drift: not what the list compiles to\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["compile"], "the following arguments are required: LIST"),
        (["compyle", "good.yaml"], "invalid choice"),
        (["compile", "good.yaml", "--findings", "xml"], "invalid choice"),
        (
            ["compile", "good.yaml", "--check", "values.yaml", "-o", "values.yaml"],
            "--check writes nothing: leave out -o",
        ),
        (["compile", "good.yaml", "-o", "./good.yaml"], "would overwrite the list"),
        (["compile", "good.yaml", "--overlay", "bad.yaml", "-o", "bad.yaml"], "would overwrite the list"),
    ],
)
def test_misuse(folder: Path, arguments: list[str], sentence: str) -> None:
    code, out, errors = run(folder, *arguments)
    assert (code, out) == (2, "")
    assert sentence in errors
    assert (folder / "good.yaml").read_text(encoding="utf-8") == GOOD


def test_version_and_help(folder: Path) -> None:
    assert run(folder, "--version") == (0, f"egressc {__version__}\n", "")
    assert "usage: egressc" in run(folder, "compile", "--help")[1]


def test_render_needs_helm(folder: Path) -> None:
    code, out, errors = run(folder, "render", "good.yaml", "-o", "manifests.yaml", PATH=str(folder / "tmp"))
    assert (code, out) == (2, "")
    assert errors == "egressc: `egressc render` needs Helm 3.18 or later on PATH; `egressc compile` does not\n"
    assert not (folder / "manifests.yaml").exists()


@pytest.mark.parametrize("helm", ["helm3", "helm4"])
def test_render(folder: Path, helm: str) -> None:
    (folder / "more.yaml").write_text("labels: {team: edge}\n")
    arguments = ["render", "good.yaml", "-f", "more.yaml", "-n", "elsewhere", "-o", "manifests.yaml"]
    assert run(folder, *arguments, PATH=search_path(helm)) == (0, "", "")
    documents = parsed((folder / "manifests.yaml").read_text(encoding="utf-8"))
    assert {document["metadata"]["name"] for document in documents} >= {"api-example-com"}
    assert {document["metadata"]["labels"]["team"] for document in documents} == {"edge"}
    assert not list((folder / "tmp").iterdir())


def test_what_helm_refuses_is_passed_on(folder: Path) -> None:
    code, out, errors = run(folder, "render", "good.yaml", "-f", "missing.yaml", PATH=search_path("helm4"))
    assert (code, out) == (2, "")
    assert errors.startswith("egressc: helm refused: Error: open missing.yaml")


def test_explain(folder: Path) -> None:
    code, out, errors = run(folder, "explain", "good.yaml")
    assert (code, errors) == (0, "")
    assert "api.example.com" in out
    code, out, errors = run(folder, "explain", "good.yaml", "--host", "api.example.org")
    assert (code, out) == (2, "")
    assert "api.example.org" in errors
