package dev.lookalike.service.admission;

import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Makes the admission of this process, shared by both protocols, from the service's policy. */
@Singleton
class Admissions {
  @Produces
  @Singleton
  Admission admission(AdmissionPolicy policy) {
    return new Admission(policy);
  }
}
