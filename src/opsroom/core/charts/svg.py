"""Writing SVG: elements with escaped text and figures of two decimals, so that equal charts have equal bytes."""

from html import escape

LETTER = 7.2  # px; a mean width of letters of 11 px, on the wide side


def figure(value: float) -> str:
    """`1.5`, `12`, never `-0` or an exponent."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def tag(element: str, content: str = "", /, **attributes: float | str) -> str:
    """`class_` is written `class`, `text_anchor` as `text-anchor`."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value) if isinstance(value, str) else figure(value)}"'
        for name, value in attributes.items()
        if value != ""
    )
    return f"<{element}{written}>{content}</{element}>" if content else f"<{element}{written}/>"


def text(words: str, x: float, y: float, anchor: str = "start", style: str = "chart-text") -> str:
    return tag("text", escape(words, quote=False), x=x, y=y, class_=style, text_anchor=anchor)


def title(words: str) -> str:
    """Shown on hover, read by readers of the screen."""
    return tag("title", escape(words, quote=False)) if words else ""


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return tag("path", class_=style, d=f"M{figure(x1)} {figure(y1)}L{figure(x2)} {figure(y2)}")


def bar(x: float, y: float, width: float, height: float, style: str, note: str = "") -> str:
    return tag("rect", title(note), class_=style, x=x, y=y, width=max(width, 0), height=height)


def state(x: float, y: float, width: float, height: float, kind: str, note: str = "") -> str:
    """A rectangle of a state; `down` has a notch along its foot, so that it is known without its colour."""
    drawn = bar(x, y, width, height, f"seg-{kind}", note)
    return drawn + (bar(x, y + height * 0.7, width, height * 0.3, "notch") if kind == "down" else "")


def shortened(words: str, room: float) -> str:
    """As much of a label as fits."""
    letters = max(int(room / LETTER), 2)
    return words if len(words) <= letters else words[: letters - 1] + "…"


def width_of(words: str) -> float:
    return len(words) * LETTER
