package dev.lookalike.embed.model.runtime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.lookalike.embed.model.ModelRefusedException;
import dev.lookalike.embed.model.folder.ModelFolder;
import dev.lookalike.embed.model.graph.GraphCut;
import dev.lookalike.embed.model.graph.GraphFile.External;
import dev.lookalike.embed.model.graph.GraphFile.Part;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Gives a session the weights that lie beside its graph, from memory: ONNX Runtime would map the
 * files, and one that is cut off or written over while it runs would take the process down or
 * change vectors.
 */
final class ExternalWeights {
  private ExternalWeights() {}

  /**
   * @param opened gets the tensors; they are to be closed after the session
   * @throws ModelRefusedException for weights of a type that cannot be handed over
   */
  static void addTo(
      OrtSession.SessionOptions options,
      OrtEnvironment environment,
      ModelFolder folder,
      GraphCut cut,
      List<OnnxTensor> opened)
      throws OrtException {
    Map<String, OnnxTensorLike> tensors = new HashMap<>();
    for (Part part : folder.graph().parts()) {
      if (part instanceof Part.Initializer weights
          && weights.external().isPresent()
          && cut.keeps(part)) {
        OnnxTensor tensor = tensor(environment, weights.name(), weights.external().get(), folder);
        opened.add(tensor);
        tensors.put(weights.name(), tensor);
      }
    }
    if (!tensors.isEmpty()) {
      options.addExternalInitializers(tensors);
    }
  }

  private static OnnxTensor tensor(
      OrtEnvironment environment, String name, External place, ModelFolder folder)
      throws OrtException {
    OnnxJavaType type =
        type(place.type())
            .orElseThrow(
                () ->
                    new ModelRefusedException(
                        "external data of " + name,
                        "a type of numbers that is known here",
                        "type " + place.type()));
    long count = 1;
    for (long side : place.shape()) {
      count = Math.multiplyExact(count, side);
    }
    long length = Math.multiplyExact(count, type.size);
    MemorySegment file = folder.external().get(place.file());
    if (file == null || place.offset() + length > file.byteSize() || length > Integer.MAX_VALUE) {
      throw new ModelRefusedException(
          "external data " + place.file(),
          "at least %d bytes, for %s".formatted(place.offset() + length, name),
          (file == null ? 0 : file.byteSize()) + " bytes");
    }
    return OnnxTensor.createTensor(
        environment,
        file.asSlice(place.offset(), length).asByteBuffer().order(ByteOrder.nativeOrder()),
        place.shape(),
        type);
  }

  /** {@code TensorProto.DataType}. */
  static Optional<OnnxJavaType> type(int code) {
    return switch (code) {
      case 1 -> Optional.of(OnnxJavaType.FLOAT);
      case 2 -> Optional.of(OnnxJavaType.UINT8);
      case 3 -> Optional.of(OnnxJavaType.INT8);
      case 5 -> Optional.of(OnnxJavaType.INT16);
      case 6 -> Optional.of(OnnxJavaType.INT32);
      case 7 -> Optional.of(OnnxJavaType.INT64);
      case 9 -> Optional.of(OnnxJavaType.BOOL);
      case 10 -> Optional.of(OnnxJavaType.FLOAT16);
      case 11 -> Optional.of(OnnxJavaType.DOUBLE);
      case 16 -> Optional.of(OnnxJavaType.BFLOAT16);
      default -> Optional.empty();
    };
  }
}
