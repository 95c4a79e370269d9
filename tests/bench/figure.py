"""A measured figure beside its baseline and its target, as the table and bench.json show it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal


@dataclass(frozen=True)
class Figure:
    """`ratio` is the figure over the baseline as measured in pairs, so it need not be their quotient.

    The `target` bounds the ratio or the figure itself, whichever `bounds` names. `detail` says more to bench.json.
    """

    name: str
    unit: str
    figure: float
    baseline: float
    baseline_is: str
    ratio: float
    bounds: Literal["ratio", "figure"]
    bound: Literal["at least", "at most"]
    target: float
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        """Whether the target holds."""
        measured = self.ratio if self.bounds == "ratio" else self.figure
        return measured >= self.target if self.bound == "at least" else measured <= self.target

    def as_json(self) -> dict[str, Any]:
        """Its entry in bench.json."""
        rounded = {name: _short(value) for name, value in asdict(self).items() if name != "name"}
        return rounded | {"met": self.met}

    @classmethod
    def read(cls, name: str, entry: dict[str, Any]) -> Figure:
        """The figure of an entry in bench.json."""
        names = [one.name for one in fields(cls) if one.name != "name"]
        return cls(name, **{one: entry[one] for one in names})

    def as_row(self) -> list[str]:
        """Its cells in the table, under HEAD."""
        unit = "" if self.bounds == "ratio" else f" {self.unit}"
        return [
            self.name,
            f"{_text(self.figure)} {self.unit}",
            f"{_text(self.baseline)} {self.unit}",
            f"{self.ratio:.2f}",
            f"{self.bound} {_text(self.target)}{unit}",
            "met" if self.met else "missed",
        ]


HEAD = ["measurement", "Bincard", "baseline", "ratio", "target", ""]


def table(figures: list[Figure]) -> str:
    """The figures under each other, for a terminal and for Markdown alike; below it what each baseline is."""
    rows = [HEAD, *(figure.as_row() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    baselines = [f"- {figure.name}: beside {figure.baseline_is}" for figure in figures]
    return "\n".join([*lines, "", *baselines])


def _text(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}") if abs(value) < 1000 else round(value)
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_short(one) for one in value]
    return value
