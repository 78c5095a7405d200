"""A widget as one picture, for where there is no kernel: nbconvert, GitHub, a notebook that is only read."""

from __future__ import annotations

import json
import struct
import zlib
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from saasmetrics.charts.text import shortened, text_width, wrap
from saasmetrics.printable import escape
from saasmetrics_widgets.colors import roles
from saasmetrics_widgets.scene import Scene, document, svg

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WIDTH, MARGIN, GAP = 1040, 16, 24
_CARD, _HEAD = 92, 36
_LARGEST = 1.25  # times the size that a scene was drawn for
_ALONE = 72  # share of the width of a panel whose neighbor is the table, which no picture has


def picture(view: Mapping[str, Any], theme: str = "light") -> str:
    """Return a widget as an SVG document.

    Parameters
    ----------
    view
        What the widget shows.
    theme
        "light" or "dark".
    """
    colors = roles(theme)
    head = _headline(view)
    body, top = [svg(head, colors)], head.height + 8
    for row in view["layout"]:
        shown = [(view["panels"][name], share) for name, share in row if name in view["panels"]]
        if not any(panel for panel, _ in shown):
            continue
        if len(row) > 1 and len(shown) == 1:
            shown = [(shown[0][0], _ALONE)]
        drawn, high = _row(shown, top, colors)
        body += drawn
        top += high + GAP
    return document("".join(body), WIDTH, round(top - GAP + MARGIN), colors)


def _row(
    shown: list[tuple[Mapping[str, Any], float]], top: float, colors: Mapping[str, str]
) -> tuple[list[str], float]:
    """Return panels side by side, and the height of the highest."""
    room = WIDTH - 2 * MARGIN - GAP * (len(shown) - 1)
    left, high, drawn = float(MARGIN), 0.0, []
    for panel, share in shown:
        wide = room * share / 100
        if panel:
            body, tall = _placed(panel, left, top, wide, colors)
            drawn.append(body)
            high = max(high, tall)
        left += wide + GAP
    return drawn, high


def _headline(view: Mapping[str, Any]) -> Scene:
    cards = view["cards"]
    answer = wrap(view["answer"], WIDTH - 2 * MARGIN, 14) if view["answer"] else []
    top = _HEAD + 19 * len(answer)
    scene = Scene(WIDTH, top + (_CARD + GAP if cards else 0), "")
    scene.text(MARGIN, 24, view["headline"], size=13, fill="muted")
    for number, line in enumerate(answer):
        scene.text(MARGIN, _HEAD + 11 + 19 * number, line, size=14, bold=True)
    slot = (WIDTH - 2 * MARGIN) / max(len(cards), 1)
    for i, card in enumerate(cards):
        _card(scene, card, MARGIN + slot * i, top, slot)
    return scene


def _card(scene: Scene, card: Mapping[str, Any], x: float, top: float, slot: float) -> None:
    scene.rect(x, top, slot - 10, _CARD, "ground")
    scene.text(x + 12, top + 20, shortened(card["title"], slot - 26, 11.5), size=11.5, fill="muted")
    scene.text(x + 12, top + 46, card["value"], size=21, bold=True)
    if unit := card.get("unit"):
        scene.text(x + 18 + text_width(card["value"], 20), top + 46, unit, size=12)
    tone = {"good": "gain", "bad": "loss"}.get(card.get("tone", ""), "muted")
    lines = [(card.get("change", ""), tone), *((line, "muted") for line in _note(card, slot))]
    y = top + 63
    for text, fill in lines:
        if text:
            scene.text(x + 12, y, text, size=9.5, fill=fill)
            y += 12


def _note(card: Mapping[str, Any], slot: float) -> list[str]:
    words = [card.get("note", ""), card.get("verdict", "")]
    lines = wrap("; ".join(w for w in words if w), slot - 26, 9.5)
    most = 2 if card.get("change") else 3
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1]} …"]


def _placed(
    panel: Mapping[str, Any], x: float, y: float, wide: float, colors: Mapping[str, str]
) -> tuple[str, float]:
    """Return a panel drawn at a place, scaled to a width, and its height."""
    scene = json.loads(panel["scene"])
    scale = min(wide / scene["width"], _LARGEST)
    words = Scene(wide, 40, "")
    words.text(0, 12, shortened(panel["title"], wide, 13), size=13, bold=True)
    words.text(0, 28, panel["note"], size=10, fill="muted")
    drawn = (
        f'<g transform="translate({x:g},{y:g})">{svg(words, colors)}'
        f'<g transform="translate(0,38) scale({scale:.4f})">{svg(scene, colors)}</g></g>'
    )
    return drawn, 38 + scene["height"] * scale


def html(view: Mapping[str, Any], id: str = "") -> str:
    """Return the picture and its definitions as HTML that needs neither a script nor the network.

    Parameters
    ----------
    view
        What the widget shows.
    id
        Marks the picture so that the living widget can take its place.
    """
    image = b64encode(picture(view).encode()).decode()
    said = [view["headline"], *([view["answer"]] if view["answer"] else [])]
    words = ". ".join([*said, *(_said(card) for card in view["cards"])])
    notes = "".join(f"<li>{escape(note)}</li>" for note in view["footnotes"])
    body = (
        f'<img alt="{escape(words)}" style="max-width: 100%" '
        f'src="data:image/svg+xml;base64,{image}">'
        f"<details><summary>Definitions</summary><ul>{notes}</ul></details>"
    )
    return wrapped(body, id)


def wrapped(body: str, id: str = "") -> str:
    """Return HTML in whose place the living widget can come.

    Parameters
    ----------
    body
        What is shown where there is no Python.
    id
        Marks it; "" where no widget comes.
    """
    hide = (
        "<style>.jp-OutputArea-child:has(.saasmetrics-static) + .jp-OutputArea-child "
        ".jupyter-widgets:not(:has(.saasmetrics-widget)) {display: none}</style>"
    )
    mark = f'<div class="saasmetrics-static" id="saasmetrics-static-{escape(id)}">'
    return f"{mark}{body}</div>{hide if id else ''}"


def _said(card: Mapping[str, Any]) -> str:
    return str(card.get("say") or f"{card['title']} {card['value']}")


def plain(view: Mapping[str, Any]) -> str:
    """Return the headline numbers as text."""
    said = [view["answer"]] if view["answer"] else []
    lines = (f"  {line}" for line in [*said, *map(_said, view["cards"])])
    return "\n".join([view["headline"], *lines])


def png(view: Mapping[str, Any]) -> bytes:
    """Return the picture as PNG, for GitHub, which shows no SVG."""
    import vl_convert

    return smaller(vl_convert.svg_to_png(picture(view), scale=1.25))


def smaller(image: bytes) -> bytes:
    """Return an opaque PNG at a fraction of its size: vl-convert saves time, a notebook is kept.

    Pixels come filtered by "sub" (each less its left neighbor) with an alpha channel; they leave as they are,
    without one. Anything else is returned untouched.
    """
    import numpy as np

    parts = list(_chunks(image))
    wide, high, depth, color = struct.unpack(">IIBB", parts[0][1][:10])
    data = zlib.decompress(b"".join(body for kind, body in parts if kind == b"IDAT"))
    lines = np.frombuffer(data, np.uint8).reshape(high, -1)
    if (depth, color) != (8, 6) or lines.shape[1] != 4 * wide + 1 or (lines[:, 0] != 1).any():
        return image
    pixels = np.cumsum(lines[:, 1:].reshape(high, wide, 4), axis=1, dtype=np.uint8)
    if (pixels[:, :, 3] != 255).any():
        return image
    plain = np.zeros((high, 3 * wide + 1), np.uint8)
    plain[:, 1:] = pixels[:, :, :3].reshape(high, -1)
    head = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    made = ((b"IHDR", head), (b"IDAT", zlib.compress(plain.tobytes(), 9)), (b"IEND", b""))
    return image[:8] + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in made
    )


def _chunks(image: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at < len(image):
        (size,) = struct.unpack(">I", image[at : at + 4])
        yield image[at + 4 : at + 8], image[at + 8 : at + 8 + size]
        at += 12 + size
