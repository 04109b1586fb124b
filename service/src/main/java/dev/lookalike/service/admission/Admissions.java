package dev.lookalike.service.admission;

import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Makes the one admission of this process, for both protocols, by the policy of the service. */
@Singleton
class Admissions {
  @Produces
  @Singleton
  Admission admission(AdmissionPolicy policy) {
    return new Admission(policy);
  }
}
