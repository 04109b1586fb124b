# What embed-service with CUDA stands on: NVIDIA's libraries, without a driver, which the host brings. Context:
# target/containers/cuda, laid out by scripts/images.
FROM scratch
COPY root/ /
# The two of NVIDIA are read by its container toolkit: which devices are shown, and what of the driver is brought in.
ENV LD_LIBRARY_PATH=/opt/cuda/lib \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
