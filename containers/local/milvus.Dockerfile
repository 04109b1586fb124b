# Milvus from PyPI with the interface of the image milvusdb/milvus (`milvus run standalone`, /var/lib/milvus, health on
# 9091), for machines that cannot pull images. Context: target/containers/milvus, laid out by scripts/images.
FROM scratch
COPY root/ /
COPY milvus/ /milvus/
ENV PATH=/milvus/bin:/usr/bin LD_LIBRARY_PATH=/milvus/lib MILVUSCONF=/milvus/configs DEPLOY_MODE=STANDALONE LANG=C.UTF-8
WORKDIR /var/lib/milvus
EXPOSE 19530 9091
VOLUME ["/var/lib/milvus"]
CMD ["milvus", "run", "standalone"]
