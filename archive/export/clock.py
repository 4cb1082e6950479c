"""Milliseconds as people and players write them."""

from __future__ import annotations


def clock(ms: int, point: str = ".") -> str:
    """Return hours, minutes, seconds and thousandths: 01:02:03.004."""
    seconds, thousandths = divmod(ms, 1000)
    return f"{hours(seconds * 1000)}{point}{thousandths:03d}"


def hours(ms: int) -> str:
    """Return hours, minutes and seconds: 01:02:03."""
    minutes, seconds = divmod(ms // 1000, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"


def seconds(ms: int) -> str:
    """Return seconds with three decimals: 3723.004."""
    return f"{ms // 1000}.{ms % 1000:03d}"
