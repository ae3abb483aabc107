"""CPU time of deciding which flow takes what, for a large configuration and a large pull request.

    python -m tests.benchmarks.planning

200 flows that all share their start, so that none can be passed over by a look at it, and 3,000 changed files, each in
a directory of its own.
"""

import time

from telefonistka_py.config import read
from telefonistka_py.config.problem import Valid
from telefonistka_py.names import RepoPath
from telefonistka_py.promotion import route

FLOWS, FILES = 200, 3_000


def main() -> None:
    flows = "".join(
        f"  - sourcePath: 'clusters/[^/]*/r{n}/'\n    promotionPrs:\n      - targetPaths: [prod/t{n}/]\n"
        for n in range(FLOWS)
    )
    config = read.root(f"promotionPaths:\n{flows}".encode())
    assert isinstance(config, Valid)
    paths = [RepoPath(f"clusters/c{n % 7}/r{n % FLOWS}/component-{n % 50}/d{n}/f.yaml") for n in range(FILES)]
    began = time.process_time()
    routes = route.find(config.value, paths, frozenset())
    seconds = time.process_time() - began
    print(f"{FLOWS} flows, {FILES:,} files: {len(routes.lots)} lots in {seconds:.2f} s of CPU")


if __name__ == "__main__":
    main()
