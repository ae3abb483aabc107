"""What a selector finds, as yq finds it, and which selectors are refused."""

import pytest

from telefonistka_py.bump import document, evaluate, lexer, parse
from telefonistka_py.bump.items import Item, Made, Missing, Place
from telefonistka_py.bump.model import BadOption

STACK = """\
name: shop
image-tag: v1
"quoted.key": q
spec:
  replicas: 3
  paused: false
  owner:
  containers:
    - {name: web, image: "nginx:1.25", ports: [80, 443]}
    - {name: sidecar, image: "envoy:1.30"}
    - {name: web-canary, image: "nginx:1.26", canary: true}
  labels: {tier: front, team: blue}
---
name: jobs
spec:
  containers:
    - {name: sync, image: "sync:7"}
"""


def found(selector: str, text: str = STACK) -> list[str]:
    read = document.read(text.encode())
    assert isinstance(read, document.Documents)
    parsed = parse.parse(selector)
    items = [item for number, root in enumerate(read.roots) for item in evaluate.run(parsed, Place(root, number))]
    return [shown(item) for item in items]


def shown(item: Item) -> str:
    match item:
        case Missing(below=below, key=key):
            return f"no {key}" if below else f"far from {key}"
        case Made(text):
            return f"= {text}"
        case Place(node=node):
            return str(node.value) if isinstance(node.value, str) else type(node).__name__
    raise AssertionError(item)


@pytest.mark.parametrize(
    ("selector", "values"),
    [
        (".name", ["shop", "jobs"]),
        (".image-tag", ["v1", "no image-tag"]),
        ('."quoted.key"', ["q", "no quoted.key"]),
        ('.["quoted.key"]', ["q", "no quoted.key"]),
        ('.["spec"]["replicas"]', ["3", "no replicas"]),
        (".spec.containers[0].name", ["web", "sync"]),
        (".spec.containers.[0].name", ["web", "sync"]),
        (".spec.containers.0.name", ["web", "sync"]),
        (".spec.containers[-1].name", ["web-canary", "sync"]),
        (".spec.containers[].name", ["web", "sidecar", "web-canary", "sync"]),
        (".spec.containers.*.name", ["web", "sidecar", "web-canary", "sync"]),
        (".spec.containers.[] .name", ["web", "sidecar", "web-canary", "sync"]),
        (".spec.containers | .[] | .name", ["web", "sidecar", "web-canary", "sync"]),
        (".spec.labels.t*", ["front", "blue", "far from t*"]),
        (".spec.labels[]", ["front", "blue"]),
        (".spec.labels.tie?", ["no tie", "far from tie"]),
        (".spec.containers[7]", ["far from 7", "far from 7"]),
        (".spec.owner.name", ["far from name", "far from name"]),
        (".name.deeper", []),
        ('.spec.containers[] | select(.name == "web").image', ["nginx:1.25"]),
        ('.spec.containers[] | select(.name == "web*").image', ["nginx:1.25", "nginx:1.26"]),
        ('.spec.containers[] | select(.name == "w?b").image', ["nginx:1.25"]),
        ('.spec.containers[] | select(.name != "web*").image', ["envoy:1.30", "sync:7"]),
        ('.spec.containers[]|select(.image|test("^nginx:1\\.25$"))|.name', ["web"]),
        ('.spec.containers[] | select(.image | contains("nginx") and .canary).name', ["web-canary"]),
        (
            '.spec.containers[] | select((.image | contains("nginx")) and (.canary == true | not)).name',
            ["web"],
        ),
        ('.spec.containers[] | select(.name == "web" or .name == "sync").image', ["nginx:1.25", "sync:7"]),
        ('.spec.containers[] | select(has("ports")).name', ["web"]),
        (".spec.containers[] | select(.ports | has(1)).name", ["web"]),
        ('.spec.containers[] | select(.image | startswith("nginx")).name', ["web", "web-canary"]),
        ('.spec.containers[] | select(.image | endswith(":7")).name', ["sync"]),
        (".spec.containers[] | select(.ports[] == 443).name", ["web"]),
        (".spec.containers[] | select(.canary).name", ["web-canary"]),
        (".spec.containers[] | select(.canary == null).name", ["web", "sidecar", "sync"]),
        ("select(di == 1).name", ["jobs"]),
        ("select(document_index == 0) | .name", ["shop"]),
        ('select(.name == "jobs") | .spec.containers[0].image', ["sync:7"]),
        ('.. | select(. == "nginx:*")', ["nginx:1.25", "nginx:1.26"]),
        ('(.. | select(has("image"))).image', ["nginx:1.25", "envoy:1.30", "nginx:1.26", "sync:7"]),
        ('.. | select(tag == "!!int")', ["3", "80", "443"]),
        ('.spec[] | select(key == "replicas")', ["3"]),
        (".spec.paused, .name", ["false", "shop", "no paused", "jobs"]),
        ("(.name, .spec.replicas) | select(. == 3)", ["3"]),
        (".spec | select(.paused) | .replicas", []),
        (".spec | select(.paused | not) | .replicas", ["3", "no replicas"]),
        ('.name | . == "shop"', ["= true", "= false"]),
        ("select(.spec.nothing == .spec.missing).name", ["shop", "jobs"]),
        ('select(.nothing != "x").name', ["shop", "jobs"]),
        ("select(.spec == .spec).name", []),
    ],
)
def test_a_selector_finds_what_yq_finds(selector: str, values: list[str]) -> None:
    assert found(selector) == values


def test_a_pipe_binds_closer_than_and() -> None:
    """As in yq, other than in jq."""
    assert found('.spec.containers[] | select(.name | . == "web" and .image | test("25")).name') == ["web"]


def test_what_an_alias_stands_for_can_be_asked_and_is_not_found_twice() -> None:
    text = "base: &b web\nlist:\n  - {name: *b, tag: v1}\n"
    assert found('.list[] | select(.name == "web").tag', text) == ["v1"]
    assert found('.. | select(. == "web")', text) == ["web"]


def test_a_key_that_an_alias_writes_is_found() -> None:
    assert found(".list.web", "k: &k web\nlist: {*k : v1, other: v2}\n") == ["v1"]


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        ("", "at character 1: it ends too early"),
        (".a |", "at character 5: it ends too early"),
        (".a | = 3", "it finds values and does not set them"),
        ('.a |= "x"', "it finds values and does not set them"),
        (".a[", "between [ and ] stands a whole number"),
        (".a[1:2]", "at character 5: ':' has no meaning here"),
        (".a[1", "a ] is missing"),
        (".a[.b]", "between [ and ] stands a whole number"),
        ("[.a]", "lists can't be written here"),
        ("(.a", "a ) is missing"),
        (".a)", "at character 3: ')' was not expected"),
        ('."a', 'a " that is never closed'),
        (".['a']", "text stands in \", not in '"),
        ("...", "never changed; write `..`"),
        ("$x", "there are no variables here"),
        ("keys", "'keys' is not known; a selector is made of .key,"),
        ("select .a", "select is followed by what it asks for, in parentheses"),
        (".a == 1 == 2", "'==' was not expected"),
        ("select(.a and .b or .c)", "`and` and `or` stand side by side"),
        ('select(test("("))', "the pattern '(' in the selector is not a valid regular expression"),
        ("(" * 60 + ".a" + ")" * 60, "nested deeper than 50 levels"),
        (".a" * 300, "made of more than 200 words"),
    ],
)
def test_a_selector_that_cannot_be_read_says_where_and_why(selector: str, said: str) -> None:
    with pytest.raises(BadOption) as caught:
        parse.parse(selector)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (".a=v1", (".a", "v1")),
        (".a = v=1", (".a", " v=1")),
        ('.a[] | select(.n == "x=y").t=v1', ('.a[] | select(.n == "x=y").t', "v1")),
        ('."a=b"=c', ('."a=b"', "c")),
        (".a=", (".a", "")),
        (".a", None),
        ("select(.a != 1)", None),
    ],
)
def test_an_edit_is_split_at_the_first_equals_sign_of_no_selector(text: str, parts: tuple[str, str] | None) -> None:
    assert lexer.split_assignment(text) == parts


def test_stars_match_in_time_that_does_not_run_away() -> None:
    """N27."""
    text = f"a: {'a' * 5000}\n"
    assert found('select(.a == "*a*a*a*a*a*a*a*a*b").a', text) == []
