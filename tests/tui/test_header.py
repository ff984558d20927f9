"""The two lines above the panels."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from tuilab.tui.snapshot import ArmLabel, Snapshot, Wanted
from tuilab.tui.widgets.header import RunHeader


@pytest.mark.parametrize(
    ("width", "names"),
    [(230, ["xavier-tanh-0", "xavier-relu-11"]), (120, ["xa…-0", "xa…11"]), (20, ["x…0", "x…"])],
)
async def test_twelve_arms_are_all_named_as_well_as_there_is_room(width: int, names: list[str]) -> None:
    arms = tuple(ArmLabel(f"xavier-{'relu' if k % 2 else 'tanh'}-{k}", "●", 1) for k in range(12))

    class Lab(App[None]):
        def compose(self) -> ComposeResult:
            yield RunHeader("run")

    async with Lab().run_test(size=(width, 4)) as pilot:
        header = pilot.app.query_one(RunHeader)
        header.show(Snapshot(Wanted(), header={"scenario": {}}, arms=arms), "remark")
        await pilot.pause()
        line = str(header.render()).split("\n")[1]
        assert line.endswith("remark ")
        assert len(line) == width
        assert names[0] in line
        assert width == 20 or names[1] in line


async def test_the_users_own_parts_are_called_his() -> None:
    class Lab(App[None]):
        def compose(self) -> ComposeResult:
            yield RunHeader("run")

    own = [{"part": "optimizer", "file": "/home/me/mine.py", "name": "MyAdam", "sha256": "ab"}]
    async with Lab().run_test(size=(120, 4)) as pilot:
        header = pilot.app.query_one(RunHeader)
        header.show(Snapshot(Wanted(), header={"scenario": {"title": "A bowl"}, "own": own}), "")
        await pilot.pause()
        assert "yours: mine.py:MyAdam" in str(header.render()).split("\n")[0]
