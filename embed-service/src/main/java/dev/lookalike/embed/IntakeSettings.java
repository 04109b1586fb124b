package dev.lookalike.embed;

import dev.lookalike.service.admission.RequestSettings;
import io.smallrye.config.ConfigMapping;

/** What requests may hold while they arrive and are worked on. */
@ConfigMapping(prefix = "lookalike.intake")
public interface IntakeSettings extends RequestSettings {}
