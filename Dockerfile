# Two stages: the first builds wheels, the second installs them and holds no compiler and no package cache.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY telefonistka_py telefonistka_py
COPY config-examples config-examples
RUN pip wheel --no-cache-dir --wheel-dir /wheels .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/telefonistka telefonistka
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-index --find-links=/wheels telefonistka-py && rm -rf /wheels
USER 10001
WORKDIR /var/lib/telefonistka
ENV TELEFONISTKA_INBOX=/var/lib/telefonistka/inbox.sqlite3 \
    PYTHONUNBUFFERED=1
# The inbox lives here: mount a volume, or deliveries are lost with the container.
VOLUME /var/lib/telefonistka
EXPOSE 8080
ENTRYPOINT ["telefonistka"]
CMD ["server"]
