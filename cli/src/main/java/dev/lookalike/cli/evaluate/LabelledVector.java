package dev.lookalike.cli.evaluate;

/**
 * An embedding and what its image shows.
 *
 * @param content of the image: the same for equal images, different for others
 * @param label name of its class
 * @param vector L2-normalised; not copied, not changed
 */
record LabelledVector(String content, String label, float[] vector) {}
