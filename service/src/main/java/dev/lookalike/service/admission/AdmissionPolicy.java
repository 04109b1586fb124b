package dev.lookalike.service.admission;

import dev.lookalike.service.error.RefusedException;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.Optional;

/** How much a service accepts at once, and how it refuses the rest. */
public interface AdmissionPolicy {
  /** Largest number of requests that hold or await a reservation. */
  int maxRequests();

  /** Largest number of reserved bytes; a single request is always admitted. */
  long maxBytes();

  /** Bytes counted for a request of unknown length. */
  long largest();

  /** Bytes of memory for each byte of a request: the request and what is made from it. */
  int factor();

  /** Longest time for a body or a message to arrive. */
  Duration readTimeout();

  /** Longest pause in the middle of a message. */
  Duration stallTimeout();

  /** Detail of the refusal when full. */
  String full();

  /** Longest body of an HTTP request; a longer one is refused with TOO_MANY_BYTES. */
  long largestBody();

  /**
   * Whether memory is reserved for HTTP bodies before the resource is called; false if the
   * resources reserve it themselves.
   */
  boolean admitsBodies();

  /** Whether messages of a method may be compressed: their size is unknown until they are read. */
  boolean takesCompressed(MethodDescriptor<?, ?> method);

  /**
   * Limits of a method's messages.
   *
   * @return empty if the method makes its own reservations
   */
  Optional<MessageLimit> limit(MethodDescriptor<?, ?> method);

  /** Called for each call that is refused while its message arrives. */
  default void refused(MethodDescriptor<?, ?> method, RefusedException reason) {}

  /**
   * Limits of one message.
   *
   * @param free up to this many bytes need no reservation
   * @param most largest number of bytes, including the overhead of frames
   */
  record MessageLimit(long free, long most) {}
}
