package dev.lookalike.service.rest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ImageFormTest {
  private static final int MOST = 1 << 20;
  private static final String IMAGE =
      "--B\r\nContent-Disposition: form-data; name=\"image\"\r\n\r\n";
  private static final String TEXT = "--B\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n";

  @Test
  void readsTheImageToTheByteAndTheTextsInTheirOrder() {
    byte[] image = new byte[700_001];
    new Random(1).nextBytes(image);
    // Text that looks like a boundary but is not, across the reader's buffers.
    byte[] tricky = "\r\n--A\r\n--\r\n\r\n--".getBytes(ISO_8859_1);
    for (int at = 100; at + tricky.length < image.length; at += 4099) {
      System.arraycopy(tricky, 0, image, at, tricky.length);
    }
    ImageForm form =
        read(
            "preamble\r\n"
                + TEXT
                + "one\r\n"
                + IMAGE
                + new String(image, ISO_8859_1)
                + "\r\n"
                + TEXT
                + "\r\n"
                + TEXT
                + "\u00c3\u00a4\r\n--B--\r\nepilogue");
    assertThat(form.image()).isEqualTo(image);
    assertThat(form.texts("text")).containsExactly("one", "", "\u00e4");
    assertThat(form.texts("other")).isEmpty();
  }

  @Test
  void findsTheNameAmongOtherHeadersAndParameters() {
    assertThat(
            read("--B\r\nX: y\r\ncontent-disposition: form-data; filename=\"a; name=b\"; NAME=image\r\n"
                    + "Content-Type: text/plain\r\n\r\nabc\r\n--B--\r\n")
                .image())
        .containsExactly('a', 'b', 'c');
  }

  @Test
  void takesTheBoundaryFromTheMediaType() {
    assertThat(ImageForm.boundary("image/png")).isEmpty();
    assertThat(ImageForm.boundary("")).isEmpty();
    assertThat(ImageForm.boundary("Multipart/Form-Data; charset=x; Boundary=B")).hasValue("B");
    assertThat(ImageForm.boundary("multipart/form-data; boundary=\"a b\"")).hasValue("a b");
    refused("without a boundary", () -> ImageForm.boundary("multipart/form-data"));
    refused("without a boundary", () -> ImageForm.boundary("multipart/form-data; boundary="));
    refused(
        "without a boundary",
        () -> ImageForm.boundary("multipart/form-data; boundary=" + "b".repeat(71)));
  }

  @Test
  void refusesWhatIsNoSuchForm() {
    refused("no part", () -> read("nothing"));
    refused("no part", () -> read("--B--\r\n"));
    refused("no part", () -> read(TEXT + "abc\r\n--B--"));
    refused("does not end", () -> read("--B\r\n"));
    refused("does not end", () -> read(IMAGE + "abc"));
    refused("does not end", () -> read(IMAGE + "abc\r\n--"));
    refused("unknown part \"oth?r\"", () -> read(IMAGE.replace("image", "oth\u00ebr") + "abc"));
    refused("without a name", () -> read("--B\r\nContent-Type: image/png\r\n\r\nabc\r\n--B--"));
    refused(
        "without a name",
        () -> read("--B\r\nContent-Disposition: attachment; name=image\r\n\r\nabc\r\n--B--"));
    refused("two parts", () -> read(IMAGE + "a\r\n" + IMAGE + "b\r\n--B--"));
    refused("UTF-8", () -> read(TEXT + "\u00e4\r\n" + IMAGE + "b\r\n--B--"));
  }

  @Test
  void boundsPartsHeadersTextsAndTheImage() {
    String end = IMAGE + "b\r\n--B--";
    assertThat(read((TEXT + "\r\n").repeat(127) + end).texts("text")).hasSize(127);
    refused("more than 128 parts", () -> read((TEXT + "\r\n").repeat(128) + end));
    refused("headers", () -> read("--B\r\nX: " + "x".repeat(9000) + "\r\n\r\nabc\r\n--B--"));
    refused("more than", () -> read(TEXT + "x".repeat((1 << 20) + 1) + "\r\n" + end));
    assertThat(read(IMAGE + "x".repeat(MOST) + "\r\n--B--").image()).hasSize(MOST);
    code(ErrorCode.TOO_MANY_BYTES, () -> read(IMAGE + "x".repeat(MOST + 1) + "\r\n--B--"));
    code(ErrorCode.EMPTY, () -> read(IMAGE + "\r\n--B--"));
  }

  @Test
  void saysThatABodyWasCutOff() {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("reset by peer");
          }
        };
    code(ErrorCode.INVALID_ARGUMENT, () -> ImageForm.read(broken, "B", Set.of("text"), MOST));
  }

  private static ImageForm read(String form) {
    return ImageForm.read(
        new ByteArrayInputStream(form.getBytes(ISO_8859_1)), "B", Set.of("text"), MOST);
  }

  private static void refused(String detail, Runnable work) {
    assertThatThrownBy(work::run)
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT);
              assertThat(e.detail()).contains(detail);
            });
  }

  private static void code(ErrorCode code, Runnable work) {
    assertThatThrownBy(work::run)
        .isInstanceOfSatisfying(RefusedException.class, e -> assertThat(e.code()).isEqualTo(code));
  }
}
