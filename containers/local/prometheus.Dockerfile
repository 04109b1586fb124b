# Prometheus from Debian with the interface of the image prom/prometheus (/etc/prometheus,
# /prometheus, wget), for machines that cannot pull images. Context: target/containers/prometheus,
# laid out by scripts/images.
FROM scratch
COPY root/ /
COPY --chown=65534:65534 state/ /
USER 65534:65534
WORKDIR /prometheus
EXPOSE 9090
VOLUME ["/prometheus"]
ENTRYPOINT ["/usr/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
