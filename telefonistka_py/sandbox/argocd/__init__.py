"""Argo CD in a folder: an HTTP server that answers what a client of Argo CD asks, beside the sandbox's GitHub.

It renders folders of plain YAML from the hub's repositories, keeps a small cluster of live objects with defaults filled
in as the API server would, and tells health and sync states, true or ordered. What it doesn't know it answers with 501
and remembers in `argo.unknown`.

    async with Hub.running(folder) as hub, ArgoCd.running(hub) as argo:
        repo = await hub.add_repo("acme/gitops", files={"dev/nginx/deployment.yaml": DEPLOYMENT})
        app = await argo.add_app("nginx-dev", "dev/nginx", destination="web")
        await argo.sync(app)
        argo.cluster.change("Deployment", "nginx", {"spec": {"replicas": 5}})
        argo.set(app, health="Degraded")
        argo.will_answer(503, path=r"/manifests$")

Requests carry `Authorization: Bearer {argo.token}`; `argo.add_account` makes accounts that may do less. Two things are
as in the real server and surprise: `managed-resources` tells what the controller rendered last, so that a change in git
shows only after `refresh=hard`; and after a rendering error it lists live objects as if nobody wanted them.
"""

from telefonistka_py.sandbox.argocd.argo import ArgoCd
from telefonistka_py.sandbox.argocd.model import Account, App, AppSet, Key, Tracking

__all__ = ["Account", "App", "AppSet", "ArgoCd", "Key", "Tracking"]
