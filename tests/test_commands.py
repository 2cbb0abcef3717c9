"""What all commands have in common, and the small ones: stdin, options anywhere, the chart and the schemas as files."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from egressc import cli, emit
from egressc.assets import chart_path, schema_path
from tests.chart import Helm, parsed
from tests.costs import without_cost
from tests.lists import compile_text, hosts
from tests.test_cli import command, environment

GOOD = hosts("- api.example.com")
VALUES = chart_path() / "values.schema.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "more.yaml").write_text("version: 1\nhosts: [{host: b.example.com, clients: [web]}]\n")
    (tmp_path / "overlay.yaml").write_text("version: 1\ndefaults: {replicas: 3}\nhosts: []\n")
    (tmp_path / "tmp").mkdir()
    return tmp_path


def run(folder: Path, *arguments: str, given: str = "") -> tuple[int, str, str]:
    ended = subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(folder),
        input=given.encode(),
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in ended.stderr
    return ended.returncode, ended.stdout.decode(), without_cost(ended.stderr.decode())


def values() -> str:
    plan = compile_text(GOOD).plan
    assert plan
    return emit.dump(emit.values(plan))


def test_a_list_may_come_from_stdin_and_values_go_to_stdout(folder: Path) -> None:
    assert run(folder, "compile", "-", "-o", "-", given=GOOD) == (0, values(), "")
    code, out, errors = run(folder, "compile", "-", given=GOOD + "- b\n")
    assert (code, out) == (1, "")
    assert errors.startswith("<stdin>:5:3: error EG105: ")
    assert run(folder, "explain", "good.yaml", "--overlay", "-", given="version: 1\nhosts: []\n")[0] == 0
    assert not (folder / "-").exists()


def test_stdin_is_read_once(folder: Path) -> None:
    for arguments in (["compile", "-", "-"], ["compile", "-", "--overlay", "-"], ["diff", "-", "-"]):
        code, out, errors = run(folder, *arguments, given=GOOD)
        assert (code, out) == (2, "")
        assert "stdin can be read once" in errors


def test_options_may_stand_between_lists(folder: Path) -> None:
    apart = run(folder, "compile", "good.yaml", "--overlay", "overlay.yaml", "more.yaml")
    assert apart == run(folder, "compile", "good.yaml", "more.yaml", "--overlay", "overlay.yaml")
    assert apart[0] == 0


@pytest.mark.parametrize(
    "name", ["", "compile", "render", "explain", "diff", "import", "chart", "schema", "completion"]
)
def test_help_says_the_exit_codes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*filter(None, [name]), "--help"])
    assert ended.value.code == 0
    assert "exit codes: 0 done" in capsys.readouterr().out


def test_values_for_a_chart_that_has_ours_as_a_subchart(folder: Path) -> None:
    code, out, errors = run(folder, "compile", "good.yaml", "--key", "egress-gateways")
    assert (code, errors) == (0, "")
    assert yaml.safe_load(out) == {"egress-gateways": yaml.safe_load(values())}
    (folder / "values.yaml").write_text(out)
    arguments = ("compile", "good.yaml", "--check", "values.yaml")
    assert run(folder, *arguments, "--key", "egress-gateways")[0] == 0
    code, _, errors = run(folder, *arguments, "--key", "other")
    assert code == 1
    assert "run `egressc compile good.yaml --key other -o values.yaml`" in errors
    assert run(folder, "compile", "good.yaml", "--key", "a.b")[0] == 2


@pytest.mark.parametrize("form", ["json", "sarif", "gitlab", "github", "junit"])
def test_drift_is_said_in_every_format(folder: Path, form: str) -> None:
    code, out, errors = run(folder, "compile", "good.yaml", "--check", "values.yaml", "--findings", form)
    assert (code, out) == (1, "")
    assert "drift" in errors
    if form == "github":
        assert errors.startswith("::error file=values.yaml,line=1,col=1,title=drift::not what the list compiles to")
    if form == "json":
        (finding,) = json.loads(errors)["findings"]
        assert (finding["file"], finding["line"], finding["level"]) == ("values.yaml", 1, "error")


def test_a_result_that_was_another_is_told_by_the_exit_code(folder: Path) -> None:
    arguments = ("compile", "good.yaml", "-o", "values.yaml")
    for _ in range(2):
        first, second = (run(folder, *arguments, "--exit-code") for _ in range(2))
        assert (first, second) == ((3, "", "values.yaml: written anew\n"), (0, "", ""))
        (folder / "values.yaml").write_text("gateways: {}\n")
    assert run(folder, *arguments) == (0, "", "")
    assert run(folder, "compile", "good.yaml", "--exit-code")[0] == 2


def test_a_parent_chart_hands_the_values_down(folder: Path, helm4: Helm) -> None:
    parent = folder / "parent"
    assert run(folder, "chart", "-o", "parent/charts/egress-gateways")[0] == 0
    version = yaml.safe_load((chart_path() / "Chart.yaml").read_text())["version"]
    (parent / "Chart.yaml").write_text(
        "apiVersion: v2\nname: parent\nversion: 0.0.1\n"
        f"dependencies: [{{name: egress-gateways, alias: ways, version: {version}}}]\n"
    )
    below = run(folder, "compile", "good.yaml", "--key", "ways")[1]
    names = [
        {(document["kind"], document["metadata"]["name"]) for document in parsed(helm4.text(text, chart=chart))}
        for text, chart in ((below, parent), (values(), chart_path()))
    ]
    assert names[0] == names[1]


def test_the_chart_as_a_folder(folder: Path) -> None:
    assert run(folder, "chart", "-o", "a/chart") == (0, "", "")
    (folder / "empty").mkdir()
    assert run(folder, "chart", "-o", "empty") == (0, "", "")
    for name in ("a/chart", "empty"):
        copied, own = (
            {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
            for root in (folder / name, chart_path())
        )
        assert copied == own
    assert {path.name for path in (folder / "a").iterdir()} == {"chart"}


def test_a_folder_that_is_not_empty_stays_as_it_is(folder: Path) -> None:
    (folder / "link").symlink_to("tmp")
    for name in (".", "good.yaml", "link"):
        code, out, errors = run(folder, "chart", "-o", name)
        assert (code, out) == (2, "")
        assert errors == f"egressc: {name} is not empty: nothing is written\n"
    code, _, errors = run(folder, "chart", "-o", "good.yaml/x")
    assert code == 2
    assert errors.startswith("egressc: good.yaml/x cannot be written: ")
    assert (folder / "good.yaml").read_text() == GOOD
    assert run(folder, "chart")[0] == 2


def test_schemas(folder: Path) -> None:
    for name, path in (("hosts", schema_path()), ("values", VALUES)):
        assert run(folder, "schema", name) == (0, path.read_text(encoding="utf-8"), "")
        assert run(folder, "schema", name, "-o", "schema.json") == (0, "", "")
        assert json.loads((folder / "schema.json").read_text()) == json.loads(path.read_text(encoding="utf-8"))
    assert run(folder, "schema", "other")[0] == 2


COMPLETED = {
    "sch": ["schema"],
    "schema ": ["hosts", "values"],
    "compile --overl": ["--overlay"],
    "compile --findings git": ["github", "gitlab"],
    "compile goo": ["good.yaml"],
    "compile --overlay over": ["overlay.yaml"],
}


def test_bash_completes_commands_choices_and_files(folder: Path) -> None:
    code, script, errors = run(folder, "completion", "bash")
    assert (code, errors) == (0, "")
    (folder / "completion").write_text(script)
    ask = """
    source completion
    read -ra COMP_WORDS <<<"egressc $1"; [[ $1 == *" " ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _shtab_egressc egressc "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
    printf '%s\n' "${COMPREPLY[@]}"
    """
    for typed, expected in COMPLETED.items():
        command = ["bash", "-c", ask, "bash", typed]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert (ended.stdout.split(), ended.stderr) == (expected, ""), typed


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_each_shell_has_a_script(folder: Path, shell: str) -> None:
    code, script, errors = run(folder, "completion", shell)
    assert (code, errors) == (0, "")
    assert "no-release" in script
