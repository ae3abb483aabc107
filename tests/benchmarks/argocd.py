"""What a comparison with Argo CD's live objects costs: 500 objects of about 5 KB each, in one app.

python -m tests.benchmarks.argocd
"""

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from telefonistka_py.argocd import compare, jq_process, reading, render
from telefonistka_py.argocd.model import App, Compared, ComponentResult, Facts, IgnoreRule, Prune, Tracking
from telefonistka_py.feedback import compose
from telefonistka_py.names import RepoPath
from telefonistka_py.templates import Templates

OBJECTS = 500
TRACKING = Tracking("label", instances=frozenset({"app"}))


def target(number: int, image: str) -> dict[str, Any]:
    containers = [
        {
            "name": f"c{place}",
            "image": f"registry.example/team/service-{place}:{image}",
            "args": [f"--option-{at}=value-{at}" for at in range(5)],
            "env": [{"name": f"VARIABLE_{at}", "value": f"some value that is {at}"} for at in range(32)],
            "ports": [{"name": "http", "containerPort": 8080 + place}],
            "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}},
            "volumeMounts": [{"name": f"v{at}", "mountPath": f"/mnt/{at}"} for at in range(4)],
        }
        for place in range(2)
    ]
    volumes = [{"name": f"v{at}", "configMap": {"name": f"config-{at}"}} for at in range(4)]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"web-{number}", "namespace": "prod", "labels": {"app": "web"}},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": containers, "volumes": volumes},
            },
        },
    }


def live(wanted: dict[str, Any]) -> dict[str, Any]:
    """As the API server keeps it."""
    made: dict[str, Any] = json.loads(json.dumps(wanted))
    made["metadata"] |= {
        "uid": "1",
        "resourceVersion": "2",
        "generation": 3,
        "creationTimestamp": "2025-01-01T00:00:00Z",
    }
    made["spec"] |= {"replicas": 1, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}}}
    for container in made["spec"]["template"]["spec"]["containers"]:
        container |= {"imagePullPolicy": "IfNotPresent", "terminationMessagePolicy": "File"}
        container["resources"]["limits"] = {"cpu": "1", "memory": "1Gi"}
        container["ports"][0]["protocol"] = "TCP"
    return made | {"status": {"replicas": 1}}


def answers(in_sync: bool) -> list[dict[str, Any]]:
    """As Argo CD sends them."""
    found = []
    for number in range(OBJECTS):
        wanted = target(number, "1")
        state = json.dumps(live(wanted))
        found.append(
            {
                "group": "apps",
                "kind": "Deployment",
                "namespace": "prod",
                "name": f"web-{number}",
                "liveState": state,
                "normalizedLiveState": state,
                "predictedLiveState": state if in_sync else json.dumps(wanted),
                "targetState": json.dumps(wanted),
            }
        )
    return found


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.process_time()
    done = work()
    return time.process_time() - started, done


def main() -> None:
    size = len(json.dumps(target(0, "1")))
    print(f"{OBJECTS} objects of {size:,} bytes; seconds of CPU\n")
    print("| | read | compared | changed | told |")
    print("|---|---|---|---|---|")
    for title, in_sync, image, rules in (
        ("in step, nothing changes", True, "1", ()),
        ("in step, each changes", True, "2", ()),
        ("out of step, each changes", False, "2", ()),
        ("each changes, pointers ignored", False, "2", (IgnoreRule("*", "*", pointers=("/spec/replicas",)),)),
        ("each changes, jq asked", False, "2", (IgnoreRule("*", "*", expressions=(".spec.replicas",)),)),
    ):
        items, manifests = answers(in_sync), [json.dumps(target(number, image)) for number in range(OBJECTS)]
        read, facts = timed(partial(facts_of, items, manifests, rules))
        took, diff = timed(partial(compare.app, facts, jq_process.answers))
        result = ComponentResult(RepoPath("c"), (Compared(App("app", ""), diff),))
        told, _ = timed(partial(tell, result))
        print(f"| {title} | {read:.2f} | {took:.2f} | {len(diff.objects)} | {told:.2f} |")


def facts_of(items: list[dict[str, Any]], manifests: list[str], rules: tuple[IgnoreRule, ...]) -> Facts:
    managed = [reading.managed(item) for item in items]
    return Facts(managed, [reading.manifest(each) for each in manifests], "prod", Prune.AUTOMATIC, TRACKING, rules)


def tell(result: ComponentResult) -> list[str]:
    return compose.compose(render.comment([result], Templates()))


if __name__ == "__main__":
    main()
