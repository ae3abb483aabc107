"""Which Argo CDs there are, and what each is asked about."""

from pathlib import Path

import pytest

from telefonistka_py import settings
from telefonistka_py.argocd import instances
from telefonistka_py.argocd.instances import Instance
from telefonistka_py.errors import OperatorMistake
from telefonistka_py.names import RepoName, RepoPath

EXAMPLE = Path(__file__).parents[3] / "config-examples" / "argocd" / "instances.yaml"
TOKENS = {"ARGOCD_TOKEN_PRODUCTION": "one", "ARGOCD_TOKEN_STAGING": "two", "ARGOCD_TOKEN_LAB": "three"}
GITHUB = {"GITHUB_OAUTH_TOKEN": "ghp", "GITHUB_WEBHOOK_SECRET": "s"}


def test_the_example_is_read() -> None:
    found, mistakes = instances.from_file(EXAMPLE.read_bytes(), "argocd.yaml", TOKENS)
    assert mistakes == ()
    assert [(each.name, each.url, each.token, each.insecure) for each in found] == [
        ("production", "https://argocd.example.com", "one", False),
        ("staging", "http://argocd.staging.svc.cluster.local:8080", "two", False),
        ("lab", "https://argocd.lab.example.com", "three", True),
    ]


@pytest.mark.parametrize(
    ("repo", "component", "expected"),
    [
        ("acme/gitops", "clusters/production/nginx", ["production"]),
        ("ACME/GitOps", "clusters/production/nginx", ["production"]),
        ("acme/gitops-2", "clusters/production/nginx", []),
        ("acme/platform-x", "clusters/production/nginx", ["production"]),
        ("other/any", "clusters/dev/nginx", ["staging"]),
        ("other/any", "my/clusters/dev/nginx", []),
        ("other/any", "clusters/lab/nginx", ["lab"]),
        ("other/any", "clusters/laboratory/nginx", []),
        ("other/any", "clusters/lab", ["lab"]),
    ],
)
def test_what_each_is_asked_about(repo: str, component: str, expected: list[str]) -> None:
    found, _ = instances.from_file(EXAMPLE.read_bytes(), "argocd.yaml", TOKENS)
    assert [each.name for each in found if each.applies(RepoName(repo), RepoPath(component))] == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("instances: []\n", "a.yaml:1:1: instances is an empty list: name at least one."),
        ("- name: x\n", "a.yaml:1:1: must be a mapping of keys to values, not a list."),
        ("instances:\n  - {name: x, address: h}\n", "a.yaml:2:5: instances[0].tokenVariable is missing."),
        (
            "instances:\n  - {name: x, address: h, tokenVariable: T, path: [a]}\n",
            "a.yaml:2:45: instances[0].path is not a key that Telefonistka knows; did you mean paths?.",
        ),
        (
            "instances:\n  - name: x\n    address: 'https://user@h'\n    tokenVariable: T\n",
            "a.yaml:3:5: instances[0].address can't be used: 'https://user@h' is no address: "
            "write host, host:port or https://host/path.",
        ),
        (
            "instances:\n  - {name: x, address: https://h, tokenVariable: T, plaintext: true}\n",
            "a.yaml:2:15: instances[0].address can't be used: 'https://h' starts with https, and plaintext is set: "
            "drop one of the two.",
        ),
        (
            "instances:\n  - {name: x, address: h, tokenVariable: NOPE}\n",
            "a.yaml:2:27: instances[0].tokenVariable names NOPE, which is not set: set it to an API token.",
        ),
        (
            "instances:\n  - {name: x, address: h, tokenVariable: T}\n  - {name: x, address: i, tokenVariable: T}\n",
            "a.yaml:3:6: instances[1].name is 'x', as that of another instance: name each once.",
        ),
        (
            "instances:\n  - {name: '@all', address: h, tokenVariable: T}\n",
            "a.yaml:2:6: instances[0].name '@all' can't be used: write letters, digits, spaces and . _ -.",
        ),
        (
            "instances:\n  - {name: x, address: h, tokenVariable: T, paths: ['(']}\n",
            "a.yaml:2:53: instances[0].paths[0] is not a valid regular expression",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, said: str) -> None:
    _, mistakes = instances.from_file(text.encode(), "a.yaml", {"T": "token"})
    assert any(each.startswith(said) for each in mistakes), mistakes


@pytest.mark.parametrize(
    ("address", "plaintext", "url"),
    [
        ("localhost:8080", False, "https://localhost:8080"),
        ("localhost:8080", True, "http://localhost:8080"),
        ("argocd.example.com", False, "https://argocd.example.com"),
        ("http://127.0.0.1:9000/", False, "http://127.0.0.1:9000"),
        ("http://127.0.0.1:9000", True, "http://127.0.0.1:9000"),
        ("https://example.com/argocd/", False, "https://example.com/argocd"),
        ("[::1]:8080", False, "https://[::1]:8080"),
    ],
)
def test_the_base_url(address: str, plaintext: bool, url: str) -> None:
    assert instances.base_url(address, plaintext=plaintext) == url


@pytest.mark.parametrize("address", ["", "a b", "ftp://h", "h:0", "h:99999", "https://h?x=1", "h/../x y", "http://"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        instances.base_url(address, plaintext=False)


def test_the_environment_names_one_server() -> None:
    env = GITHUB | {"ARGOCD_TOKEN": "t", "ARGOCD_SERVER_ADDR": "argo:443", "ARGOCD_INSECURE": "true"}
    read = settings.read(env)
    assert read.argocd_instances == (Instance("Argo CD", "https://argo:443", "t", insecure=True),)
    assert settings.read(GITHUB | {"ARGOCD_TOKEN": "t"}).argocd_instances[0].url == "https://localhost:8080"


def test_without_a_token_there_is_none() -> None:
    assert settings.read(GITHUB | {"ARGOCD_SERVER_ADDR": "argo:443"}).argocd_instances == ()


def test_a_file_takes_the_place_of_the_one_server_and_says_so(tmp_path: Path) -> None:
    env = GITHUB | TOKENS | {"TELEFONISTKA_ARGOCD_INSTANCES": str(EXAMPLE), "ARGOCD_SERVER_ADDR": "argo:443"}
    read = settings.read(env | {"ARGOCD_TOKEN": "t"})
    assert [each.name for each in read.argocd_instances] == ["production", "staging", "lab"]
    assert any("TELEFONISTKA_ARGOCD_INSTANCES is set" in each for each in read.notices)


def test_the_tokens_are_secrets_and_in_no_repr() -> None:
    """N30"""
    read = settings.read(GITHUB | TOKENS | {"TELEFONISTKA_ARGOCD_INSTANCES": str(EXAMPLE)})
    assert {"one", "two", "three"} <= set(read.secrets())
    assert "'two'" not in repr(read)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"TELEFONISTKA_ARGOCD_INSTANCES": "/nowhere/argocd.yaml"}, "TELEFONISTKA_ARGOCD_INSTANCES names"),
        ({"ARGOCD_TOKEN": "t", "ARGOCD_SERVER_ADDR": "a b"}, "ARGOCD_SERVER_ADDR can't be used: 'a b' is no address"),
        ({"TELEFONISTKA_ARGOCD_TIMEOUT_SECONDS": "0"}, "TELEFONISTKA_ARGOCD_TIMEOUT_SECONDS is '0'"),
        ({"TELEFONISTKA_ARGOCD_CONCURRENCY": "many"}, "TELEFONISTKA_ARGOCD_CONCURRENCY is 'many'"),
        ({"TELEFONISTKA_ARGOCD_INSTANCES": str(EXAMPLE)}, "ARGOCD_TOKEN_PRODUCTION, which is not set"),
    ],
)
def test_mistakes_in_the_environment_are_told_at_start(env: dict[str, str], said: str) -> None:
    with pytest.raises(OperatorMistake, match=said.replace("(", r"\(")):
        settings.read(GITHUB | env)
