"""Whether every link of a built book to itself leads somewhere: `check.py FOLDER`."""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Pages that mdBook makes of others: one with all of them, one for whatever is not there, and the list in a frame.
MADE = {"print.html", "404.html", "toc.html"}


class Page(HTMLParser):
    """The names and links of a page."""

    def __init__(self, path):
        super().__init__()
        self.names, self.links = set(), []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" or (tag == "a" and name == "name"):
                self.names.add(value)
            elif name in ("href", "src") and value and tag in ("a", "img", "link", "script"):
                self.links.append(value)


def problems(folder, pages):
    for path, page in pages.items():
        for link in page.links:
            url = urlsplit(link)
            if url.scheme or url.netloc:
                continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            if target.is_dir():
                target /= "index.html"
            if not target.exists():
                yield f"{path.relative_to(folder)}: `{link}` leads nowhere"
            elif url.fragment and target in pages and unquote(url.fragment) not in pages[target].names:
                yield f"{path.relative_to(folder)}: `{link}` names nothing"


def main():
    folder = Path(sys.argv[1]).resolve()
    pages = {path: Page(path) for path in sorted(folder.rglob("*.html")) if path.name not in MADE}
    found = list(problems(folder, pages))
    for problem in found:
        print(problem, file=sys.stderr)
    print(f"{len(pages)} pages, {sum(len(page.links) for page in pages.values())} links, {len(found)} of them wrong")
    sys.exit(bool(found) or not pages)


if __name__ == "__main__":
    main()
