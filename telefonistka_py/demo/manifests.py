"""The repository of the demonstration with an Argo CD: plain manifests, which the stand-in can render."""

from telefonistka_py.sandbox.content import Content

CONFIG = """\
promotionPaths:
  - sourcePath: clusters/staging/
    promotionPrs:
      - targetPaths: [clusters/production/]
argocd:
  commentDiffonPR: true
  autoMergeNoDiffPRs: true
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
        - name: web
          image: registry.example.com/web:{tag}
          ports: [{{containerPort: 8080}}]
          resources: {{limits: {{cpu: 1000m, memory: 256Mi}}}}
"""
SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: web
data:
  web.ini: |
    [server]
    port = 8080
    log = {log}
"""
STAGES = ("staging", "production")


def files() -> dict[str, Content]:
    """A repository whose two clusters hold the same."""
    found: dict[str, Content] = {"telefonistka.yaml": CONFIG}
    for stage in STAGES:
        found |= component(stage, tag="1.0", log="info")
    return found


def component(stage: str, *, tag: str, log: str) -> dict[str, Content]:
    """What one cluster holds of the component."""
    return {
        f"clusters/{stage}/web/deployment.yaml": DEPLOYMENT.format(tag=tag, replicas=2),
        f"clusters/{stage}/web/settings.yaml": SETTINGS.format(log=log),
    }
