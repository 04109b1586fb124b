package dev.lookalike.ingest.uploads;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

class UploadReaderTest {
  private static final String FORM = "multipart/form-data; boundary=\"B\"";
  private static final int LIMIT = 1 << 20;

  private final UploadReader reader = new UploadReader(LIMIT, Duration.ofSeconds(10));

  @Test
  void readsADeclaredAndAnUndeclaredBody() {
    byte[] body = random(700_000);
    assertThat(reader.read(in(body), OptionalLong.of(body.length), "image/png").image())
        .isEqualTo(body);
    assertThat(reader.read(in(body), OptionalLong.empty(), "").image()).isEqualTo(body);
  }

  @Test
  void refusesMoreThanTheLimitWithoutReadingItAll() {
    int[] read = new int[1];
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            read[0]++;
            return 1;
          }
        };
    assertCode(
        ErrorCode.TOO_MANY_BYTES, () -> reader.read(endless, OptionalLong.empty(), "image/png"));
    assertThat(read[0]).isLessThan(LIMIT + (64 << 10));
    assertCode(
        ErrorCode.TOO_MANY_BYTES,
        () -> reader.toReserve(OptionalLong.of(LIMIT + 1), "image/png", LIMIT));
  }

  @Test
  void refusesAnEmptyAShortAndABrokenBody() {
    assertCode(ErrorCode.EMPTY, () -> reader.read(in(new byte[0]), OptionalLong.empty(), ""));
    assertCode(ErrorCode.EMPTY, () -> reader.read(in(new byte[0]), OptionalLong.of(0), ""));
    assertCode(
        ErrorCode.INVALID_ARGUMENT,
        () -> reader.read(in(new byte[9]), OptionalLong.of(10), "image/png"));
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("reset by peer");
          }
        };
    assertCode(
        ErrorCode.INVALID_ARGUMENT, () -> reader.read(broken, OptionalLong.of(10), "image/png"));
  }

  @Test
  void refusesABodyThatComesTooSlowly() {
    UploadReader impatient = new UploadReader(LIMIT, Duration.ofMillis(50));
    InputStream slow =
        new InputStream() {
          @Override
          public int read() throws IOException {
            try {
              Thread.sleep(20);
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
            return 1;
          }

          @Override
          public int read(byte[] target, int offset, int length) throws IOException {
            target[offset] = (byte) read();
            return 1;
          }
        };
    assertCode(
        ErrorCode.INVALID_ARGUMENT,
        () -> impatient.read(slow, OptionalLong.of(100_000), "image/png"));
  }

  @Test
  void readsAForm() {
    byte[] image = random(600_000);
    // What looks like a boundary but is none.
    byte[] tricky = "\r\n--A\r\n--\r\n".getBytes(ISO_8859_1);
    System.arraycopy(tricky, 0, image, 262_140, tricky.length);
    Upload upload =
        form(
            "--B\r\nContent-Disposition: form-data; name=\"label\"\r\n\r\nshoe\r\n"
                + "--B\r\ncontent-disposition: form-data; filename=\"../../etc/name=x\"; name=image\r\nContent-Type: text/plain\r\n\r\n"
                + new String(image, ISO_8859_1)
                + "\r\n--B\r\nContent-Disposition: form-data; name=\"attributes\"\r\n\r\n{\"a\":1}"
                + "\r\n--B\r\nContent-Disposition: form-data; name=\"label\"\r\n\r\nred\r\n--B--\r\n");
    assertThat(upload.image()).isEqualTo(image);
    assertThat(upload.attributes()).hasValue("{\"a\":1}");
    assertThat(upload.labels()).containsExactly("shoe", "red");
  }

  @Test
  void refusesMalformedForms() {
    for (String form :
        new String[] {
          "nothing",
          "--B\r\n",
          "--B--\r\n",
          "--B\r\nContent-Disposition: form-data; name=\"image\"\r\n\r\nabc",
          "--B\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nabc\r\n--B--",
          "--B\r\nContent-Type: image/png\r\n\r\nabc\r\n--B--",
          "--B\r\nContent-Disposition: form-data; name=\"label\"\r\n\r\nabc\r\n--B--",
        }) {
      assertCode(ErrorCode.INVALID_ARGUMENT, () -> form(form));
    }
    assertCode(
        ErrorCode.INVALID_ARGUMENT,
        () -> reader.read(in(new byte[3]), OptionalLong.of(3), "multipart/form-data"));
  }

  private Upload form(String body) {
    return reader.read(in(body.getBytes(ISO_8859_1)), OptionalLong.empty(), FORM);
  }

  private static void assertCode(ErrorCode code, Runnable work) {
    assertThatThrownBy(work::run)
        .isInstanceOfSatisfying(RefusedException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  private static InputStream in(byte[] bytes) {
    return new ByteArrayInputStream(Arrays.copyOf(bytes, bytes.length));
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(1).nextBytes(bytes);
    return bytes;
  }
}
