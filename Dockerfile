# Bincard in production: one process, its data in one volume, nothing fetched once it is built.
FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /srv/bincard

# The lock first: it changes seldom, and the layer is kept until it does.
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY backend backend
COPY sync sync
COPY pwa pwa
COPY migrations migrations
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
 && useradd --system --uid 10001 --no-create-home bincard \
 && install -d -o bincard -g bincard /data

ENV BINCARD_DATA=/data
VOLUME /data
USER bincard
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=3)"]
CMD ["bincard", "serve", "--migrate", "--host", "0.0.0.0", "--port", "8000"]
