"""The data sets on this machine: where they lie, how they come here, and how their files are read."""

from __future__ import annotations

from tuilab.data.cifar import CIFAR10, CIFAR100, read_cifar
from tuilab.data.fetch import Fetched, fetch
from tuilab.data.folder import DataError, MissingDataError, folder, inside
from tuilab.data.idx import read_idx
from tuilab.data.images import read_images
from tuilab.data.sources import SOURCES

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "SOURCES",
    "DataError",
    "Fetched",
    "MissingDataError",
    "fetch",
    "folder",
    "inside",
    "read_cifar",
    "read_idx",
    "read_images",
]
