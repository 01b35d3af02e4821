# The engine's image: docker build -t bitquery-solana-kafka .
#
# The base is pinned by digest, in this one line. `node scripts/image-digests.mjs` asks the registry whether it is still what its tag is,
# and with --write puts the newer one here; the version is a person's choice. test/deployment/dockerfile.test.ts holds the form of it.
# Both stages stand on the same base, because what is compiled in one runs with the other's C library. It can be replaced by a
# base of one's own that has Node 24 with its headers, npm and apt: --build-arg NODE_IMAGE=…; .ci/image does that.
#
# Where the registries are reached through an intercepting proxy or with a token, both are given for the build and never kept:
#   --secret id=ca_certificates,src=/etc/ssl/certs/ca-certificates.crt --secret id=npmrc,src=$HOME/.npmrc
ARG NODE_IMAGE=docker.io/library/node:24.21.0-trixie-slim@sha256:173f125896c3b47ddf056734c7ea789d04595a6a08769a8f78e0df642781fb66

# ---- modules: what the engine loads, with its native parts compiled -------------------------------------------------
FROM ${NODE_IMAGE} AS modules
WORKDIR /app
RUN apt-get update \
 && apt-get install -y --no-install-recommends g++ make python3 libssl-dev zlib1g-dev libzstd-dev \
 && rm -rf /var/lib/apt/lists/*
# Only what decides which packages there are, so that three minutes of compiling are repeated for nothing else. The headers
# are those of the node that will run it: nothing is fetched from nodejs.org. JOBS must not be set, node-rdkafka fails with it.
# Optional packages stay away: those here are PostgreSQL's binaries for `demo` (60 MB) and thread niceness for other systems.
COPY package.json package-lock.json ./
COPY vendor/ vendor/
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca_certificates,target=/run/secrets/ca_certificates \
    unset JOBS npm_config_jobs; \
    if [ -s /run/secrets/ca_certificates ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca_certificates; fi; \
    npm_config_nodedir="$(dirname "$(dirname "$(command -v node)")")" npm ci --omit=dev --omit=optional --no-audit --no-fund
# auto: the native uWebSockets.js where the SHA-256 of its archive is given and its host is reached, else node:http under the same API;
# required; or off. Without a hash nothing is fetched.
ARG NATIVE_UWS=auto
ARG NATIVE_UWS_SHA256=
COPY deployment/image/ /build/
RUN --mount=type=secret,id=ca_certificates,target=/run/secrets/ca_certificates \
    if [ -s /run/secrets/ca_certificates ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca_certificates; fi; \
    node /build/native-uws.mjs node_modules "$NATIVE_UWS" "$NATIVE_UWS_SHA256" \
 && node /build/prune.mjs node_modules \
 && find node_modules -type f \( -name '*.node' -o -name '*.so.*' \) -exec strip --strip-unneeded {} +

# ---- compile: TypeScript, with the development packages and none of their scripts -----------------------------------
FROM ${NODE_IMAGE} AS compile
WORKDIR /app
COPY package.json package-lock.json ./
COPY vendor/ vendor/
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca_certificates,target=/run/secrets/ca_certificates \
    if [ -s /run/secrets/ca_certificates ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca_certificates; fi; \
    npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY proto/ proto/
COPY src/ src/
RUN npx --no-install tsc -p . --sourceMap false

# ---- the image ------------------------------------------------------------------------------------------------------
FROM ${NODE_IMAGE}
# libssl3, libzstd1 and zlib1g are what librdkafka was linked with; ca-certificates is for brokers with a public one. tini is
# process 1: it hands every signal on, ends commands that handle none (the kernel would not), and reaps what others orphan.
# npm and its kind are for building: the running image does without them.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libssl3 libzstd1 tini zlib1g \
 && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* /usr/local/lib/node_modules /usr/local/include/node /opt/yarn* \
      /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg \
 && groupadd --gid 10001 engine \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin engine

# All of it is root's, and the engine may only read it. The root file system may be read-only; /tmp, where diagnostics are
# written, should be a tmpfs.
WORKDIR /app
COPY --from=modules /app/node_modules/ node_modules/
COPY package.json package-lock.json LICENSE ./
COPY vendor/ vendor/
COPY deployment/sql/ deployment/sql/
COPY deployment/image/healthcheck.mjs deployment/image/
COPY deployment/image/engine /usr/local/bin/
COPY src/sink/migrations/ src/sink/migrations/
COPY src/observe/dashboard/page/ src/observe/dashboard/page/
COPY --from=compile /app/dist/ dist/

ENV NODE_ENV=production
USER 10001:10001

# Loads every native part as the user who will, and uses each once. What it needs is mounted, not copied.
RUN --mount=type=bind,source=deployment/image,target=/build node /build/smoke-test.mjs

# HEALTH_CHECK_PORT and PROMETHEUS_PORT.
EXPOSE 8080 9090
# /live and not /health: what is unhealthy gets restarted (Swarm, autoheal), and that helps against no outage of others.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "/app/deployment/image/healthcheck.mjs"]
STOPSIGNAL SIGTERM

# `docker run IMAGE check`, `status`, `migrate`, `lag-exporter`: what follows the image is the command.
ENTRYPOINT ["/usr/bin/tini", "--", "engine"]
CMD ["start"]

ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=
ARG CREATED=
ARG NODE_IMAGE
LABEL org.opencontainers.image.title="Solana Trades Engine" \
      org.opencontainers.image.description="Lands every Solana DEX trade of Bitquery's Kafka stream in PostgreSQL exactly once." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="${NODE_IMAGE}"
