# Base of embed-service with CUDA: NVIDIA's libraries, without the driver, which is the host's. Context:
# target/containers/cuda, laid out by scripts/images.
FROM scratch
COPY root/ /
# NVIDIA's container toolkit reads its two variables: which devices are visible, and which parts of the
# driver are mounted.
ENV LD_LIBRARY_PATH=/opt/cuda/lib \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
