"""yq's way to match a name: `*` stands for any text, `?` for any one letter."""


def matches(name: str, pattern: str) -> bool:
    """Whether `pattern` is all of `name`. Takes time in the product of both lengths at most."""
    if "*" not in pattern and "?" not in pattern:
        return name == pattern
    at = place = 0
    star, retry = -1, 0
    while at < len(name):
        if place < len(pattern) and pattern[place] == "*":
            star, retry = place, at
            place += 1
        elif place < len(pattern) and pattern[place] in ("?", name[at]):
            at += 1
            place += 1
        elif star >= 0:
            retry += 1
            at, place = retry, star + 1
        else:
            return False
    return not pattern[place:].strip("*")


def is_glob(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern
