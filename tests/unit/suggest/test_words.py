"""What names of directories say."""

import pytest

from telefonistka_py.suggest import words


def test_environments_are_ranked_from_the_workspace_to_production() -> None:
    names = ("workspace", "base", "dev", "lab", "test", "qa", "uat", "staging", "preprod", "prod", "dr")
    ranks = [words.rank(name) for name in names]
    assert None not in ranks
    assert ranks == sorted(ranks, key=lambda rank: rank or 0)
    assert len(set(ranks)) == len(names)


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("production", "prod"),
        ("prod-eu", "prod"),
        ("eu-prod", "prod"),
        ("dev2", "dev"),
        ("Stage", "staging"),
        ("pre-prod", "preprod"),
        ("pre_production", "preprod"),
        ("non-prod", "dev"),
        ("nonprod", "dev"),
        ("qa-1", "qa"),
    ],
)
def test_other_spellings_mean_the_same(name: str, like: str) -> None:
    assert words.rank(name) == words.rank(like)


@pytest.mark.parametrize("name", ["nginx", "payments", "product-api", "devices", "testimonials", "us-east4", "liver"])
def test_other_names_are_no_environments(name: str) -> None:
    assert words.rank(name) is None


PLACES = (
    *("us-east4", "us-east-1", "europe-west4", "eu-central-1", "eastus", "westeurope", "ap-southeast-2", "eu", "us"),
    *("c1", "cluster-a", "cluster2", "europe-west1-b", "us-gov-west-1", "eastus2", "k8s-1", "northamerica-northeast1"),
)


@pytest.mark.parametrize("name", PLACES)
def test_regions_and_clusters_are_places(name: str) -> None:
    assert words.is_place(name)


@pytest.mark.parametrize(
    "name", ["nginx", "redis", "eureka", "cert-manager", "c", "metrics", "usage", "argo-cd", "mesh"]
)
def test_components_are_no_places(name: str) -> None:
    assert not words.is_place(name)
