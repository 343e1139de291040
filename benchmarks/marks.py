"""A figure, its mark, whether it is met, and the table and JSON of all of them."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGES = ("numpy", "pandas", "numba", "pymetis", "highspy", "streamlit", "streamlit-folium", "playwright")
HEAD = ("Case", "Figure", "Measured", "Mark", "Met", "n", "Also")


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        case: what was done; name: which number of it.
        value: measured; unit: of value and mark, "" for a count.
        mark: the promise, None for a figure that is only shown; exact: it must be equal, else at most the mark.
        n: how often it was measured; least_n: how often it must have been.
        also: further numbers, for the reader.
    """

    case: str
    name: str
    value: float
    unit: str = ""
    mark: float | None = None
    exact: bool = False
    n: int = 1
    least_n: int = 1
    also: Mapping[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """None without a mark."""
        if self.mark is None:
            return None
        enough = self.n >= self.least_n
        return enough and (self.value == self.mark if self.exact else self.value <= self.mark)

    def row(self) -> tuple[str, ...]:
        """The cells of `HEAD`."""
        mark = "" if self.mark is None else ("" if self.exact else "≤ ") + amount(self.mark, self.unit)
        if self.least_n > 1:
            mark += f", n ≥ {self.least_n}"
        met = {True: "yes", False: "missed", None: ""}[self.met]
        also = ", ".join(f"{k} {v}" for k, v in self.also.items())
        return self.case, self.name, amount(self.value, self.unit), mark, met, str(self.n), also

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "case": self.case,
            "figure": self.name,
            "value": self.value,
            "unit": self.unit,
            "mark": self.mark,
            "comparison": "equal" if self.exact else "at most",
            "met": self.met,
            "n": self.n,
            "least_n": self.least_n,
            "also": dict(self.also),
        }


def amount(value: float, unit: str) -> str:
    """A number as a person reads it: whole milliseconds and counts, two places of anything else below 100."""
    whole = unit in {"", "ms"} or abs(value) >= 100
    text = f"{value:,.0f}" if whole and (unit or value == int(value)) else f"{value:,.2f}"
    return f"{text} {unit}".strip()


def timed(
    case: str, name: str, values: Sequence[float], unit: str, mark: float | None, *, by: str, least_n: int = 1
) -> Figure:
    """A figure of several timings, judged by their median ("p50"), by "p90", "p95" or by their "max"."""
    ordered = sorted(values)
    numbers = {"p50": statistics.median(ordered), "p90": ordered[round(0.9 * (len(ordered) - 1))], "max": ordered[-1]}
    if by == "p95":
        numbers["p95"] = ordered[round(0.95 * (len(ordered) - 1))]
    also = {k: amount(v, unit) for k, v in numbers.items() if k != by and (k != "p90" or len(ordered) >= 10)}
    return Figure(case, f"{name}, {by}", numbers[by], unit, mark, n=len(ordered), least_n=least_n, also=also)


def shown(case: str, name: str, values: Sequence[float], unit: str) -> Figure:
    """The median of several timings nothing is promised of; it says where the time of another figure goes."""
    return timed(case, name, values, unit, None, by="p50")


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table, padded so that it also reads well in a terminal."""
    return grid(HEAD, [f.row() for f in figures])


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Any rows as a padded Markdown table."""
    widths = [max(len(r[i]) for r in (head, *rows)) for i in range(len(head))]
    lines = [" | ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) for r in (head, *rows)]
    lines.insert(1, " | ".join("-" * w for w in widths))
    return "\n".join(f"| {line} |" for line in lines)


def summary(figures: Sequence[Figure]) -> str:
    """One line: how many marks are met, and which are missed."""
    judged = [f for f in figures if f.met is not None]
    missed = [f"{f.case}: {f.name}" for f in judged if not f.met]
    said = f"{len(judged) - len(missed)} of {len(judged)} marks met"
    return said + (f"; missed: {'; '.join(missed)}" if missed else "")


def machine(packages: Sequence[str] = PACKAGES) -> dict[str, Any]:
    """Where and with what it was measured; a package that isn't there is "not installed"."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_average_1min": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        **{name: _version(name) for name in packages},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
