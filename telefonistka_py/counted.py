"""Numbers of things, as people read them."""


def of(count: int, thing: str, things: str = "") -> str:
    """`1 file`, `2,000 files`; `things` where the plural is more than an added `s`."""
    return f"{count:,} {thing if count == 1 else things or f'{thing}s'}"
