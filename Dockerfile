# The doctor alone, without the demo: python:slim, the wheel, and a user without rights.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements-runtime.lock pyproject.toml README.md LICENSE ./
COPY doctor doctor
COPY checks checks
COPY templates templates
COPY demo demo
RUN ln -s doctor backup_doctor && python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements-runtime.lock \
 && /venv/bin/pip install --no-cache-dir hatchling \
 && /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && /venv/bin/pip uninstall --yes hatchling

FROM python:3.13-slim
COPY --from=build /venv /venv
USER nobody
WORKDIR /work
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
ENTRYPOINT ["python", "-I", "-m", "backup_doctor"]
