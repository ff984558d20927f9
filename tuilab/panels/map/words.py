"""A map in words."""

from __future__ import annotations

import numpy as np

from tuilab.panels.axes import LIMIT
from tuilab.panels.map.field import Field
from tuilab.panels.numbers import short


def category_name(field: Field, category: int) -> str:
    """What a category is called: its number, where it has no name."""
    return field.categories[category] if category < len(field.categories) else str(category)


def summary(field: Field) -> str:
    """Its extremes and where they are, the shares of its categories, or what a confusion matrix mistakes."""
    values = field.values
    known = np.isfinite(values)
    broken, blank = int(np.isinf(values).sum()), int(np.isnan(values).sum())
    rest = [f"{broken} infinite"] * (broken > 0) + [f"{blank} without a value"] * (blank > 0)
    if not known.any():
        return " and ".join(rest)
    if field.colors == "categories":
        kinds, counts = np.unique(values[known], return_counts=True)
        order = np.argsort(-counts, kind="stable")[:6].tolist()
        told = [f"{category_name(field, int(kinds[k]))} {counts[k] / values.size:.0%}" for k in order]
    elif field.table and sorted(field.x.labels) == sorted(field.y.labels):
        told = _mistakes(field)
    else:
        told = [_extreme("lowest", np.where(known, values, np.inf).argmin(), field)]
        told.append(_extreme("highest", np.where(known, values, -np.inf).argmax(), field))
    return ", ".join([*told, *rest])


def _extreme(word: str, place: np.intp, field: Field) -> str:
    row, column = divmod(int(place), field.values.shape[1])
    value = short(float(field.values[row, column]))
    return f"{word} {value} at {field.x.at(column)}, {field.y.at(row)}"


def _mistakes(field: Field) -> list[str]:
    """The share of a confusion matrix where row and column have one name, and the most elsewhere."""
    values = np.nan_to_num(np.clip(field.values, 0, LIMIT / field.values.size), nan=0.0)
    same = np.array(field.y.labels)[:, None] == np.array(field.x.labels)
    total, right = float(values.sum()), float(values[same].sum())
    off = np.where(same, 0, values)
    told = [f"{right / total:.1%} on the diagonal"] if total > 0 else ["nothing on the diagonal"]
    if off.any():
        told.append(_extreme("most off it", off.argmax(), field))
    return told
