"""Memory that one step frees is there for the next."""

from __future__ import annotations

import platform
import resource

import pytest
import torch

from tuilab.experiments.memory import keep_freed_memory


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives memory back so eagerly")
def test_what_a_step_frees_the_next_need_not_fetch_anew() -> None:
    def step() -> None:
        assert len([torch.zeros(4 << 20) for _ in range(12)]) == 12  # 16 MiB each, as activations are

    keep_freed_memory()
    for _ in range(3):  # until the heap is as large as it gets
        step()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        step()
    fetched = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert fetched < 5 * 12 * 4096 / 10  # pages of 4 KiB
