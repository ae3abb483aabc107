"""Code blocks whose content cannot end them (N28)."""

import re

from telefonistka_py.feedback import size

_RUN = re.compile(r"`{3,}")
_NOT_A_LANGUAGE = re.compile(r"[^A-Za-z0-9+#.-]")


def fenced(text: str, language: str = "") -> str:
    """`text` as a code block: its fence is longer than any run of backticks within.

    `language` is a name such as `diff`. See https://spec.commonmark.org/0.31.2/#fenced-code-blocks.
    """
    content = size.clean(text).removesuffix("\n")
    longest = max((len(run) for run in _RUN.findall(content)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{_NOT_A_LANGUAGE.sub('', language)}\n{content}\n{fence}"
