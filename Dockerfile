# syntax=docker/dockerfile:1
FROM python:3.13-slim AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/bot
# The dependencies change seldom; their layer is built from pyproject.toml alone and kept.
COPY pyproject.toml README.md ./
RUN mkdir bot && touch bot/__init__.py && /opt/bot/bin/pip install . && \
    /opt/bot/bin/pip uninstall --yes reading-group-bot && rm -r bot build *.egg-info
COPY bot bot
RUN /opt/bot/bin/pip install --no-deps .

FROM python:3.13-slim
RUN useradd --uid 10001 --create-home --home-dir /app bot && install --directory --owner=bot --group=bot /app/data
COPY --from=build /opt/bot /opt/bot
COPY seeds /app/seeds
WORKDIR /app
USER 10001
ENV PATH=/opt/bot/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# The one folder that is written to. Settings are read from /app/config/bot.yaml if it is mounted there.
VOLUME /app/data
HEALTHCHECK --interval=60s --timeout=15s --start-period=60s --retries=3 CMD ["reading-group-bot", "health"]
ENTRYPOINT ["reading-group-bot"]
CMD ["run"]
