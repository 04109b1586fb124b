/**
 * Trains a small convolutional network on labelled images and writes it as a folder that
 * embed-service can serve. Knows files, fonts, PyTorch (through DJL) and ONNX, but not Kafka or the
 * services.
 */
@NullMarked
package dev.lookalike.training;

import org.jspecify.annotations.NullMarked;
