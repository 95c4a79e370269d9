"""Pictures of codes for the camera: the symbols of tests/vectors/gs1/symbols.json, drawn as a person would hold them.

The symbols were made by the writer of zxing-wasm 3.1.6 (which is zint), the other half of what the app reads with.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PIL import Image

_FILE = Path(__file__).resolve().parents[1] / "vectors" / "gs1" / "symbols.json"
SYMBOLS: dict[str, dict[str, Any]] = json.loads(_FILE.read_text())
_BAR_HEIGHT = 40
_QUIET = 10
# A camera's picture.
_FRAME = (640, 480)


def modules(name: str) -> Image.Image:
    """A symbol, one pixel a module, with its quiet zone; a row is hexadecimal behind a first bit that is set."""
    symbol = SYMBOLS[name]
    rows = [bin(int(row, 16))[3:] for row in symbol["rows"]]
    if len(rows) == 1:
        rows *= _BAR_HEIGHT
    image = Image.new("L", (symbol["width"] + 2 * _QUIET, len(rows) + 2 * _QUIET), 255)
    for y, row in enumerate(rows):
        for x, module in enumerate(row):
            if module == "1":
                image.putpixel((x + _QUIET, y + _QUIET), 0)
    return image


def picture(name: str, *, scale: int = 4, turned: float = 0) -> Image.Image:
    """The symbol on a pack that a camera sees, turned by so many degrees, a little unsharp."""
    small = modules(name)
    drawn = small.resize((small.width * scale, small.height * scale), Image.Resampling.NEAREST)
    drawn = drawn.rotate(turned, Image.Resampling.BICUBIC, expand=True, fillcolor=235)
    frame = Image.new("L", _FRAME, 210)
    frame.paste(drawn, ((_FRAME[0] - drawn.width) // 2, (_FRAME[1] - drawn.height) // 2))
    return frame.resize((_FRAME[0] // 2, _FRAME[1] // 2), Image.Resampling.BILINEAR).resize(
        _FRAME, Image.Resampling.BILINEAR
    )


def film(path: Path, name: str, **drawn: Any) -> list[str]:
    """Chromium's flags for a camera that sees nothing but this symbol, filmed into `path`."""
    with path.open("wb") as file:
        for _ in range(3):
            picture(name, **drawn).convert("RGB").save(file, "JPEG", quality=90)
    return [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={path}",
    ]
