package dev.lookalike.cli.evaluate;

import java.nio.file.Path;

/**
 * A file and its class.
 *
 * @param label name of the class
 * @param content SHA-256 of the bytes, hex: identical files are one image
 * @param size in bytes
 */
record LabelledImage(Path file, String label, String content, long size) {}
