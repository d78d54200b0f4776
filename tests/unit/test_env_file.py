"""Files of variables: what their lines mean, and what no message may show."""

from __future__ import annotations

import os

import pytest
from django.core.exceptions import ImproperlyConfigured

from authsite import env_file
from authsite.env import Env

SECRET = "hunter2-Xq9"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=value", "value"),
        ("export NAME=value", "value"),
        ("NAME = value", "value"),
        ("  NAME=value", "value"),
        ("NAME=value   ", "value"),
        ("NAME='value'   ", "value"),
        ('NAME="value"  # ours', "value"),
        ("NAME=Acme # ours", "Acme"),
        ("NAME=#0d5b6e", "#0d5b6e"),
        ("NAME=a#b", "a#b"),
        ("NAME='Acme # ours'", "Acme # ours"),
        ("NAME= # nothing", ""),
        ("NAME=", ""),
        ("NAME=a=b==", "a=b=="),
        ("NAME=it's", "it's"),
        (r"NAME='it\'s'", "it's"),
        (r'NAME="a\nb"', "a\nb"),
        (r"NAME=a\nb", r"a\nb"),
        ("NAME=$x9", "$x9"),
        ("NAME='$PATH'", "$PATH"),
        ('NAME="${PATH}"', "${PATH}"),
        ("NAME=$$", "$$"),
        ("NAME=%PATH%", "%PATH%"),
        ("NAME=\u00fcml\u00e4ut", "\u00fcml\u00e4ut"),
    ],
)
def test_a_line_means_what_it_says(tmp_path, line, value):
    file = tmp_path / "env"
    file.write_text(f"# first\n\n{line}\r\nLAST=1", encoding="utf-8", newline="")
    assert env_file.read(file) == {"NAME": value, "LAST": "1"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_are_accepted(tmp_path, end):
    file = tmp_path / "env"
    file.write_text(f"A=1{end}{end}# no{end}B=2{end}", "utf-8-sig", newline="")
    assert env_file.read(file) == {"A": "1", "B": "2"}


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"AUTH_SECRET: {SECRET}", "AUTH_SECRET"),
        (f'AUTH_SECRET="{SECRET}', "AUTH_SECRET"),
        (f"AUTH_SECRET='{SECRET}", "AUTH_SECRET"),
        (f"AUTH_SECRET='{SECRET}'x", "AUTH_SECRET"),
        (f"AUTH SECRET={SECRET}", "this line"),
        (f"export AUTH-SECRET={SECRET}", "this line"),
        (SECRET, "this line"),
        (f"{SECRET}=", "this line"),
        (f"={SECRET}", "this line"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_never_shown(tmp_path, line, shown):
    file = tmp_path / "env"
    file.write_text(f"A=1\n\n{line}\nB='2'\n")
    with pytest.raises(ImproperlyConfigured) as caught:
        env_file.read(file)
    told = str(caught.value)
    assert told.startswith(f"{file}, line 3: {shown} cannot be read.")
    assert SECRET[:7] not in told
    assert "\n" not in told


def test_each_problem_has_its_line_and_a_name_set_twice_is_one(tmp_path):
    file = tmp_path / "env"
    file.write_text(f"DEBUG=false\nnonsense\nDEBUG=true\nB='{SECRET}\nC=1\n")
    with pytest.raises(ImproperlyConfigured) as caught:
        env_file.read(file)
    lines = str(caught.value).splitlines()
    assert [line.removeprefix(f"{file}, ").split(":")[0] for line in lines] == [
        *("line 2", "line 3", "line 4"),
    ]
    assert lines[1].endswith("DEBUG is set twice, first on line 1.")


@pytest.mark.parametrize(
    "data",
    [
        f"A={SECRET}ü".encode("latin-1"),
        f"A={SECRET}".encode("utf-16"),
        f"A={SECRET}".encode("utf-16-le"),
        f"A={SECRET}\0".encode(),
    ],
)
def test_what_is_not_utf_8_text_is_refused_in_one_line(monkeypatch, tmp_path, data):
    file = tmp_path / "env"
    file.write_bytes(data)
    with pytest.raises(ImproperlyConfigured) as caught:
        env_file.read(file)
    assert str(caught.value) == f"{file} is not UTF-8 text."
    monkeypatch.setenv("SOME_SECRET_FILE", str(file))
    with pytest.raises(ImproperlyConfigured) as caught:
        Env().text("SOME_SECRET")
    assert str(caught.value) == "SOME_SECRET: SOME_SECRET_FILE is not UTF-8 text"


@pytest.mark.parametrize("value", ["$x9-secret", "$PATH", "$$", "${HOME}", "a$b", "#c"])
def test_values_are_literal_wherever_they_come_from(monkeypatch, tmp_path, value):
    file = tmp_path / "secret"
    file.write_text(f"{value}\n", "utf-8-sig")
    monkeypatch.setenv("FROM_ENVIRONMENT", value)
    monkeypatch.setenv("FROM_FILE_FILE", str(file))
    assert Env().text("FROM_ENVIRONMENT") == value
    assert Env().text("FROM_FILE") == value


def test_a_variable_and_its_file_together_are_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("SOME_SECRET", SECRET)
    monkeypatch.setenv("SOME_SECRET_FILE", str(tmp_path / "secret"))
    with pytest.raises(ImproperlyConfigured, match="remove one of them") as caught:
        Env().text("SOME_SECRET")
    assert SECRET not in str(caught.value)


def test_the_environment_wins_over_the_file_in_either_form(monkeypatch, tmp_path):
    file, secret = tmp_path / "env", tmp_path / "secret"
    secret.write_text("from a file")
    file.write_text(f"ONE=1\nTWO_FILE={secret}\nTHREE=3\nFOUR=4\n")
    for name, value in {"ONE": "one", "TWO": "two", "THREE_FILE": str(secret)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ENV_FILE", str(file))
    for name in ("TWO_FILE", "THREE", "FOUR"):  # restored when the test ends
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    env = Env()
    read = [env.text(name) for name in ("ONE", "TWO", "THREE", "FOUR")]
    assert read == ["one", "two", "from a file", "4"]
    # children inherit it all, and read no other file on top
    assert os.environ["FOUR"] == "4"
    assert os.environ["ENV_FILE"] == ""


def test_a_chosen_file_that_is_missing_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(ImproperlyConfigured, match="nowhere cannot be read"):
        Env().text("ANYTHING")


def test_a_value_that_is_not_utf_8_is_refused(monkeypatch):
    monkeypatch.setenv("SOME_NAME", os.fsdecode(b"\xff\xfe"))
    with pytest.raises(ImproperlyConfigured, match="SOME_NAME: is not UTF-8"):
        Env().text("SOME_NAME")
