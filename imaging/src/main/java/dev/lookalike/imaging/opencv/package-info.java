/** The one place that knows OpenCV: codecs only, no geometry and no policy. */
@NullMarked
package dev.lookalike.imaging.opencv;

import org.jspecify.annotations.NullMarked;
