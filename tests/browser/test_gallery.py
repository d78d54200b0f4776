"""`make gallery`: eight pictures of each scene, a page with all, and what it says."""

from __future__ import annotations

import contextlib
import inspect
import struct

import pytest

from tests import gallery
from tests.scenes import stage
from tests.scenes.scene import Scene

GOOD = Scene("reset: done", "/accounts/password/reset/key/done/", "Your password is")
BROKEN = Scene("lost: broken", "/scenes/500/", "never there")
SENT_AWAY = Scene("lost: sent away", "/dashboard/", "or with your password", ours=False)
ELSEWHERE = Scene("lost: elsewhere", "/dashboard/", "Recent activity")


@pytest.fixture
def make(monkeypatch, pseudo_scenes, tmp_path):
    """Runs it on a stage that is there; returns its exit code."""
    as_it_is = inspect.signature(stage.stage)

    def started(*how, **more):
        given = as_it_is.bind(*how, **more).arguments
        assert given["settings"] == "tests.pseudo.settings"
        return contextlib.nullcontext(pseudo_scenes)

    def run(*scenes, words=()):
        monkeypatch.setattr(gallery, "SCENES", scenes)
        return gallery.main(tmp_path, *words)

    monkeypatch.setattr(gallery, "stage", started)
    monkeypatch.setattr(stage, "PATIENCE", 3000)  # a busy machine takes its time
    return run


def size(picture):
    return struct.unpack(">II", picture.read_bytes()[16:24])


def test_eight_pictures_and_a_page_that_shows_them(make, tmp_path, capsys):
    (tmp_path / "of-a-scene-that-is-no-more.png").touch()
    assert make(GOOD, BROKEN, words=["done"]) == 0
    pictures = sorted(tmp_path.glob("*.png"))
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert len(pictures) == len({one.read_bytes() for one in pictures}) == 8
    for one in pictures:
        assert one.name.startswith("reset--done.")
        assert f'src="{one.name}"' in page
        assert size(one)[0] == int(one.name.split(".")[2])
    told = capsys.readouterr().out
    assert "8 pictures of 1 scenes" in told
    assert "not reached" not in told


def test_a_scene_that_is_not_reached_is_told_and_keeps_no_other_back(
    make, tmp_path, capsys
):
    assert make(BROKEN, ELSEWHERE, SENT_AWAY, GOOD) == 1
    told = capsys.readouterr().out
    for name in ("broken, ltr", "broken, rtl", "elsewhere, ltr", "elsewhere, rtl",
                 "sent away, rtl"):  # fmt: skip
        assert f"not reached: lost: {name}" in told
    # that one is where its words are, in English, and Django's words are not ours
    assert "sent away, ltr" not in told
    assert len(list(tmp_path.glob("reset--done.*.png"))) == 8
