"""Repairs standard input with the Python package that is named. Exit code 3: it refuses."""

import sys

name = sys.argv[1]
if name == "json_repair":
    from json_repair import repair_json
elif name == "fast-json-repair":
    from fast_json_repair import repair_json
else:
    sys.exit(f"`{name}` is no peer")

try:
    output = repair_json(sys.stdin.buffer.read().decode(), ensure_ascii=False)
except Exception as error:  # noqa: BLE001 - any error is a refusal
    print(repr(error), file=sys.stderr)
    sys.exit(3)
sys.stdout.buffer.write(output.encode(errors="surrogatepass"))
