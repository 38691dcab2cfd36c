"""Repairs a file with the Python package that is named, to standard output: `repair.py PACKAGE lines|whole FILE`."""

import sys

package, serving, path = sys.argv[1:]
if package == "json_repair":
    from json_repair import repair_json
elif package == "fast-json-repair":
    from fast_json_repair import repair_json
else:
    sys.exit(f"`{package}` is no peer")

refused = 0
output = sys.stdout.buffer
with open(path, encoding="utf-8", newline="\n") as file:
    for text in file if serving == "lines" else [file.read()]:
        try:
            repaired = repair_json(text, ensure_ascii=False)
        except Exception:  # noqa: BLE001 - any error is a refusal
            refused += 1
            continue
        output.write(repaired.encode(errors="surrogatepass") + b"\n")
print(f"{refused} refused", file=sys.stderr)
