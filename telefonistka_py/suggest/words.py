"""What names of directories say: environments and how far from production they are, places, parts of a component."""

import re

_STAGES = (
    ("workspace", "workspaces", "main", "common"),
    ("base",),
    ("sandbox", "playground", "local"),
    ("dev", "develop", "development", "devel", "nonprod", "nonproduction"),
    ("lab", "labs", "experimental"),
    ("int", "integration", "ci"),
    ("test", "testing", "tst"),
    ("qa", "quality", "qas"),
    ("uat", "acceptance", "acc", "sit"),
    ("perf", "performance", "load", "demo"),
    ("stage", "staging", "stg", "stag"),
    ("preprod", "preproduction", "pre", "preview", "canary"),
    ("prod", "production", "prd", "live"),
    ("dr",),
)
_RANKS = {word: rank for rank, words in enumerate(_STAGES) for word in words}

_COMPASS = r"(?:north|south|east|west|central|northeast|northwest|southeast|southwest|gov)"
_CONTINENT = (
    r"(?:af|africa|ap|apac|asia|au|australia|br|brazil|ca|canada|cn|china|de|eastasia|emea|eu|europe|fr|france|gb|"
    r"germany|il|in|india|japan|korea|me|mx|na|amer|americas|northamerica|norway|sa|southamerica|southeastasia|"
    r"sweden|switzerland|uk|us|usgov)"
)
_PLACES = re.compile(
    rf"{_CONTINENT}|{_CONTINENT}(?:[-_]?{_COMPASS}){{1,2}}(?:[-_]?\d+)?(?:[-_]?[a-f])?|"
    rf"{_COMPASS}[-_]?{_CONTINENT}(?:[-_]?\d+)?|"
    r"(?:c|cluster|zone|az|region|dc|site|cell|shard|pod|k8s|eks|gke|aks|ocp)[-_]?(?:\d+[a-z]?|[a-z])",
    re.IGNORECASE,
)
_PARTS = frozenset(
    {"templates", "charts", "base", "bases", "overlays", "overlay", "crds", "files", "tests", "patches", "resources"}
    | {"components", "values", "secrets", "manifests", "src", "helm", "kustomize", "config", "configs", "dashboards"}
)

UNKNOWN = len(_STAGES)
"""The rank of a name that says nothing of how far from production it is."""


def rank(name: str) -> int | None:
    """How near to production an environment of that name is, from 0; None when the name is no environment's.

    `prod-eu`, `dev2` and `pre-prod` are understood too; the rightmost word that says something counts.
    """
    plain = name.lower()
    joined = re.sub(r"[-_. ]", "", plain)
    for whole in (joined, joined.rstrip("0123456789")):
        if whole in _RANKS:
            return _RANKS[whole]
    words = [word.rstrip("0123456789") for word in re.split(r"[-_. ]", plain)]
    if "pre" in words and ("prod" in words or "production" in words):
        return _RANKS["preprod"]
    if "non" in words and ("prod" in words or "production" in words):
        return _RANKS["nonprod"]
    known = [_RANKS[word] for word in words if word in _RANKS]
    return known[-1] if known else None


def is_place(name: str) -> bool:
    """Whether the name is a region's, a zone's or a cluster's: `us-east4`, `europe-west1-b`, `c2`, `cluster-a`."""
    return _PLACES.fullmatch(name) is not None


def is_part(name: str) -> bool:
    """Whether directories of that name are parts of a component rather than components: `templates`, `overlays`."""
    return name.lower() in _PARTS
