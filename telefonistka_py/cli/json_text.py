"""JSON as our commands print it."""

import json


def of(said: object) -> str:
    """`said`, indented. Names of files that are no UTF-8 come out as JSON escapes them."""
    return json.dumps(said, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
