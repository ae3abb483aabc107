"""Diffs of large texts: seconds and changed lines, beside Python's own difflib and git's least.

python -m tests.benchmarks.diffs
"""

import difflib
import tempfile
import time
from pathlib import Path

from telefonistka_py.textdiff import unified
from tests.unit.textdiff.test_unified import edited, least, manifests, text


def main() -> None:
    print("| lines | edited | ours | changed lines | git's least | difflib | changed lines |")
    print("|---|---|---|---|---|---|---|")
    of = manifests(1)
    for share in (0.0005, 0.01, 0.1, 0.3):
        after = edited(of, share, 2, known=True)
        started = time.process_time()
        made = unified.make(text(of), text(after), "a", "b")
        ours = time.process_time() - started
        started = time.process_time()
        theirs = sum(line[0] in "+-" for line in list(difflib.unified_diff(of, after, n=3))[2:])
        slow = time.process_time() - started
        with tempfile.TemporaryDirectory() as folder:
            fewest = least(of, after, Path(folder))
        print(
            f"| {len(of):,} | {share:.2%} | {ours:.2f} s | {made.added + made.removed:,} | {fewest:,} "
            f"| {slow:.1f} s | {theirs:,} |"
        )


if __name__ == "__main__":
    main()
