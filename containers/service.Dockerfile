# One service. Context: target/containers/SERVICE, laid out by scripts/images; the layers that change least come first.
ARG RUNTIME
FROM ${RUNTIME}
COPY natives/ /app/natives/
COPY lib/ /app/lib/
COPY code/ /app/
COPY aot/ /app/
ARG HTTP_PORT
ARG GRPC_PORT
# Options for a deployment to tune; setting the variable replaces all of them. /app/jvm.options holds the fixed ones.
ARG JAVA_OPTIONS
# Turns off the telemetry of ONNX Runtime 1.29.
ENV JDK_JAVA_OPTIONS=${JAVA_OPTIONS} \
    ORT_DISABLE_TELEMETRY=1 \
    QUARKUS_HTTP_HOST=0.0.0.0 \
    QUARKUS_GRPC_SERVER_HOST=0.0.0.0 \
    PROBE_PORT=${HTTP_PORT}
EXPOSE ${HTTP_PORT} ${GRPC_PORT}
WORKDIR /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["/opt/java/bin/java", "@/app/probe.options", "Probe"]
ENTRYPOINT ["/opt/java/bin/java", "@/app/jvm.options", "@/app/class-path.options", "@/app/aot.options", "io.quarkus.runner.GeneratedMain"]
