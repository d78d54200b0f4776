"""Hours of outages and rotations, by clocks in the hand: see in_venv/world.py."""

from __future__ import annotations

import functools
import re

import pytest

from tests.examples.test_python_vectors import HERE, run

FILES = ("keys.py", "lists.py", "process.py")
SCENARIOS = [
    (file, name)
    for file in FILES
    for name in re.findall(
        r"^def (\w+)\(world\):$", (HERE / "in_venv" / file).read_text(), re.MULTILINE
    )
]


@pytest.fixture(scope="module")
def told(installed):
    """What the scenarios of a file told; each file is run once."""
    return functools.cache(lambda file: run(installed("drf_service").python, file))


@pytest.mark.parametrize(("file", "name"), SCENARIOS)
def test_scenario(told, file, name):
    assert told(file)[name] is None, told(file)[name]


def test_all_scenarios_were_run(told):
    assert [name for file in FILES for name in told(file)] == [
        name for _, name in SCENARIOS
    ]
    assert len(SCENARIOS) > 20
