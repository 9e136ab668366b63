# The program with everything it needs, in a virtual environment that the second stage takes over.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/opsroom
COPY requirements.lock ./
RUN /opt/opsroom/bin/python -m pip install --require-hashes --only-binary=:all: -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN /opt/opsroom/bin/python -m pip install --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 opsroom \
    && useradd --uid 10001 --gid opsroom --no-create-home --home-dir /var/lib/opsroom --shell /usr/sbin/nologin opsroom \
    && install --directory --owner=opsroom --group=opsroom --mode=0750 /var/lib/opsroom
COPY --from=build /opt/opsroom /opt/opsroom
ENV PATH="/opt/opsroom/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    OPSROOM_ENVIRONMENT=production \
    OPSROOM_DATA_DIR=/var/lib/opsroom \
    OPSROOM_HOST=0.0.0.0 \
    OPSROOM_PORT=8000
WORKDIR /var/lib/opsroom
USER 10001:10001
VOLUME /var/lib/opsroom
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"OPSROOM_PORT\"]}/readyz', timeout=4)"]
CMD ["opsroom", "serve"]
