# Common base of the services' images: the C libraries, a Java runtime of the required modules, and the
# third-party jars that every service uses. Context: target/containers/runtime, laid out by scripts/images.
#
# BASE is `scratch` with the C libraries of a few Debian packages in root/, or any image with glibc, libstdc++ and
# libgcc (scripts/images build --base gcr.io/distroless/cc-debian12), and then root/ holds only directories.
ARG BASE=scratch
FROM ${BASE}
COPY root/ /
COPY --chown=65532:65532 state/ /
COPY java/ /opt/java/
COPY lib/ /app/lib/
COPY probe/ /app/
ENV LANG=C.UTF-8 HOME=/tmp MALLOC_ARENA_MAX=2
WORKDIR /app
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
