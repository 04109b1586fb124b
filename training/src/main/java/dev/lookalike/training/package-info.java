/**
 * Trains a small convolutional network on labelled images and writes it as a folder that the embed
 * service serves. Knows files, fonts, PyTorch (through DJL) and ONNX; nothing of Kafka or of the
 * services.
 */
@NullMarked
package dev.lookalike.training;

import org.jspecify.annotations.NullMarked;
