"""Settings by flag, environment and file: one table of them, one order, one way to be told."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pt004_model.cli import main
from pt004_model.cli.settings import SETTINGS, Setting
from pt004_model.config import SETTINGS as TABLES
from pt004_model.manual import page
from tests.cli.helpers import Ended, commands_of, invoke

HUSH = "hush-hush-hush"
VALUES = {
    "base_url": ("http://a", "http://b", "http://c"),
    "dialect": ("seed", "deployed", "seed"),
    "headers": ('{A = "1234"}', "B=1", "C=1"),
    "max_reply": ("2000", "3000", "4000"),
    "confirm": ("1", "2", "3"),
    "out": ("a", "b", "c"),
    "profile": ("ci", "nightly", "dev"),
    "areas": ("audit", "policy", "gates"),
    "trace_link": ("http://a/{trace_id}", "http://b/{trace_id}", "http://c/{trace_id}"),
    "diff": ("http://a", "http://b", "http://c"),
    "scheduler": ("tcp://a:1", "tcp://b:1", "tcp://c:1"),
    "shard": ("1/11", "1/12", "1/13"),
    "race_by": ("threads", "last-byte", "threads"),
}
"""What file, environment and flag say, in the place of numbers or of names of files."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without any file of ours, but with some that can be named."""
    monkeypatch.chdir(tmp_path)
    for name in ("11", "12", "13"):
        (tmp_path / name).write_text("")
    return tmp_path


def shown(*flags: str, **environment: str) -> dict[str, tuple[object, str]]:
    """The value of each setting, and where it was said."""
    ended = invoke("config", "--json", *flags, **{"PT004_PATIENCE": "", **environment})
    assert 0 == ended.code, ended.said
    return {row["name"]: (row["value"], row["from"]) for row in json.loads(ended.out)}


PAIRS = {"dialect", "race_by"}
"""Settings of two words, so that no three of them differ."""


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_flag_environment_file_default(setting: Setting) -> None:
    """Each setting can be said in each way; the flag wins, then environment, file and default."""
    numbers = ("11", "12", "13")
    in_file, in_environment, on_line = VALUES.get(setting.key, numbers)
    if setting.is_flag:
        in_file, in_environment, on_line = "true", "1", ""
    plain = in_file if in_file[0] == "{" or setting.is_flag else json.dumps(in_file)
    Path("pt004.toml").write_text(f"[{setting.table}]\n\n{setting.key} = {plain}\n")
    flags = [setting.opts[0], *([on_line] if on_line else [])]
    there = {str(setting.envvar): in_environment}
    ways = (shown(), shown(**there), shown(*flags, **there))
    said = [way[setting.key] for way in ways]
    assert [
        "pt004.toml, line 3", f"environment, {setting.envvar}", "flag",
    ] == [origin for _, origin in said]  # fmt: skip
    if not (setting.secret or setting.is_flag):
        assert 3 == len({json.dumps(value) for value, _ in said}) or setting.key in PAIRS
    Path("pt004.toml").unlink()
    assert "default" == shown()[setting.key][1]


def test_no_secret_is_shown() -> None:
    """What is secret is masked, wherever it was said; names of headers are not."""
    Path("pt004.toml").write_text(
        f'[target]\nbase_url = "http://a"\ntoken_command = ["echo", "{HUSH}"]\n'
        f'proxy = "http://u:{HUSH}@p:1"\nheaders = {{ X-A = "{HUSH}" }}\n'
    )
    for more in ([], ["--json"]):
        ended = invoke("config", *more, SECRET_KEY=HUSH)
        assert 0 == ended.code, ended.said
        assert HUSH not in ended.said
        assert "X-A" in ended.out
        assert 4 <= ended.out.count("[secret]")


def test_what_is_printed_can_be_read() -> None:
    """The output is a file that says the same."""
    Path("pt004.toml").write_text('[target]\nrate = 3\n[campaign]\nareas = ["gates", "audit"]\n')
    printed = invoke("config", "--max-time", "3.5", PT004_PATIENCE="").out
    Path("other.toml").write_text(printed)
    before = {name: value for name, (value, _) in shown("--max-time", "3.5").items()}
    Path("pt004.toml").unlink()
    after = {name: value for name, (value, _) in shown("--config", "other.toml").items()}
    assert before == after


def test_a_path_is_that_of_the_file() -> None:
    """A path in a file elsewhere is meant from there."""
    Path("sub").mkdir()
    Path("sub/ca.pem").write_text("")
    Path("sub/fc.toml").write_text('[target]\nca_bundle = "ca.pem"\n')
    assert "sub/ca.pem" == shown("--config", "sub/fc.toml")["ca_bundle"][0]


def refused(text: str, **environment: str) -> Ended:
    """How a check ends with this file: before anything is sent."""
    Path("pt004.toml").write_text(text)
    ended = invoke("check", **environment)
    assert (2, "") == (ended.code, ended.out), ended.said
    assert 1 == ended.err.partition("Error: ")[2].count("\n")
    return ended


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[target]\nrate = 0", "line 2: 0.0 is not in the range x>0"),
        ("[target]\ntimeout = nan", "line 2: 'nan' is not finite"),
        ("[target]\n\nrate = 'soon'", "line 3: 'soon' is not a valid float"),
        ("[target]\nrate = [1]", "line 2: rate cannot be a list"),
        ("[target]\nrate = true", "line 2: 'True' is not a valid float"),
        ("[campaign]\nno_races = 2", "line 2: '2' is not a valid boolean"),
        ("[target]\nheaders = 'A=b'", "line 2: headers cannot be a text"),
        ("[target]\nheaders = { A = 'b ' }", "line 2: the value of A is not visible ASCII"),
        ("[target]\nca_bundle = 'no.pem'", "line 2: File 'no.pem' does not exist"),
        ("[target]\ntoken_command = 'a \"b'", "line 2: the command cannot be read"),
        ("[target]\nbase_url = 'fc'", "line 2: what was given is no address"),
        ("[campaign]\nprofile = 'huge'", "line 2: 'huge' is no profile; choose from dev, ci,"),
        ("[campaign]\nareas = ['magic']", "line 2: 'magic' is no area; choose from lifecycle"),
        (
            "[campaign]\nseed = 3",
            "line 2: 'seed' means nothing here; use areas, confirm, diff,",
        ),
    ],
)
def test_a_value_that_cannot_be(text: str, said: str) -> None:
    """Exit code 2, file and line, and what it may be."""
    assert f"Error: pt004.toml, {said}" in refused(text).err


def test_a_variable_that_cannot_be() -> None:
    """It is named."""
    assert "Error: PT004_RATE: 'x' is not a valid float" in refused("", PT004_RATE="x").err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("token_command = 'false'", "the token command ends with status 1"),
        ("token_command = 'no-such-program'", "cannot be started: No such file"),
        ("token_command = 'true'", "the token command prints nothing"),
        ("token_command = ['printf', 'a\\nb']", "prints more than a token"),
        ("token_file = 'no'", "cannot read the token file no: No such file"),
        ("token_file = '11'", "the token file 11 holds nothing"),
        ("token_file = '11'\ntoken = 'a'", "token and token_file are given; one of them"),
        ("client_cert = '11'", "cannot use the client certificate 11"),
        ("client_key = '11'", "a client key is of no use by itself"),
        ("proxy = 'ftp://x'", "the proxy that is given cannot be used"),
    ],
)
def test_the_way_to_an_fc_that_cannot_be(text: str, said: str) -> None:
    """A token that cannot be had, a certificate that is none: found out before anything is sent."""
    assert said in refused(f"[target]\nbase_url = 'http://127.0.0.1:9'\n{text}").err


def test_all_settings_are_told_of() -> None:
    """The page has a row for each: variable, member and flag; a table for each table."""
    rows = re.findall(r"(?m)^\| `(\w+)` \| `(\w+)` \| `([\w-]+)` \|", page("configuration"))
    assert [(each.envvar, each.key, each.opts[0]) for each in SETTINGS] == rows
    assert list(TABLES) == re.findall(r"(?m)^## Of .*`\[(\w+)\]`$", page("configuration"))


def test_whatever_a_check_is_told_is_a_setting() -> None:
    """No option of a campaign is left out of the file but what is for one run alone."""
    left = {option.name for option in commands_of(main)["check"].params} - {s.key for s in SETTINGS}
    assert {"auth", "automatic", "fault", "config", "seed", "as_json", "quiet"} == left


def test_what_is_no_setting_is_shown_too() -> None:
    """Routes, demands, words and deviations, as they can be read again; secrets masked."""
    text = (
        f'[target]\nbase_url = "http://a"\nheaders = {{ A = "{HUSH}" }}\n[routes]\ncreate = "/r"\n'
        f'[create.fields]\nkey = "{HUSH}"\n[[deviation]]\narea = "audit"\nreason = "so"\n'
        "until = 2027-01-31\n"
    )
    Path("pt004.toml").write_text(text)
    printed = invoke("config").out
    assert HUSH not in printed
    Path("other.toml").write_text(printed)
    again = json.loads(invoke("config", "--json", "--config", "other.toml").out)
    there = {row["table"]: row["value"] for row in again if not row["name"]}
    assert {"create": "/r"} == there["routes"]
    assert {"fields": {"key": "[secret]"}} == there["create"]
    assert [{"area": "audit", "reason": "so", "until": "2027-01-31"}] == there["deviation"]


def test_no_proof_report_in_words_of_its_own() -> None:
    """It would show paths that nobody asked; the cases themselves can be run."""
    Path("pt004.toml").write_text('[routes]\ncreate = "/r"\n')
    ended = invoke("prove", "--base-url", "http://127.0.0.1:9", "--out", "proof")
    assert 2 == ended.code
    assert "the routes and words of the contract alone, and pt004.toml has others" in ended.err


@pytest.mark.system
def test_what_is_agreed_is_not_judged_and_is_told() -> None:
    """A fault that is agreed to is no finding until its day, which the campaign says."""
    deviation = '[[deviation]]\ncheck = "policy.deny-blocks"\nreason = "so be it"\nuntil = {}\n'
    asked = ("check", "--fault", "denied-step-may-pause", "--seed", "3", "--confirm", "0")
    codes = []
    for day in ("2999-01-01", "2020-01-01"):
        Path("pt004.toml").write_text(deviation.format(day))
        ended = invoke(*asked, "--max-examples", "12", "--no-replay")
        codes.append(ended.code)
        told = f"not judged, as agreed: policy.deny-blocks: so be it, until {day}"
        assert (told in ended.out) == (day > "2026")
    assert [0, 1] == codes
