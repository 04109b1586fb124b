package dev.lookalike.cli.evaluate;

import java.nio.file.Path;

/**
 * A file and what it shows.
 *
 * @param label name of its class
 * @param content SHA-256 of its bytes, hex: equal files are one image
 * @param size in bytes
 */
record LabelledImage(Path file, String label, String content, long size) {}
