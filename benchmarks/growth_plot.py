"""A picture of what grows with a pipeline, as an SVG that is readable in light and in dark."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.growth import Point

WIDTH, HEIGHT, LEFT, TOP, APART = 170, 120, 46, 34, 28
STYLE = """<style>
text { font: 11px sans-serif; fill: #24292f } .head { font-weight: bold }
.axis { stroke: #8c959f; fill: none } .line { fill: none; stroke-width: 2 }
.time { stroke: #0969da } .memory { stroke: #bc4c00; stroke-dasharray: 5 3 }
text.time { stroke: none; fill: #0969da } text.memory { stroke: none; fill: #bc4c00 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .axis { stroke: #7d8590 }
  .time { stroke: #58a6ff } .memory { stroke: #f0883e }
  text.time { fill: #58a6ff } text.memory { fill: #f0883e }
}
</style>"""


def plot(measured: Mapping[tuple[str, str], Sequence[Point]]) -> str:
    """A panel for each axis; a line each for processor time and memory, against the smallest size."""
    highest = max(2.0, math.ceil(max(max(_times(points)) for points in measured.values())))
    panels = [
        _panel(LEFT + nth * (WIDTH + APART), name, points, highest)
        for nth, ((name, _), points) in enumerate(measured.items())
    ]
    width = LEFT + len(panels) * (WIDTH + APART)
    scale = "".join(
        f'<text x="{LEFT - 8}" y="{_y(times, highest) + 4:.0f}" text-anchor="end">{times:g} ×</text>'
        for times in (0, 1, highest)
    )
    legend = (
        f'<text class="time" x="{LEFT}" y="{TOP + HEIGHT + 42}">── processor time</text>'
        f'<text class="memory" x="{LEFT + 130}" y="{TOP + HEIGHT + 42}">╌╌ peak memory</text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {TOP + HEIGHT + 52}" role="img">'
        "<title>Processor time and memory of a diagnosis, against the smallest size</title>"
        f"{STYLE}{scale}{''.join(panels)}{legend}</svg>\n"
    )


def _panel(left: float, name: str, points: Sequence[Point], highest: float) -> str:
    base, ends = _y(0, highest), (points[0].size, points[-1].size)
    span = math.log10(ends[1] / ends[0])
    xs = [left + math.log10(one.size / ends[0]) / span * WIDTH for one in points]
    lines = "".join(
        f'<polyline class="line {kind}" points="{_points(xs, values, highest)}"/>'
        for kind, values in (
            ("time", [one.processor_s / points[0].processor_s for one in points]),
            ("memory", [one.peak_mb / points[0].peak_mb for one in points]),
        )
    )
    return (
        f'<text class="head" x="{left}" y="{TOP - 14}">{name}</text>'
        f'<path class="axis" d="M{left} {TOP} V{base} H{left + WIDTH}"/>{lines}'
        f'<text x="{left}" y="{base + 16}">{ends[0]:,}</text>'
        f'<text x="{left + WIDTH}" y="{base + 16}" text-anchor="end">{ends[1]:,}</text>'
    )


def _points(xs: Sequence[float], values: Sequence[float], highest: float) -> str:
    return " ".join(f"{x:.1f},{_y(y, highest):.1f}" for x, y in zip(xs, values, strict=True))


def _y(times: float, highest: float) -> float:
    return TOP + HEIGHT * (1 - times / highest)


def _times(points: Sequence[Point]) -> list[float]:
    first = points[0]
    return [max(one.processor_s / first.processor_s, one.peak_mb / first.peak_mb) for one in points]
