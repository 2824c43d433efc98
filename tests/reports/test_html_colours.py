"""The page's colours, read from its styles: text and what figures are drawn with stand out in light and in dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cases import for_each

from neuronclaims.reports.html import page

ASSETS = Path(page.__file__).parent / "assets"
TEXTS = ("ink", "soft", "link", "supported", "refuted", "inconclusive", "broken")
DRAWN = ("series-1", "series-2", "series-3", "series-4", "series-5", "series-6")


def colours(scheme: str) -> dict[str, str]:
    """The style's colours by name; dark ones replace those of light."""
    files = ["base.css"] if scheme == "light" else ["base.css", "dark.css"]
    pattern = re.compile(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6})")
    return {
        name: colour
        for file in files
        for name, colour in pattern.findall((ASSETS / file).read_text(encoding="utf-8"))
    }


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@for_each("scheme", ["light", "dark"])
@for_each("ground", ["paper", "raised"])
@for_each("name", TEXTS)
def test_text_has_a_contrast_of_at_least_four_and_a_half(scheme, ground, name) -> None:
    found = colours(scheme)
    assert contrast(found[name], found[ground]) >= 4.5


@for_each("scheme", ["light", "dark"])
@for_each("name", DRAWN)
def test_lines_and_bars_have_a_contrast_of_at_least_three(scheme, name) -> None:
    found = colours(scheme)
    assert contrast(found[name], found["paper"]) >= 3


def test_dark_has_a_colour_of_its_own_for_every_colour_of_light() -> None:
    light, dark = colours("light"), colours("dark")
    assert light.keys() == dark.keys()
    assert all(light[name] != dark[name] for name in light)
