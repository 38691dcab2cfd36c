"""Bars as SVG, without anything but strings."""

from html import escape

LAYOUTS = ("lines", "concatenated")
WIDTH, NAMES, FIGURES = 860, 170, 90
BAR, GAP, TITLE, MARGIN = 9, 7, 26, 12
OURS, THEIRS, WRONG = ("#0b6e4f", "#4fb08c"), ("#53627c", "#9aa7bd"), ("#d9a5a5", "#ecd0d0")


def draw(panels):
    """Draws a panel for each `(case, {title: {layout: (MB/s, is wrong)}})`, the longest bar of each as wide as there is room."""
    y, body = MARGIN + 16, []
    legend = "Input per second, whole processes, medians; dark: one record a line, light: concatenated; red: the table is wrong"
    body.append(text(MARGIN, y, legend, fill="#444"))
    for case, bars in panels:
        y += TITLE
        body.append(text(MARGIN, y, case, weight="bold"))
        y += 8
        best = max(rate for layouts in bars.values() for rate, _ in layouts.values())
        for title, layouts in sorted(bars.items(), key=lambda bar: -max(rate for rate, _ in bar[1].values())):
            body.append(text(NAMES - 8, y + BAR + 4, title, anchor="end"))
            for place, layout in enumerate(LAYOUTS):
                if layout not in layouts:
                    continue
                rate, is_wrong = layouts[layout]
                color = (OURS if title == "events" else WRONG if is_wrong else THEIRS)[place]
                width = max(rate / best * (WIDTH - NAMES - FIGURES), 1)
                top = y + place * BAR
                body.append(f'<rect x="{NAMES}" y="{top}" width="{width:.1f}" height="{BAR - 1}" fill="{color}"/>')
                body.append(text(NAMES + width + 5, top + BAR - 1, f"{rate:,.{0 if rate >= 10 else 1}f} MB/s", size=9))
            y += 2 * BAR + GAP
    height = y + MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def text(x, y, content, anchor="start", weight="normal", size=12, fill="#222"):
    style = f'text-anchor="{anchor}" font-weight="{weight}" font-size="{size}" fill="{fill}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(content)}</text>'
