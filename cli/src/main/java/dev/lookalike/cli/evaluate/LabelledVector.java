package dev.lookalike.cli.evaluate;

/**
 * An embedding and the class of its image.
 *
 * @param content of the image: the same for identical images, different for others
 * @param label name of the class
 * @param vector L2-normalised; not copied, not changed
 */
record LabelledVector(String content, String label, float[] vector) {}
