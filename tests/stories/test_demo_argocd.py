"""`telefonistka demo --argocd`, as somebody runs it who has just installed it."""

import subprocess
import sys

COMMAND = [sys.executable, "-m", "telefonistka_py", "demo", "--argocd"]


def test_the_demo_shows_what_changes_in_the_clusters_and_every_check_holds() -> None:
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "@@ spec.template.spec.containers.web.image @@" in done.stdout
    assert "telefonistka merges #4: nothing in any cluster changes" in done.stdout
    assert (done.stdout.count("✅ #"), done.stdout.count("❌")) == (4, 0)
    assert done.stderr == ""


def test_it_has_a_repository_of_its_own() -> None:
    done = subprocess.run([*COMMAND, "--repo", "."], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "leave out --repo" in done.stderr
