# The service: `docker compose up` (compose.yaml), or docs/scale.md, "Running the service".
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
# onnx: the fillers and segmenters that run without torch. diffusion: those with it, and the latent engines.
ARG EXTRAS=heif,onnx
# Where torch for the CPU alone comes from: https://download.pytorch.org/whl/cpu
ARG PIP_EXTRA_INDEX_URL=
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN python -m venv /opt/pliant \
    && /opt/pliant/bin/pip install --no-cache-dir -c constraints.txt ".[${EXTRAS}]"

FROM ${BASE}
COPY --from=build /opt/pliant /opt/pliant
# Volumes take over the owner of what they cover. /cache has models (hub) and compiled loops (numba), /results pictures.
RUN install -d -o 10001 -g 10001 /cache /results
ENV PATH=/opt/pliant/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PLIANT_LOG_LEVEL=info \
    HOME=/cache \
    HF_HOME=/cache/huggingface \
    NUMBA_CACHE_DIR=/cache/numba
USER 10001:10001
VOLUME ["/cache", "/results"]
EXPOSE 7860
# Without PLIANT_TOKEN it does not start. --quiet: the address that is printed otherwise has the token in it.
ENTRYPOINT ["pliant"]
CMD ["serve", "--host", "0.0.0.0", "--offline", "--quiet", "--output-dir", "/results", "--log-format", "json"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/api/v1/health', timeout=4)"]
