"""The data sets on this machine: where they lie, how they come here, and how their files are read."""

from __future__ import annotations

from tuilab.data.cifar10 import read_cifar10
from tuilab.data.fetch import Fetched, fetch_cifar10
from tuilab.data.folder import DataError, folder

__all__ = ["DataError", "Fetched", "fetch_cifar10", "folder", "read_cifar10"]
