# Two stages: the first installs into an environment of its own, the second takes that environment along, without pip's
# caches. One image for both stores: SQLite is part of Python, and the driver for PostgreSQL is installed.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY telefonistka_py telefonistka_py
COPY config-examples/demo config-examples/demo
# Compiled now: where the root file system is read-only, nothing can be compiled later.
RUN python -m venv --without-pip /opt/telefonistka \
 && pip --python /opt/telefonistka/bin/python install --no-cache-dir --compile '.[postgres,otel]'

FROM python:3.13-slim
# By number, so that Kubernetes can see that it isn't root; the manifests name the same.
RUN groupadd --gid 10001 telefonistka \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/telefonistka --shell /usr/sbin/nologin telefonistka \
 && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/telefonistka
COPY --from=build /opt/telefonistka /opt/telefonistka
ENV PATH=/opt/telefonistka/bin:$PATH \
    HOME=/var/lib/telefonistka \
    TELEFONISTKA_INBOX=/var/lib/telefonistka/inbox.sqlite3 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/telefonistka
# The inbox lives here: mount a volume, or deliveries are lost with the container. With a database nothing is written to it.
VOLUME /var/lib/telefonistka
EXPOSE 8080
# For Docker and Swarm; Kubernetes has probes of its own. Alive, not ready: to restart it heals no outage of GitHub's.
HEALTHCHECK --interval=15s --timeout=6s --start-period=15s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('LISTEN_ADDR', ':8080').rpartition(':')[2] + '/live', timeout=5)"]
ENTRYPOINT ["telefonistka"]
CMD ["server"]
