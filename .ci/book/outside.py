"""A preprocessor of mdBook: links that leave the book for other files of the repository lead to where it is published.

On GitHub and in a checkout `../benches/README.md` is a file beside the documents; in the book it would be a page that is not
there.
"""

import json
import posixpath
import re
import sys

LINK = re.compile(r"\]\((?P<path>\.\.?/[^)#\s]*)(?P<anchor>#[^)\s]*)?\)")


def outside(content, page, source, repository):
    """The content of a page, whose path is below the source folder of the book."""

    def replaced(link):
        path = posixpath.normpath(posixpath.join(source, posixpath.dirname(page), link["path"]))
        if path == source or path.startswith(f"{source}/"):
            return link[0]
        kind = "tree" if link["path"].endswith("/") else "blob"
        return f"]({repository}/{kind}/main/{path}{link['anchor'] or ''})"

    return LINK.sub(replaced, content)


def walk(items, source, repository):
    for item in items:
        chapter = item.get("Chapter") if isinstance(item, dict) else None
        if chapter:
            if chapter["path"]:
                chapter["content"] = outside(chapter["content"], chapter["source_path"], source, repository)
            walk(chapter["sub_items"], source, repository)


def main():
    if sys.argv[1:2] == ["supports"]:
        return
    context, book = json.load(sys.stdin)
    settings = context["config"]
    walk(book["items"], settings["book"]["src"], settings["output"]["html"]["git-repository-url"])
    json.dump(book, sys.stdout)


if __name__ == "__main__":
    main()
