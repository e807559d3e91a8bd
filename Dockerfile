# The doctor alone, without the demo: python:slim, the wheel, and a user without rights.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements-build.lock requirements-runtime.lock pyproject.toml README.md LICENSE ./
COPY doctor doctor
COPY checks checks
COPY templates templates
COPY demo demo
COPY scripts/links.py scripts/
RUN python -m venv /build \
 && /build/bin/pip install --no-cache-dir --require-hashes -r requirements-build.lock \
 && /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
 && python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements-runtime.lock \
 && /venv/bin/pip install --no-cache-dir --no-deps /wheel/*.whl

FROM python:3.13-slim
COPY --from=build /venv /venv
USER nobody
WORKDIR /work
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
ENTRYPOINT ["python", "-I", "-m", "backup_doctor"]
