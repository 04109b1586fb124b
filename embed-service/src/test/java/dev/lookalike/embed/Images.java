package dev.lookalike.embed;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.lookalike.proto.events.v1.Deleted;
import dev.lookalike.proto.events.v1.ImageEvent;
import dev.lookalike.proto.events.v1.Stored;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.image.v1.CanonicalImage;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;

/** Records of the images topic. */
public final class Images {
  private Images() {}

  /** A picture of its own for each number. */
  public static byte[] jpeg(int number) {
    BufferedImage image = new BufferedImage(160, 120, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setPaint(
        new GradientPaint(
            0,
            0,
            Color.getHSBColor(number / 17f, 1, 1),
            160,
            120,
            Color.getHSBColor(number / 5f, 1, 0.4f)));
    g.fillRect(0, 0, 160, 120);
    g.setColor(Color.getHSBColor(number / 7f, 0.5f, 1));
    g.fillOval(number % 100, number % 60, 20 + number % 40, 30);
    g.dispose();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "jpg", out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  public static byte[] stored(byte[] jpeg) {
    return ImageEvent.newBuilder()
        .setStored(
            Stored.newBuilder()
                .setCanonical(
                    CanonicalImage.newBuilder()
                        .setMediaType("image/jpeg")
                        .setWidth(160)
                        .setHeight(120)
                        .setInline(ByteString.copyFrom(jpeg)))
                .putAttributes("shelf", AttributeValue.newBuilder().setNumber(3).build())
                .setAttempt(1))
        .build()
        .toByteArray();
  }

  public static byte[] storedWithLabel(byte[] jpeg, String label)
      throws InvalidProtocolBufferException {
    ImageEvent event = ImageEvent.parseFrom(stored(jpeg));
    return event.toBuilder()
        .setStored(
            event.getStored().toBuilder()
                .addLabels(
                    Label.newBuilder()
                        .setName(label)
                        .setConfidence(1)
                        .setSource(LabelSource.LABEL_SOURCE_USER)))
        .build()
        .toByteArray();
  }

  public static byte[] deleted() {
    return ImageEvent.newBuilder().setDeleted(Deleted.getDefaultInstance()).build().toByteArray();
  }
}
