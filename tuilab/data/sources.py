"""The data sets that can be fetched: where they are, and how to know them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tuilab.data.cifar import CIFAR10, CIFAR100, Layout, check_files
from tuilab.data.idx import read_idx


@dataclass(frozen=True, slots=True)
class Remote:
    """A file on a server, and its MD5 checksum as its publisher states it."""

    url: str
    md5: str

    @property
    def name(self) -> str:
        """The file's."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Source:
    """One data set."""

    name: str
    title: str
    folder: str
    """Its folder in the data folder."""
    remotes: tuple[Remote, ...]
    """One archive, or the files themselves."""
    check: Callable[[Path], list[Path]]
    """Reads all files in a folder and returns them; raises DataError if they are not whole."""
    data: str
    """How a scenario names it."""
    room: str
    """What fetching it takes on the disk."""
    packed: dict[str, int] | None = None
    """The files in the archive that are wanted, with their sizes; None where there is none."""
    classes: tuple[str, ...] = ()
    """Names of classes to write beside the files."""


def _cifar(layout: Layout, archive: Remote) -> Source:
    check, data = partial(check_files, layout), f'{{ name = "{layout.name}" }}'
    return Source(
        layout.name, layout.title, layout.folder, (archive,), check, data, "350 MB", packed=layout.sizes
    )


def check_idx(place: Path) -> list[Path]:
    """Both splits; see `Source.check`."""
    return list(dict.fromkeys(file for split in ("train", "test") for file in read_idx(place, split).files))


def _mnist(name: str, title: str, url: str, md5s: dict[str, str], classes: str) -> Source:
    remotes = tuple(Remote(f"{url}/{file}-ubyte.gz", md5) for file, md5 in md5s.items())
    data = f'{{ name = "idx", folder = "{name}" }}'
    return Source(name, title, name, remotes, check_idx, data, "50 MB", classes=tuple(classes.split(", ")))


SOURCES = {
    source.name: source
    for source in (
        _cifar(
            CIFAR10,
            Remote(
                "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530"
            ),
        ),
        _cifar(
            CIFAR100,
            Remote(
                "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8"
            ),
        ),
        _mnist(
            "mnist",
            "MNIST",
            "https://ossci-datasets.s3.amazonaws.com/mnist",
            {
                "train-images-idx3": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                "train-labels-idx1": "d53e105ee54ea40749a09fcbcd1e9432",
                "t10k-images-idx3": "9fb629c4189551a2d022fa330f9573f3",
                "t10k-labels-idx1": "ec29112dd5afa0611ce80d1b7f02629c",
            },
            "0, 1, 2, 3, 4, 5, 6, 7, 8, 9",
        ),
        _mnist(
            "fashion-mnist",
            "Fashion-MNIST",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
            {
                "train-images-idx3": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                "train-labels-idx1": "25c81989df183df01b3e8a0aad5dffbe",
                "t10k-images-idx3": "bef4ecab320f06d8554ea6380940ec79",
                "t10k-labels-idx1": "bb300cfdad3c16e7a12a480ee83cd310",
            },
            "T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle boot",
        ),
    )
}
"""By name, as `tuilab data fetch` takes it."""
