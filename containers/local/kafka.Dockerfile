# Apache Kafka from Maven Central with the interface of the image apache/kafka (KAFKA_* variables, /etc/kafka/docker/run,
# /var/lib/kafka/data), for machines that cannot pull images. Context: target/containers/kafka, laid
# out by scripts/images.
ARG RUNTIME
FROM ${RUNTIME}
COPY shell/ /
COPY libs/ /opt/kafka/libs/
COPY etc/ /etc/kafka/docker/
COPY --chown=65532:65532 state/ /
USER 65532:65532
WORKDIR /opt/kafka
EXPOSE 9092
VOLUME ["/var/lib/kafka/data"]
ENTRYPOINT ["/bin/bash", "/etc/kafka/docker/run"]
